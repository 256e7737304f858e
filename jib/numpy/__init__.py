"""NumPy's functions for arrays that differentiate, compile and batch."""

import sys as _sys

from jib.errors import missing_names as _missing_names
from jib.numpy import fft as fft, linalg as linalg
from jib.numpy._arithmetic import *
from jib.numpy._averages import *
from jib.numpy._bitwise import *
from jib.numpy._calculus import *
from jib.numpy._choosing import *
from jib.numpy._comparison import *
from jib.numpy._complexes import *
from jib.numpy._contraction import *
from jib.numpy._creation import *
from jib.numpy._cumulative import *
from jib.numpy._editing import *
from jib.numpy._einsum import *
from jib.numpy._grids import *
from jib.numpy._indexing import *
from jib.numpy._interchange import *
from jib.numpy._interchange import ArrayNamespaceInfo as _ArrayNamespaceInfo
from jib.numpy._joining import *
from jib.numpy._mapping import *
from jib.numpy._methods import set_namespace as _set_namespace
from jib.numpy._padding import *
from jib.numpy._parts import *
from jib.numpy._ranges import *
from jib.numpy._reductions import *
from jib.numpy._rounding import *
from jib.numpy._scalars import *
from jib.numpy._sets import *
from jib.numpy._shaping import *
from jib.numpy._sorting import *
from jib.numpy._statistics import *
from jib.numpy._taking import *
from jib.numpy._transcendental import *
from jib.numpy._ufuncs import *
from jib.numpy._windows import *

__array_api_version__ = "2024.12"
__array_namespace_info__ = _ArrayNamespaceInfo
_set_namespace(_sys.modules[__name__])
__getattr__ = _missing_names(__name__)
