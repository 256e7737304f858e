"""Newer and rarer optimizers, each with its source."""

from jib.optim.contrib._adaptive import *
from jib.optim.contrib._distance import *
from jib.optim.contrib._matrices import *
from jib.optim.contrib._private import *
from jib.optim.contrib._schedule_free import *
from jib.optim.contrib._sharpness import *
