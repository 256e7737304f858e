"""Tests of jib; a package, so that no other `tests` of the environment is taken for it."""
