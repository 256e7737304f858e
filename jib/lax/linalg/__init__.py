"""Decompositions of matrices and solutions of linear systems."""

from jib.lax.linalg._factoring import *
from jib.lax.linalg._solving import *
from jib.lax.linalg._spectra import *
from jib.lax.linalg._tridiagonal import *
