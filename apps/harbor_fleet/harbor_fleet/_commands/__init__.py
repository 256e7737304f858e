"""One file for each command of `harbor-fleet`."""
