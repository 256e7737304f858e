"""Linear algebra: norms, inverses, determinants, linear systems."""

from jib.numpy.linalg._products import *
from jib.numpy.linalg._solving import *
