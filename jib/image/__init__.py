"""Images in other sizes."""

from jib.errors import missing_names as _missing_names
from jib.image._resizing import *

__getattr__ = _missing_names(__name__)
