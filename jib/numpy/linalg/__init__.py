"""Linear algebra: norms, inverses, determinants, linear systems."""

from jib.numpy.linalg._decompositions import *
from jib.numpy.linalg._products import *
from jib.numpy.linalg._solving import *
from jib.numpy.linalg._tensors import *
