"""Linear systems whose matrices are given as functions."""

from jib.scipy.sparse import linalg as linalg
