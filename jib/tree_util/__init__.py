"""Tree functions under their long names, and registration of new node types."""

from jib.tree._flatten import *
from jib.tree._mismatch import *
from jib.tree._partial import *
from jib.tree._registry import *
