"""Every primitive of the language, with its rules."""

from jib.lax._arithmetic import *
from jib.lax._bitwise import *
from jib.lax._comparison import *
from jib.lax._complexes import *
from jib.lax._conversion import *
from jib.lax._creation import *
from jib.lax._rounding import *
from jib.lax._shaping import *
from jib.lax._transcendental import *
