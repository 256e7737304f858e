"""Saving less in the forward pass: `checkpoint`, its policies, and names for values to save."""

from jib.transforms.remat import checkpoint, checkpoint_name, checkpoint_policies

__all__ = ["checkpoint", "checkpoint_name", "checkpoint_policies"]
