"""Functions of SciPy for arrays that differentiate, compile and batch."""

from jib.scipy import special as special
