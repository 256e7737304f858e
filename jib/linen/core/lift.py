"""Transforms of functions of scopes: what `jib.vmap` and its like do to variables and keys."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from jib import lax, numpy as jnp, random, tree
from jib.core.tracing import aval_of
from jib.core.zeros import tangent_aval
from jib.errors import ArgumentTypeError, ArgumentValueError
from jib.linen.core import meta
from jib.linen.core._compiled import fold_rngs as fold_rngs, jit as jit
from jib.linen.core._filters import Filter, is_filter_empty, subtract_filters
from jib.linen.core._packing import pack, split_axes, steady
from jib.linen.core.frozen_dict import unfreeze
from jib.linen.core.partial_eval import known_results
from jib.linen.core.scope import Scope
from jib.linen.errors import JaxTransformError
from jib.passes.stage import evaluate
from jib.transforms.abstract import make_jaxpr
from jib.transforms.custom_vjp import custom_vjp as _custom_vjp
from jib.transforms.linear import jvp as _jvp, vjp as _vjp
from jib.transforms.remat import checkpoint as _checkpoint
from jib.transforms.vmap import vmap as _vmap
from jib.tree_util import Partial

__all__ = [
    "broadcast", "checkpoint", "cond", "custom_vjp", "fold_rngs", "jit", "jvp", "map_variables",
    "pack", "remat", "remat_scan", "scan", "swap_collection", "switch", "value_and_grad", "vjp",
    "vmap", "while_loop",
]  # fmt: skip


class _Broadcast:
    """In place of an axis: the same value for every step of a scan."""

    def __repr__(self) -> str:
        return "broadcast"


broadcast: Any = _Broadcast()


def _is_axis(x: Any) -> bool:
    return x is None or x is broadcast


def _split(rngs: Any, splits: Sequence[bool], number: int) -> tuple[Any, ...]:
    """The keys of each group that is split, as arrays of `number` keys."""
    return tuple(
        tree.map(lambda key: random.split(random.clone(key), number), group) if split else group
        for group, split in zip(rngs, splits, strict=True)
    )


def _length(what: str, axes: Any, values: Any, given: int | None) -> int:
    """The length of the mapped axes."""
    sizes: set[int] = set()

    def add(axis: Any, value: Any) -> None:
        leaves = tree.leaves(value)
        if not _is_axis(axis) and leaves:
            sizes.add(leaves[0].shape[axis])

    tree.map(add, axes, values, is_leaf=_is_axis)
    if given is not None:
        return given
    if len(sizes) != 1:
        raise ArgumentValueError(
            f"the lengths of the mapped axes are {sorted(sizes)}" if sizes else
            f"nothing says over how many steps or members `{what}` goes",
            help=f"{'length' if what == 'scan' else 'axis_size'}=3",
        )  # fmt: skip
    return sizes.pop()


def vmap(
    fn: Callable[..., Any], variable_axes: Mapping[Any, Any], split_rngs: Mapping[Any, bool],
    in_axes: Any = 0, out_axes: Any = 0, axis_size: int | None = None, axis_name: Any = None,
    spmd_axis_name: Any = None, metadata_params: Mapping[Any, Any] = {},
) -> Callable[..., Any]:  # fmt: skip
    """`jib.vmap` of a function of scopes; see `jib.linen.vmap`."""
    ins, axes_in, outs, axes_out = split_axes(variable_axes)
    params: Any = dict(metadata_params)

    def inner(scope_fn: Any, repack: Any, variables: Any, rngs: Any, *args: Any) -> Any:
        mapped_in = in_axes if isinstance(in_axes, int | None) else tuple(in_axes)
        size = _length("vmap", (axes_in, mapped_in), (variables, args), axis_size)
        variables = tuple(
            group if axis is None else meta.remove_axis(group, axis, params)
            for group, axis in zip(variables, axes_in, strict=True)
        )
        keys = _split(rngs, tuple(split_rngs.values()), size)

        def mapped(variables: Any, keys: Any, args: Any) -> Any:
            scopes = scope_fn(variables, keys)
            return fn(scopes, *args), repack(scopes)

        key_axes = tuple(0 if split else None for split in split_rngs.values())
        y, out = _vmap(
            mapped, (axes_in, key_axes, mapped_in), (out_axes, axes_out), axis_name=axis_name,
            axis_size=size, spmd_axis_name=spmd_axis_name,
        )(variables, keys, args)  # fmt: skip
        return y, tuple(
            group if axis is None else meta.add_axis(group, axis, params)
            for group, axis in zip(out, axes_out, strict=True)
        )

    return pack(inner, ins, outs, tuple(split_rngs), "vmap", enable_kwargs=False)


def scan(
    fn: Callable[..., Any], variable_axes: Mapping[Any, Any] = {},
    variable_broadcast: Filter = False, variable_carry: Filter = False,
    split_rngs: Mapping[Any, bool] = {}, in_axes: Any = 0, out_axes: Any = 0,
    length: int | None = None, reverse: bool = False, unroll: int = 1,
    _split_transpose: bool = False, data_transform: Callable[..., Any] | None = None,
    metadata_params: Mapping[Any, Any] = {}, check_constancy_invariants: bool = True,
) -> Callable[..., Any]:  # fmt: skip
    """`lax.scan` of a function of scopes; see `jib.linen.scan`."""
    ins, axes_in, outs, axes_out = split_axes(variable_axes)
    params: Any = dict(metadata_params)

    def inner(scope_fn: Any, repack: Any, variables: Any, rngs: Any, init: Any, *args: Any) -> Any:
        each = in_axes if isinstance(in_axes, tuple | list) else (in_axes,) * len(args)
        steps = _length("scan", tuple(each), args, length)
        shared, carried, *stacked = variables
        stacked = [
            meta.remove_axis(group, axis, params)
            for group, axis in zip(stacked, axes_in, strict=True)
        ]
        splits = tuple(split_rngs.values())
        keys = _split(rngs, splits, steps)
        axes = (tuple(axes_in), tuple(0 if s else broadcast for s in splits), tuple(each))
        constants, xs = _partition(axes, (tuple(stacked), keys, args))

        step = functools.partial(
            _one_step, fn, scope_fn, repack, data_transform, lambda x: _joined(axes, constants, x)
        )
        out_places = (out_axes, tuple(axes_out))
        first: Any = ()
        if check_constancy_invariants and (_has_broadcast(out_axes) or any(map(bool, rngs))
                                           or _writes(scope_fn, variable_broadcast)):  # fmt: skip
            shared, first = _constant_results(step, shared, (carried, init), xs, out_places)
        elif _has_broadcast(out_axes):
            raise ArgumentValueError(
                "`out_axes` has `broadcast`, which needs `check_constancy_invariants=True`"
            )

        def body(carry: Any, x: Any) -> Any:
            _, carry, ys = step(shared, carry, x)
            return carry, _partition(out_places, ys)[1]

        (carried, c), ys = lax.scan(
            steady(scope_fn, body), (carried, init), xs, steps, reverse, unroll
        )
        y, out = _restored(out_places, ys, first)
        out = tuple(
            meta.add_axis(group, axis, params) for group, axis in zip(out, axes_out, strict=True)
        )
        return (c, y), (shared, carried, *out)

    groups = (variable_broadcast, variable_carry)
    return pack(inner, (*groups, *ins), (*groups, *outs), tuple(split_rngs), "scan", False)


def _one_step(
    fn: Any, scope_fn: Any, repack: Any, data_transform: Any, inputs_of: Any,
    shared: Any, carry: Any, x: Any,
) -> Any:  # fmt: skip
    """One step of a scan: the shared variables, the carry, and what is stacked."""
    kept, c = carry
    layer, keys, inputs = inputs_of(x)
    groups: Any = (shared, kept, *layer)
    if data_transform is not None:
        groups, keys = data_transform(groups, keys)
    scopes = scope_fn(groups, keys)
    result = fn(scopes, c, *inputs)
    if not isinstance(result, tuple | list) or len(result) != 2:
        raise ArgumentTypeError(
            "a step of `nn.scan` gives a pair, the carry and what is stacked, and this one gives "
            f"{type(result).__name__ if isinstance(result, tuple | list) else 'one value'}",
            help="return carry, None",
        )
    c, y = result
    written, kept, *out = repack(scopes)
    # What is shared and not written goes on to the next steps, too.
    every = tuple({**before, **after} for before, after in zip(shared, written, strict=True))
    return every, (kept, c), (y, tuple(out))


def _has_broadcast(axes: Any) -> bool:
    return broadcast in tree.leaves(axes, is_leaf=_is_axis)


def _writes(scope_fn: Any, shared: Filter) -> bool:
    """Whether a scan may make variables that all steps share."""
    mutable = [scope.mutable for scope in scope_fn.__self__.outer]
    return not is_filter_empty(shared) and any(not is_filter_empty(m) for m in mutable)


def _partition(axes: Any, values: Any) -> tuple[Any, Any]:
    """What is the same for all steps, and what differs with its axis in front."""
    same = tree.map(lambda a, x: x if a is broadcast else (), axes, values, is_leaf=_is_axis)

    def front(axis: Any, value: Any) -> Any:
        if axis is broadcast:
            return ()
        return value if axis == 0 else tree.map(lambda x: jnp.moveaxis(x, axis, 0), value)

    return same, tree.map(front, axes, values, is_leaf=_is_axis)


def _joined(axes: Any, same: Any, different: Any) -> Any:
    return tree.map(
        lambda a, x, y: x if a is broadcast else y, axes, same, different, is_leaf=_is_axis
    )


def _restored(axes: Any, ys: Any, first: Any) -> Any:
    """The stacked results, with their axis where it belongs."""

    def back(axis: Any, value: Any) -> Any:
        if axis is broadcast:
            return ()
        return value if axis == 0 else tree.map(lambda x: jnp.moveaxis(x, 0, axis), value)

    moved = tree.map(back, axes, ys, is_leaf=_is_axis)
    return _joined(axes, first, moved) if _has_broadcast(axes) else moved


def _constant_results(step: Any, shared: Any, carry: Any, xs: Any, out_places: Any) -> Any:
    """The variables and results that all steps share, of which no step's values are needed."""

    def constant(carry: Any, xs: Any) -> Any:
        shared_out, _, ys = step(shared, carry, tree.map(lambda x: x[0], xs))
        return shared_out, _partition(out_places, ys)[0]

    def error(of: Any) -> Exception:
        return JaxTransformError(
            f"a variable or result of type {of} that all steps share depends on what differs from "
            "step to step",
            "variable_axes={'state': 0}   keeps one for each step",
        )

    return known_results(constant, carry, xs, error=error)


