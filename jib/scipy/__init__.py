"""Functions of SciPy for arrays that differentiate, compile and batch."""

from jib.scipy import (
    fft as fft,
    linalg as linalg,
    ndimage as ndimage,
    optimize as optimize,
    signal as signal,
    sparse as sparse,
    special as special,
    stats as stats,
)
