"""Decompositions of matrices and solutions of linear systems."""

from jib.lax.linalg._solving import *