def map_variables(
    fn: Callable[..., Any], mapped_collections: Filter, map_in_fn: Callable[..., Any] = lambda x: x,
    map_out_fn: Callable[..., Any] = lambda x: x, init: bool = False, mutable: bool = False,
    rngs: Filter = True, variables: Filter = True,
) -> Callable[..., Any]:  # fmt: skip
    """A function of scopes that sees some collections through functions of them."""
    comes_out = mutable or init

    def inner(scope_fn: Any, repack: Any, groups: Any, keys: Any, *args: Any, **kwargs: Any) -> Any:
        target, rest = groups
        if init:
            scopes = scope_fn((target, rest), keys)
            if any(not is_filter_empty(scope.mutable) for scope in tree.leaves(scopes)):
                fn(scopes, *args, **kwargs)
                target = tuple(map(map_out_fn, repack(scopes)[0]))
        target = tuple(map_in_fn(unfreeze(x)) for x in target)
        allowed = True if comes_out else subtract_filters(True, mapped_collections)
        scopes = scope_fn((target, rest), keys, mutable_filter=allowed)
        y = fn(scopes, *args, **kwargs)
        target_out, rest_out = repack(scopes)
        return y, (tuple(map(map_out_fn, target_out)) if comes_out else target_out, rest_out)

    ins = (mapped_collections, variables)
    outs = ins if comes_out else (False, subtract_filters(variables, mapped_collections))
    return pack(inner, ins, outs, (rngs,), "map_variables")


