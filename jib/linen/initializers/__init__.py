"""First values of parameters: those of `jib.nn.initializers`."""

from jib.nn.initializers import *
