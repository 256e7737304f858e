"""What can go wrong with a checkpoint: one class for each cause."""

from __future__ import annotations

from jib.errors import JibError

__all__ = [
    "CheckpointDamagedError", "CheckpointExistsError", "CheckpointMismatchError",
    "CheckpointMissingError", "CheckpointReadError", "CheckpointVersionError", "CheckpointWarning",
    "CheckpointWriteError", "UnsavableLeafError",
]  # fmt: skip


class CheckpointDamagedError(JibError, ValueError, code="J741", title="a checkpoint is damaged"):
    """What is on disk is not what was written: a checksum, a length or a file is wrong."""


class CheckpointMissingError(
    JibError, FileNotFoundError, ValueError, code="J742", title="there is no checkpoint here"
):
    """The path does not exist, or is something else than a checkpoint."""


class CheckpointVersionError(
    JibError, ValueError, code="J743", title="a checkpoint has a newer format"
):
    """The checkpoint was written by a later version that this one cannot read."""


class CheckpointMismatchError(
    JibError, ValueError, code="J744", title="a checkpoint does not fit the tree"
):
    """Leaves are missing, left over, or of another shape or dtype than asked for."""


class CheckpointWriteError(JibError, OSError, code="J745", title="a checkpoint was not written"):
    """The disk is full, writing is not permitted, or the device failed; nothing was replaced."""


class CheckpointExistsError(
    JibError, FileExistsError, ValueError, code="J746", title="something is there already"
):
    """The path of a new checkpoint is taken, and replacing it was not asked for."""


class UnsavableLeafError(JibError, TypeError, code="J747", title="a leaf cannot be saved"):
    """A leaf is no array, number, string or random key, or a key of a dictionary is odd."""


class CheckpointReadError(JibError, OSError, code="J748", title="a checkpoint cannot be read"):
    """Reading is not permitted, or the device failed."""


class CheckpointWarning(RuntimeWarning):
    """A damaged checkpoint was passed over, or one was found under another name."""