def swap_collection(fn: Callable[..., Any], col_a: str, col_b: str) -> Callable[..., Any]:
    """A function of scopes that sees each of two collections in place of the other."""

    def swap(target: Any) -> Any:
        return {**target, col_a: target.get(col_b, {}), col_b: target.get(col_a, {})}

    return map_variables(fn, (col_a, col_b), swap, swap, mutable=True)


def vjp(
    fn: Callable[..., Any], scope: Scope, *primals: Any, has_aux: bool = False,
    reduce_axes: Any = (), vjp_variables: Filter = "params", variables: Filter = True,
    rngs: Filter = True,
) -> Any:  # fmt: skip
    """`jib.vjp` of a function of a scope; see `jib.linen.vjp`."""

    def inner(scope_fn: Any, repack: Any, groups: Any, keys: Any, *args: Any) -> Any:
        target, rest = groups
        y, backward, (aux, out) = _vjp(
            _with_aux(fn, has_aux, lambda target: scope_fn((target, rest), keys), repack),
            target, *args, has_aux=True,
        )  # fmt: skip
        kind = tree.structure(scope)

        cotangents = tree.map(lambda x: tangent_aval(aval_of(x)), y)
        program, shapes = make_jaxpr(backward, return_shape=True)(cotangents)
        pull = functools.partial(_pull, kind, program.jaxpr, tree.structure(shapes))
        pulled = Partial(pull, program.consts)  # a tree, so that it can be kept for the way back
        return ((y, pulled, aux) if has_aux else (y, pulled)), out

    ins = (vjp_variables, variables)
    return pack(inner, ins, (variables,), (rngs,), "vjp", False)(scope, *primals)


