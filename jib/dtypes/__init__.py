"""Dtypes: which exist, what a user's `dtype=` means, and how mixed dtypes promote."""

from jib.dtypes._kinds import *
from jib.dtypes._lattice import *
from jib.dtypes._parsing import *
from jib.dtypes._promotion import *
