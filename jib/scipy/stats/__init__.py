"""Distributions as modules of functions, and a few statistics."""

from jib.errors import missing_names as _missing_names
from jib.scipy.stats._describing import *
from jib.scipy.stats._distributions import *

__getattr__ = _missing_names(__name__)
