"""The second interface of Orbax: functions, and a context for their settings."""

from jib.ckpt.v1 import options as options, training as training
from jib.ckpt.v1._calls import *
from jib.ckpt.v1._context import *
from jib.errors import missing_names as _missing_names

__getattr__ = _missing_names(__name__)
