"""Says what does not belong together when `update` fails: gradients, parameters, or the state."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from jib import tree
from jib.errors import ArgumentTypeError, StructureError
from jib.transforms.abstract import eval_shape
from jib.tree_util import keystr

__all__ = ["MisfitError", "explained", "misfit", "needed_arguments"]


class MisfitError(StructureError):
    """Gradients, parameters and the optimizer's state are of different trees."""


def misfit(first: Any, second: Any, names: tuple[str, str]) -> str | None:
    """Where two trees differ in structure or in the shape of a leaf, as a clause; else None."""
    found = tree.first_difference(first, second, names)
    found = found or tree.first_difference(second, first, (names[1], names[0]))
    if found is not None:
        return found
    for (path, one), other in zip(tree.leaves_with_path(first), tree.leaves(second), strict=True):
        here, there = getattr(one, "shape", ()), getattr(other, "shape", ())
        if here != there:
            where = keystr(path) if path else "the root"
            return f"at {where}, {names[0]} has shape {here} and {names[1]} {there}"
    return None


def _diagnosis(init: Callable[..., Any], updates: Any, state: Any, params: Any) -> Any:
    """The sentence and the help for arguments of `update` that do not fit; None if they do."""
    if params is not None:
        found = misfit(updates, params, ("the tree of gradients", "that of parameters"))
        if found:
            return (
                f"the gradients are not those of the parameters: {found}",
                "gradients = jib.grad(loss)(params)   with the `params` that `update` gets",
            )
    like = updates if params is None else params
    found = misfit(state, eval_shape(init, like), ("the state", "a state made for them"))
    if found:
        what = "gradients" if params is None else "parameters"
        return (
            f"the state of the optimizer was not made for these {what}: {found}",
            "state = optimizer.init(params)   once more after the model or the optimizer changes",
        )
    return None


def explained(init: Callable[..., Any], update: Callable[..., Any]) -> Callable[..., Any]:
    """`update`; where it fails because of trees that do not fit, the error says which.

    The check runs after a failure only, so that a step pays nothing for it.
    """

    @functools.wraps(update)
    def checked(updates: Any, state: Any, params: Any = None, **extra: Any) -> Any:
        try:
            return update(updates, state, params, **extra)
        except MisfitError:
            raise
        except Exception as error:
            try:
                found = _diagnosis(init, updates, state, params)
            except Exception:  # what fails here as well has another cause: the first error tells it
                raise error from None
            if found is None:
                raise
            raise MisfitError(found[0], help=found[1]) from error

    return checked


def needed_arguments(update: Callable[..., Any]) -> Callable[[dict[str, Any]], None]:
    """A check that named arguments which `update` cannot do without are there."""
    parameters = inspect.signature(update).parameters.values()
    needed = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty]
    owner = update.__qualname__.partition(".")[0]

    def check(extra: dict[str, Any]) -> None:
        missing = [name for name in needed if name not in extra]
        if missing:
            given = ", ".join(f"{name}={name}" for name in needed)
            raise ArgumentTypeError(
                f"`{owner}` needs {', '.join(f'`{m}`' for m in missing)}, which `update` was not "
                "given",
                help=f"optimizer.update(gradients, state, params, {given})",
            )

    return check
