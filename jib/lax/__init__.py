"""Every primitive of the language, with its rules."""

from jib.lax._arithmetic import *
from jib.lax._associative import *
from jib.lax._bitwise import *
from jib.lax._branches import *
from jib.lax._collectives_move import *
from jib.lax._collectives_reduce import *
from jib.lax._comparison import *
from jib.lax._complexes import *
from jib.lax._contraction import *
from jib.lax._conveniences import *
from jib.lax._conveniences import primitive_names as _primitive_names
from jib.lax._conversion import *
from jib.lax._convolution import *
from jib.lax._convolution_kinds import *
from jib.lax._creation import *
from jib.lax._cumulative import *
from jib.lax._folding import *
from jib.lax._fourier import *
from jib.lax._gathering import *
from jib.lax._implicit import *
from jib.lax._incomplete import *
from jib.lax._joining import *
from jib.lax._loops_scan import *
from jib.lax._loops_while import *
from jib.lax._precision import *
from jib.lax._ragged import *
from jib.lax._random_bits import *
from jib.lax._reductions import *
from jib.lax._rounding import *
from jib.lax._scatter_apply import *
from jib.lax._scattering import *
from jib.lax._shaping import *
from jib.lax._sharding import *
from jib.lax._slicing import *
from jib.lax._slicing_in_dim import *
from jib.lax._sorting import *
from jib.lax._special import *
from jib.lax._transcendental import *
from jib.lax._window_shapes import *
from jib.lax._windows import *

__getattr__ = _primitive_names(__name__)