def _pull(kind: Any, jaxpr: Any, results: Any, consts: Any, cotangent: Any) -> Any:
    """The cotangents of variables, for one scope or for several, and of arguments."""
    found = evaluate(jaxpr, consts, *tree.leaves(cotangent))
    of_variables, *of_inputs = results.unflatten(found)
    return (kind.unflatten(of_variables), *of_inputs)


def _with_aux(fn: Any, has_aux: bool, scope_of: Callable[..., Any], repack: Any) -> Any:
    """A function of variables and arguments, with the variables that come out as a side result."""

    def run(target: Any, *args: Any) -> Any:
        scopes = scope_of(target)
        y = fn(scopes, *args)
        y, aux = y if has_aux else (y, ())
        return y, (aux, repack(scopes))

    return run


def value_and_grad(
    fn: Callable[..., Any], scope: Scope, *primals: Any, has_aux: bool = False,
    reduce_axes: Any = (), variables: Filter = True, rngs: Filter = True,
) -> Any:  # fmt: skip
    """The value, and the gradients with respect to all arguments but the scope."""

    def inner(scope_fn: Any, repack: Any, groups: Any, keys: Any, *args: Any) -> Any:
        run = _with_aux(fn, has_aux, lambda _: scope_fn(groups, keys), repack)
        y, backward, (aux, out) = _vjp(functools.partial(run, ()), *args, has_aux=True)
        gradients = backward(tree.map(jnp.ones_like, y))
        return ((y, aux, gradients) if has_aux else (y, gradients)), out

    lifted = pack(inner, (variables,), (variables,), (rngs,), "value_and_grad", False)
    return lifted(scope, *primals)


