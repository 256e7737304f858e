"""Random numbers that are functions of a key: the same key gives the same numbers, everywhere."""

from jib.random._continuous import *
from jib.random._discrete import *
from jib.random._gamma import *
from jib.random._keys import *
from jib.random._matrices import *
from jib.random._uniform import *
