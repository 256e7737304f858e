"""Neural-network modules as dataclasses whose variables live outside them."""

from jib.linen import (
    core as core,
    dtypes as dtypes,
    errors as errors,
    initializers as initializers,
    module as module,
    partitioning as partitioning,
    spmd as spmd,
    typing as typing,
)
from jib.linen._activation import *
from jib.linen._attention import *
from jib.linen._calls import *
from jib.linen._combinators import *
from jib.linen._convolution import *
from jib.linen._linear import *
from jib.linen._module import *
from jib.linen._normalization import *
from jib.linen._recurrent import *
from jib.linen._running import *
from jib.linen._shared_names import *
from jib.linen._starting import *
from jib.linen._stochastic import *
from jib.linen._transforms import *
from jib.linen._weight_norms import *
from jib.linen.spmd import *
from jib.nn._activations import *
from jib.nn._normalising import *
from jib.nn.functional._pooling import *