def jvp(
    fn: Callable[..., Any], scope: Scope, primals: Any, tangents: Any, variable_tangents: Any,
    variables: Filter = True, rngs: Filter = True,
) -> tuple[Any, Any]:  # fmt: skip
    """`jib.jvp` of a function of a scope; see `jib.linen.jvp`."""
    given = tree.structure(scope).flatten_up_to(variable_tangents)
    moved = tuple({k: v for k, v in collections.items() if v} for collections in given)

    def inner(scope_fn: Any, repack: Any, groups: Any, keys: Any, *args: Any) -> Any:
        target, rest = groups

        def run(target: Any, args: Any) -> Any:
            scopes = scope_fn((target, rest), keys)
            return fn(scopes, *args), repack(scopes)

        (y, out), (tangent, _) = _jvp(run, (target, args), (moved, tuple(tangents)))
        return (y, tangent), out

    ins = (tuple(moved[0]), variables)
    return pack(inner, ins, (variables,), (rngs,), "jvp", False)(scope, *primals)


def while_loop(
    cond_fn: Callable[..., Any], body_fn: Callable[..., Any], scope: Scope, init: Any,
    carry_variables: Filter = False, broadcast_variables: Filter = True,
    split_rngs: Mapping[Any, bool] = {},
) -> Any:  # fmt: skip
    """`lax.while_loop` with a condition and a body that are functions of a scope."""

    def inner(scope_fn: Any, repack: Any, groups: Any, rngs: Any) -> Any:
        carried, shared = groups

        def keys_of(step: Any) -> tuple[Any, ...]:
            step = lax.convert_element_type(step, jnp.uint32)
            return tuple(
                tree.map(lambda key: random.fold_in(key, step), group) if split else group
                for group, split in zip(rngs, split_rngs.values(), strict=True)
            )

        def goes_on(state: Any) -> Any:
            step, carried, c = state
            return cond_fn(scope_fn((carried, shared), keys_of(-step), mutable_filter=False), c)

        def body(state: Any) -> Any:
            step, carried, c = state
            scopes = scope_fn((carried, shared), keys_of(step))
            c = body_fn(scopes, c)
            (carried,) = repack(scopes)
            return step + 1, carried, c

        start = (jnp.int32(0), carried, init)
        _, carried, c = lax.while_loop(steady(scope_fn, goes_on), steady(scope_fn, body), start)
        return c, (carried,)

    ins = (carry_variables, broadcast_variables)
    return pack(inner, ins, (carry_variables,), tuple(split_rngs), "while_loop")(scope)


def switch(
    index: Any, branches: Sequence[Callable[..., Any]], scope: Scope, *operands: Any,
    variables: Filter = True, rngs: Filter = True,
) -> Any:  # fmt: skip
    """`lax.switch` with branches that are functions of a scope."""
    return _branch("switch", lax.switch, index, branches, scope, operands, variables, rngs)


def cond(
    pred: Any, true_fun: Callable[..., Any], false_fun: Callable[..., Any], scope: Scope,
    *operands: Any, variables: Filter = True, rngs: Filter = True,
) -> Any:  # fmt: skip
    """`lax.cond` with branches that are functions of a scope."""

    def choose(pred: Any, branches: Any, *operands: Any) -> Any:
        return lax.cond(pred, *branches, *operands)

    branches = (true_fun, false_fun)
    return _branch("cond", choose, pred, branches, scope, operands, variables, rngs)


def _branch(
    name: str, choose: Any, index: Any, branches: Any, scope: Any, operands: Any,
    variables: Filter, rngs: Filter,
) -> Any:  # fmt: skip
    def inner(scope_fn: Any, repack: Any, groups: Any, keys: Any) -> Any:
        def pure(branch: Any, *operands: Any) -> Any:
            scopes = scope_fn(groups, keys)
            y = branch(scopes, *operands)
            return y, repack(scopes)

        made = [steady(scope_fn, functools.partial(pure, branch)) for branch in branches]
        return choose(index, made, *operands)

    return pack(inner, (variables,), (variables,), (rngs,), name)(scope)


