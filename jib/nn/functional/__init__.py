"""The arithmetic of layers as functions of arrays: what linen and nnx share."""

from jib.nn.functional._attention import *
from jib.nn.functional._convolving import *
from jib.nn.functional._linear import *
from jib.nn.functional._normalising import *
from jib.nn.functional._pooling import *
from jib.nn.functional._promoting import *
from jib.nn.functional._recurrent import *
from jib.nn.functional._stochastic import *
