"""Saving less in the forward pass: `checkpoint`, its policies, and names for values to save."""

from jib.transforms.remat import (
    Offloadable,
    Recompute,
    Saveable,
    checkpoint,
    checkpoint_name,
    checkpoint_policies,
)
from jib.transforms.residuals import print_saved_residuals, saved_residuals

__all__ = [
    "Offloadable", "Recompute", "Saveable", "checkpoint", "checkpoint_name", "checkpoint_policies",
    "print_saved_residuals", "saved_residuals",
]  # fmt: skip
