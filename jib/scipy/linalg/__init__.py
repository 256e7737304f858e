"""Linear algebra: what SciPy has beyond NumPy."""

from jib.errors import missing_names as _missing_names
from jib.scipy.linalg._special_matrices import *
from jib.scipy.linalg._systems import *

__getattr__ = _missing_names(__name__)
