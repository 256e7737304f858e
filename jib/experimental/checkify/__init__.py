"""Errors of the running program as values: see `checkify`."""

from jib.transforms.checkify import *