def custom_vjp(
    fn: Callable[..., Any], forward_fn: Callable[..., Any], backward_fn: Callable[..., Any],
    grad_vars: Filter = "params", nondiff_argnums: Any = (),
) -> Callable[..., Any]:  # fmt: skip
    """`jib.custom_vjp` of a function of a scope; see `jib.linen.custom_vjp`."""

    def inner(scope_fn: Any, repack: Any, groups: Any, keys: Any, *args: Any) -> Any:
        target, rest = groups
        kind: list[Any] = []

        def plain(target: Any, *args: Any) -> Any:
            scopes = scope_fn((target, rest), keys)
            return fn(scopes, *args), repack(scopes)

        def forward(target: Any, *args: Any) -> Any:
            scopes = scope_fn((target, rest), keys)
            kind[:] = [tree.structure(scopes)]
            y, residuals = forward_fn(scopes, *args)
            return (y, repack(scopes)), residuals

        def backward(*args: Any) -> Any:
            *fixed, residuals, (cotangent, _) = args
            of_variables, *of_inputs = backward_fn(*fixed, residuals, cotangent)
            return (tuple(kind[0].flatten_up_to(of_variables)), *of_inputs)

        run = _custom_vjp(plain, nondiff_argnums=nondiff_argnums)
        run.defvjp(forward, backward)
        return run(target, *args)

    return pack(inner, (grad_vars, True), (grad_vars, True), (True,), "custom_vjp", False)


def checkpoint(
    fn: Callable[..., Any], variables: Filter = True, rngs: Filter = True, concrete: bool = False,
    prevent_cse: bool = True, static_argnums: int | tuple[int, ...] = (),
    policy: Callable[..., bool] | None = None,
) -> Callable[..., Any]:  # fmt: skip
    """`jib.checkpoint` of a function of scopes; see `jib.linen.remat`."""
    numbers = (static_argnums,) if isinstance(static_argnums, int) else tuple(static_argnums)

    def inner(scope_fn: Any, repack: Any, groups: Any, keys: Any, *args: Any, **kwargs: Any) -> Any:
        def run(groups: Any, keys: Any, *args: Any, **kwargs: Any) -> Any:
            scopes = scope_fn(groups, keys)
            y = fn(scopes, *args, **kwargs)
            return y, repack(scopes)

        remade = _checkpoint(
            steady(scope_fn, run), prevent_cse=prevent_cse, policy=policy,
            static_argnums=tuple(n + 2 for n in numbers),
        )  # fmt: skip
        return remade(groups, keys, *args, **kwargs)

    return pack(inner, (variables,), (variables,), (rngs,), "remat")


remat = checkpoint


def remat_scan(
    body_fn: Callable[..., Any], lengths: Sequence[int], policy: Callable[..., bool] | None = None,
    variable_broadcast: Filter = False, variable_carry: Filter = False,
    variable_axes: Mapping[Any, Any] = {True: 0}, split_rngs: Mapping[Any, bool] = {True: True},
) -> Callable[..., Any]:  # fmt: skip
    """Nested scans with `checkpoint` in between; see `jib.linen.remat_scan`."""
    scanned = functools.partial(
        scan, variable_broadcast=variable_broadcast, variable_carry=variable_carry,
        variable_axes=variable_axes, split_rngs=split_rngs, length=lengths[0],
    )  # fmt: skip
    inner = body_fn
    if len(lengths) > 1:
        rest = (policy, variable_broadcast, variable_carry, variable_axes, split_rngs)
        inner = remat_scan(body_fn, lengths[1:], *rest)

    def body(scope: Any, carry: Any) -> Any:
        return inner(scope, carry), ()

    if len(lengths) > 1:
        body = checkpoint(body, policy=policy, prevent_cse=False)
    return lambda scope, carry: scanned(body)(scope, carry)[0]
