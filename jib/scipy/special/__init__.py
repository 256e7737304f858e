"""Special functions."""

from jib.errors import missing_names as _missing_names
from jib.scipy.special._functions import *
from jib.scipy.special._series import *

__getattr__ = _missing_names(__name__)
