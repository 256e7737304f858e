"""Numbered checkpoints of a training loop in one folder: `checkpoint_100`, `checkpoint_200`, ...

A thin layer on `jib.ckpt`: each is whole or absent, and checked when it is read. Files that Flax
wrote, one MessagePack file for each step, are restored as well.
"""

from __future__ import annotations

import pathlib
import re
import shutil
from collections.abc import Iterable, Mapping
from typing import Any

from jib import ckpt
from jib.errors import ArgumentValueError
from jib.serialization import from_bytes, from_state_dict, msgpack_restore, to_state_dict

__all__ = [
    "available_steps", "convert_pre_linen", "latest_checkpoint", "natural_sort",
    "restore_checkpoint", "save_checkpoint",
]  # fmt: skip

_NUMBER = re.compile(r"([-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)")


def natural_sort(file_list: Iterable[str]) -> list[str]:
    """Names in the order of the numbers in them.

    Example:
        >>> from jib.training.checkpoints import natural_sort
        >>> natural_sort(["step_10", "step_9"])
        ['step_9', 'step_10']
    """

    def parts(name: str) -> list[Any]:
        return [float(p) if i % 2 else p for i, p in enumerate(_NUMBER.split(name))]

    return sorted(file_list, key=parts)


def _saved(folder: Any, prefix: str) -> list[pathlib.Path]:
    folder = pathlib.Path(folder)
    names = [path.name for path in folder.glob(f"{prefix}*")] if folder.is_dir() else []
    numbered = [n for n in names if _NUMBER.fullmatch(n.removeprefix(prefix))]
    return [folder / name for name in natural_sort(numbered)]


def available_steps(ckpt_dir: Any, prefix: str = "checkpoint_", step_type: type = int) -> list[Any]:
    """The steps that are saved in a folder, in order."""
    return [step_type(path.name.removeprefix(prefix)) for path in _saved(ckpt_dir, prefix)]


def latest_checkpoint(ckpt_dir: Any, prefix: str = "checkpoint_") -> str | None:
    """Where the last step lies, or None where nothing is saved."""
    found = _saved(ckpt_dir, prefix)
    return str(found[-1]) if found else None


def save_checkpoint(
    ckpt_dir: Any,
    target: Any,
    step: float,
    prefix: str = "checkpoint_",
    keep: int = 1,
    overwrite: bool = False,
    keep_every_n_steps: int | None = None,
) -> str:
    """Save a tree as one step of a folder, then delete all but the last `keep` steps.

    Steps that lie `keep_every_n_steps` apart stay. With `overwrite`, this step and later ones that
    are there are replaced. Returns the path.

    Raises:
        ValueError: the folder has this step or a later one, and `overwrite` is false; or `keep` is
            less than 1.

    Example:
        >>> import tempfile
        >>> import jib.numpy as jnp
        >>> from jib.training import checkpoints
        >>> folder = tempfile.mkdtemp()
        >>> for step in (9, 10, 11):
        ...     path = checkpoints.save_checkpoint(folder, {"w": jnp.ones(2)}, step, keep=2)
        >>> checkpoints.available_steps(folder)
        [10, 11]
    """
    if keep < 1:
        raise ArgumentValueError(f"keep={keep} would delete the step that is saved", help="keep=1")
    folder = pathlib.Path(ckpt_dir)
    later = [path for path in _saved(folder, prefix) if float(path.name[len(prefix) :]) >= step]
    if later and not overwrite:
        raise ArgumentValueError(
            f"{folder} holds {later[-1].name}, so step {step} is not new",
            help="save_checkpoint(..., overwrite=True)  # replaces it and all later steps",
        )
    path = folder / f"{prefix}{step}"
    folder.mkdir(parents=True, exist_ok=True)
    ckpt.save(path, to_state_dict(target), force=overwrite)
    for old in later:
        if old != path:
            _delete(old)
    _delete_surplus(_saved(folder, prefix), prefix, keep, keep_every_n_steps)
    return str(path)


def _delete_surplus(
    saved: list[pathlib.Path], prefix: str, keep: int, keep_every: int | None
) -> None:
    kept = None  # the last step that stays because of `keep_every`
    for path in saved[:-keep]:
        step = float(path.name.removeprefix(prefix))
        if keep_every and (kept is None or step - kept >= keep_every):
            kept = step
        else:
            _delete(path)


def _delete(path: pathlib.Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def restore_checkpoint(
    ckpt_dir: Any,
    target: Any,
    step: float | None = None,
    prefix: str = "checkpoint_",
    parallel: bool = True,
) -> Any:
    """A copy of `target` that holds the last saved step, or `step`.

    `ckpt_dir` may also be one checkpoint itself. With `target=None` the saved state comes as nested
    dicts of NumPy arrays. Where nothing is saved, `target` is given back. Arrays are always read
    side by side: `parallel` says nothing here.

    Raises:
        ValueError: there is no such step, the bytes are damaged, or they do not fit `target`.
    """
    folder = pathlib.Path(ckpt_dir)
    if step is not None:
        path = folder / f"{prefix}{step}"
        if not path.exists():
            raise ArgumentValueError(
                f"{folder} has no step {step}; it has {available_steps(folder, prefix, float)}"
            )
    elif folder.is_file() or (folder / "checkpoint.json").exists():
        path = folder
    else:
        found = _saved(folder, prefix)
        if not found:
            return target
        path = found[-1]
    if path.is_file():
        data = path.read_bytes()
        return msgpack_restore(data) if target is None else from_bytes(target, data)
    state = ckpt.load(path)
    return state if target is None else from_state_dict(target, state)


def convert_pre_linen(params: Any) -> Any:
    """Parameters whose submodules are counted through, counted for each class.

    Example:
        >>> from jib.training.checkpoints import convert_pre_linen
        >>> convert_pre_linen({"Conv_0": {"kernel": 1}, "Dense_1": {"kernel": 2}})
        {'Conv_0': {'kernel': 1}, 'Dense_0': {'kernel': 2}}
    """
    if not isinstance(params, Mapping):
        return params
    renamed: dict[str, Any] = {}
    counts: dict[str, int] = {}
    for name in natural_sort(params):
        module, _, number = name.rpartition("_")
        if module and number.isdigit():
            counts[module] = counts.get(module, -1) + 1
            renamed[f"{module}_{counts[module]}"] = convert_pre_linen(params[name])
        else:
            renamed[name] = convert_pre_linen(params[name])
    return renamed if isinstance(params, dict) else type(params)(renamed)  # type: ignore[call-arg]
