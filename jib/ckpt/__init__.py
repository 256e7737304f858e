"""Checkpoints: whole or absent, checked on load, restored anywhere."""

from jib.ckpt import (
    args as args,
    checkpoint_managers as checkpoint_managers,
    checkpoint_utils as checkpoint_utils,
    metadata as metadata,
    options as options,
    utils as utils,
    v1 as v1,
)
from jib.ckpt._arguments import *
from jib.ckpt._checkpointers import *
from jib.ckpt._errors import *
from jib.ckpt._front import *
from jib.ckpt._handlers import *
from jib.ckpt._manager import *
from jib.ckpt._safetensors import *
from jib.ckpt.options import *
from jib.errors import missing_names as _missing_names

__getattr__ = _missing_names(__name__)
