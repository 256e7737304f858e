"""What modules are made of: scopes, frozen dicts, boxes, and transforms of functions of scopes."""

from jib.linen.core import lift as lift, meta as meta, scope as scope
from jib.linen.core.frozen_dict import *
from jib.linen.core.lift import *
from jib.linen.core.meta import *
from jib.linen.core.scope import *
