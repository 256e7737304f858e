"""Functions that neural networks are made of, and ways to start their parameters."""

from jib.nn import initializers as initializers
from jib.nn._activations import *
from jib.nn._attention import *
from jib.nn._normalising import *
