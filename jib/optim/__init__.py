"""Gradient transformations, optimizers, schedules and losses."""

from jib.optim import (
    assignment as assignment,
    contrib as contrib,
    losses as losses,
    microbatching as microbatching,
    perturbations as perturbations,
    projections as projections,
    schedules as schedules,
    second_order as second_order,
    transforms as transforms,
    tree as tree,
    tree_utils as tree_utils,
)
from jib.optim._aliases import *
from jib.optim._base import *
from jib.optim._clipping import *
from jib.optim._combining import *
from jib.optim._hyper import *
from jib.optim._injecting import *
from jib.optim._lbfgs import *
from jib.optim._linear_algebra import *
from jib.optim._linesearch import *
from jib.optim._losses_classification import *
from jib.optim._losses_distributions import *
from jib.optim._losses_regression import *
from jib.optim._losses_segmentation import *
from jib.optim._losses_sequences import *
from jib.optim._main_names import *
from jib.optim._moments import *
from jib.optim._numerics import *
from jib.optim._scaling import *
from jib.optim._schedules import *
from jib.optim._squares import *
from jib.optim._transforms import *
from jib.optim._wrappers import *
