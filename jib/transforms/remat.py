"""`checkpoint` (or `remat`): compute again on the way back, instead of keeping values in memory."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, ParamSpec, TypeVar

from jib.core.primitive import Primitive
from jib.core.sources import api_boundary
from jib.core.tracing import is_eager
from jib.errors import NotAvailableError
from jib.lax._recompute import Policy, name_p, remat_p
from jib.transforms import _calls
from jib.transforms._custom import CustomCall, nondiff_positions, positional

__all__ = [
    "Offloadable", "Recompute", "Saveable", "checkpoint", "checkpoint_name", "checkpoint_policies",
    "remat",
]  # fmt: skip

P = ParamSpec("P")
R = TypeVar("R")


def checkpoint(
    fun: Callable[P, R],
    *,
    prevent_cse: bool = True,
    policy: Policy | None = None,
    static_argnums: int | Sequence[int] = (),
    static_argnames: str | Sequence[str] = (),
    concrete: bool = False,
) -> Callable[P, R]:
    """A function that keeps only its arguments for the way back, and computes the rest again.

    Reverse-mode derivatives then need less memory, and more time.

    Args:
        fun: the function.
        prevent_cse: keep the compiler from merging the second computation with the first, which
            would undo the effect; False is faster inside `scan`, where it cannot happen.
        policy: which values to keep all the same, one of `checkpoint_policies`.
        static_argnums, static_argnames: arguments that are plain Python values.
        concrete: not used.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> f = jib.checkpoint(lambda x: jnp.sin(jnp.sin(x)))
        >>> round(float(jib.grad(f)(1.0)), 2)
        0.36
    """
    static = nondiff_positions(fun, static_argnums, static_argnames)
    memo: dict[Any, Any] = {}

    @functools.wraps(fun)
    @api_boundary
    def checkpointed(*args: Any, **kwargs: Any) -> Any:
        if is_eager():
            return fun(*args, **kwargs)
        call = CustomCall(fun, static, positional(fun, args, kwargs)) if static else None
        if call is None:
            whole: Callable[..., Any] = fun
            call = CustomCall(lambda a, k: whole(*a, **k), (), (args, kwargs))
        jaxpr, consts, tree = call.staged(memo, _calls.function_name(fun))
        params = {"prevent_cse": bool(prevent_cse), "policy": policy, "backwards": False}
        return tree.unflatten(remat_p.bind(*consts, *call.leaves, jaxpr=jaxpr, **params))

    return checkpointed


remat = checkpoint


# ---------------------------------------------------------------------------------- policies

# What a policy answers: either of these, or True and False.
Saveable = True
Recompute = False


class Offloadable(NamedTuple):
    """What a policy answers for values to be moved from one kind of memory to another and back.

    They are kept, in the memory where they are: that is right, and takes more of it.
    """

    src: str
    dst: str


def _is_product(primitive: Primitive, **params: Any) -> bool:
    return primitive.name in ("dot_general", "conv_general_dilated")


def _is_plain_product(primitive: Primitive, *_: Any, **params: Any) -> bool:
    if primitive.name != "dot_general":
        return False
    return not params["dimension_numbers"][1][0]


def _only_names(*names_which_can_be_saved: str) -> Policy:
    """Keep what `checkpoint_name` gave one of these names."""
    names = frozenset(names_which_can_be_saved)
    return _NamePolicy(names, True, False)


def _any_names_but(*names_not_to_save: str) -> Policy:
    """Keep what has any name but these."""
    return _NamePolicy(frozenset(names_not_to_save), False, False)


def _anything_but(*names_not_to_save: str) -> Policy:
    """Keep everything but what has one of these names."""
    return _NamePolicy(frozenset(names_not_to_save), False, True)


class _NamePolicy(NamedTuple):
    names: frozenset[str]
    wanted: bool
    unnamed: bool

    def __call__(self, primitive: Primitive, *_: Any, **params: Any) -> bool:
        if primitive is not name_p:
            return self.unnamed
        return (params["name"] in self.names) is self.wanted


class _OffloadPolicy(NamedTuple):
    saved: Policy
    moved: Policy
    kinds: Offloadable

    def __call__(self, primitive: Primitive, *avals: Any, **params: Any) -> Any:
        if self.moved(primitive, *avals, **params):
            return self.kinds
        return self.saved(primitive, *avals, **params)


def _save_and_offload(
    *,
    names_which_can_be_saved: Sequence[str],
    names_which_can_be_offloaded: Sequence[str],
    offload_src: str,
    offload_dst: str,
) -> Policy:
    """Keep what has one of these names; those of the second list are `Offloadable`."""
    return _OffloadPolicy(
        _only_names(*names_which_can_be_saved),
        _only_names(*names_which_can_be_offloaded),
        Offloadable(offload_src, offload_dst),
    )


def _offload_plain_products(offload_src: str, offload_dst: str) -> Policy:
    """Matrix products without batch dimensions are `Offloadable`."""
    kinds = Offloadable(offload_src, offload_dst)
    return _OffloadPolicy(_Policies.nothing_saveable, _is_plain_product, kinds)


class _Either(NamedTuple):
    first: Policy
    second: Policy

    def __call__(self, primitive: Primitive, *avals: Any, **params: Any) -> Any:
        return self.first(primitive, *avals, **params) or self.second(primitive, *avals, **params)


class _Policies:
    """What a checkpointed function keeps for the way back.

    A policy is a function `(primitive, *avals, **params)` of one operation; it answers if the
    results are kept (`Saveable`), computed again (`Recompute`), or `Offloadable`, which are kept.
    """

    everything_saveable = staticmethod(lambda primitive, *_, **params: True)
    nothing_saveable = staticmethod(lambda primitive, *_, **params: False)
    dots_saveable = staticmethod(lambda primitive, *_, **params: _is_product(primitive))
    checkpoint_dots = dots_saveable
    dots_with_no_batch_dims_saveable = staticmethod(_is_plain_product)
    checkpoint_dots_with_no_batch_dims = dots_with_no_batch_dims_saveable
    save_only_these_names = staticmethod(_only_names)
    save_any_names_but_these = staticmethod(_any_names_but)
    save_anything_except_these_names = staticmethod(_anything_but)
    save_from_both_policies = staticmethod(_Either)
    save_and_offload_only_these_names = staticmethod(_save_and_offload)
    offload_dot_with_no_batch_dims = staticmethod(_offload_plain_products)

    def __getattr__(self, name: str) -> Any:
        raise NotAvailableError(
            f"jib.checkpoint_policies.{name}", "one of " + ", ".join(sorted(_policy_names()))
        )


def _policy_names() -> list[str]:
    return [name for name in vars(_Policies) if not name.startswith("_")]


checkpoint_policies = _Policies()


def checkpoint_name(x: Any, name: str) -> Any:
    """Give a value (or each array of a tree) a name that policies speak of; it stays as it is."""
    leaves, tree = _calls.flatten(x)
    return tree.unflatten([name_p.bind(leaf, name=name) for leaf in leaves])
