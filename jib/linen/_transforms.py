"""The transforms of modules by their public names."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from jib.errors import ShapeError
from jib.linen._calls import _named_call, method_name
from jib.linen._lifting import lift, lift_cached, lift_direct
from jib.linen._module import Module
from jib.linen.core import lift as core_lift, meta
from jib.linen.core._filters import Filter
from jib.linen.core.lift import broadcast as broadcast
from jib.transforms.abstract import named_scope

__all__ = [
    "add_metadata_axis", "broadcast", "checkpoint", "cond", "custom_vjp", "fold_rngs", "grad",
    "jit", "jvp", "map_variables", "named_call", "remat", "remat_scan", "scan", "switch",
    "value_and_grad", "vjp", "vmap", "while_loop",
]  # fmt: skip

_NONE: Mapping[Any, Any] = {}


def vmap(
    target: Any, variable_axes: Mapping[Any, Any] = _NONE, split_rngs: Mapping[Any, bool] = _NONE,
    in_axes: Any = 0, out_axes: Any = 0, axis_size: int | None = None, axis_name: Any = None,
    spmd_axis_name: Any = None, metadata_params: Mapping[Any, Any] = _NONE, methods: Any = None,
) -> Any:  # fmt: skip
    """A module, or a method, that maps over an axis of its inputs, as `jib.vmap` does.

    Args:
      target: a class of modules, or a function whose first argument is a module.
      variable_axes: for each collection the axis of its variables to map over; None shares them.
      split_rngs: for each key whether every member gets one of its own.
      in_axes: the axis of each input to map over, None for one that all members share.
      out_axes: where the mapped axis stands in the results.
      axis_size: the number of members, where no input tells it.
      axis_name: a name by which collectives speak of the axis.
      spmd_axis_name: the mesh axis that the mapped axis is split over.
      metadata_params: what boxed variables are told of the new axis.
      methods: the methods to transform, or a dict of methods with their own options.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> from jib import linen as nn
        >>> Ensemble = nn.vmap(
        ...     nn.Dense, variable_axes={"params": 0}, split_rngs={"params": True},
        ...     in_axes=None, axis_size=5,
        ... )
        >>> variables = Ensemble(3).init(jib.random.key(0), jnp.ones(2))
        >>> variables["params"]["kernel"].shape
        (5, 2, 3)
    """
    return lift(
        core_lift.vmap, target, methods, variable_axes=variable_axes, split_rngs=split_rngs,
        in_axes=in_axes, out_axes=out_axes, axis_size=axis_size, axis_name=axis_name,
        spmd_axis_name=spmd_axis_name, metadata_params=metadata_params,
    )  # fmt: skip


def scan(
    target: Any, variable_axes: Mapping[Any, Any] = _NONE, variable_broadcast: Filter = False,
    variable_carry: Filter = False, split_rngs: Mapping[Any, bool] = _NONE, in_axes: Any = 0,
    out_axes: Any = 0, length: int | None = None, reverse: bool = False, unroll: int = 1,
    data_transform: Callable[..., Any] | None = None, metadata_params: Mapping[Any, Any] = _NONE,
    methods: Any = None, _split_transpose: bool = False, check_constancy_invariants: bool = True,
) -> Any:  # fmt: skip
    """A module, or a method, that runs many times, as `lax.scan` does: `carry, *xs -> carry, y`.

    Args:
      target: a class of modules, or a function whose first argument is a module.
      variable_axes: for each collection the axis along which each step has variables of its own.
      variable_broadcast: the collections that all steps share.
      variable_carry: the collections that go from step to step.
      split_rngs: for each key whether every step gets one of its own.
      in_axes: the axis of each input after the carry; `nn.broadcast` gives it whole to each step.
      out_axes: where the axis of the steps stands in the results.
      length: the number of steps, where no input tells it.
      reverse: go from the last step to the first.
      unroll: how many steps the compiled loop does at a time.
      data_transform: a function of the variables and keys of each step.
      metadata_params: what boxed variables are told of the new axis.
      methods: the methods to transform, or a dict of methods with their own options.
      check_constancy_invariants: look for shared variables that are made inside.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> from jib import linen as nn
        >>> class Layer(nn.Module):
        ...     @nn.compact
        ...     def __call__(self, x, _):
        ...         return nn.relu(nn.Dense(4)(x)), None
        >>> Layers = nn.scan(
        ...     Layer, variable_axes={"params": 0}, split_rngs={"params": True}, length=6
        ... )
        >>> variables = Layers().init(jib.random.key(0), jnp.ones((2, 4)), None)
        >>> variables["params"]["Dense_0"]["kernel"].shape
        (6, 4, 4)
    """
    return lift(
        core_lift.scan, target, methods, variable_axes=variable_axes,
        variable_broadcast=variable_broadcast, variable_carry=variable_carry,
        split_rngs=split_rngs, in_axes=in_axes, out_axes=out_axes, length=length,
        reverse=reverse, unroll=unroll, data_transform=data_transform,
        metadata_params=metadata_params, check_constancy_invariants=check_constancy_invariants,
    )  # fmt: skip


def jit(
    target: Any, variables: Filter = True, rngs: Filter = True,
    static_argnums: int | Iterable[int] = (), static_argnames: str | Iterable[str] = (),
    donate_argnums: int | Iterable[int] = (), device: Any = None, backend: str | None = None,
    methods: Any = None,
) -> Any:  # fmt: skip
    """A module, or a method, that is compiled; modules alike share the program.

    Positions in `static_argnums` count the module as 0. The fields of the module must be hashable.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> from jib import linen as nn
        >>> model = nn.jit(nn.Dense)(2, kernel_init=nn.initializers.ones)
        >>> model.init_with_output(jib.random.key(0), jnp.ones(3))[0]
        Array([3., 3.], dtype=float32)
    """
    return lift_cached(
        core_lift.jit, target, methods, variables=variables, rngs=rngs,
        static_argnums=static_argnums, static_argnames=static_argnames,
        donate_argnums=donate_argnums, device=device, backend=backend,
    )  # fmt: skip


def fold_rngs(target: Any, variables: Filter = True, rngs: Filter = True) -> Any:
    """A module, or a method, whose keys do not depend on its path, as under `nn.jit`."""
    return lift_cached(core_lift.fold_rngs, target, variables=variables, rngs=rngs)


def checkpoint(
    target: Any, variables: Filter = True, rngs: Filter = True, concrete: bool = False,
    prevent_cse: bool = True, static_argnums: int | tuple[int, ...] = (),
    policy: Callable[..., bool] | None = None, methods: Any = None,
) -> Any:  # fmt: skip
    """A module, or a method, whose intermediate values are computed again on the way back.

    As `jib.checkpoint`; positions in `static_argnums` count the module as 0.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> from jib import linen as nn
        >>> model = nn.remat(nn.Dense)(2, kernel_init=nn.initializers.ones)
        >>> model.init_with_output(jib.random.key(0), jnp.ones(3))[0]
        Array([3., 3.], dtype=float32)
    """
    numbers = (static_argnums,) if isinstance(static_argnums, int) else static_argnums
    return lift(
        core_lift.checkpoint, target, methods, variables=variables, rngs=rngs, concrete=concrete,
        prevent_cse=prevent_cse, static_argnums=tuple(n - 1 for n in numbers), policy=policy,
    )  # fmt: skip


remat = checkpoint


def remat_scan(
    target: Any, lengths: Sequence[int] | None = (), policy: Callable[..., bool] | None = None,
    variable_broadcast: Filter = False, variable_carry: Filter = False,
    variable_axes: Mapping[Any, Any] = {True: 0}, split_rngs: Mapping[Any, bool] = {True: True},
) -> Any:  # fmt: skip
    """Many layers in nested scans: `lengths=(10, 10)` is 100 layers and the memory of about 20.

    The module maps a carry to a carry.
    """
    return lift(
        core_lift.remat_scan, target, lengths=lengths, policy=policy,
        variable_broadcast=variable_broadcast, variable_carry=variable_carry,
        variable_axes=variable_axes, split_rngs=split_rngs,
    )  # fmt: skip


def map_variables(
    target: Any, mapped_collections: Filter = True, trans_in_fn: Callable[..., Any] = lambda x: x,
    trans_out_fn: Callable[..., Any] = lambda x: x, init: bool = False, mutable: bool = False,
    rngs: Filter = True, variables: Filter = True, methods: Any = None,
) -> Any:  # fmt: skip
    """A module that sees collections through `trans_in_fn`, and keeps them by `trans_out_fn`.

    Args:
      target: a class of modules, or a function whose first argument is a module.
      mapped_collections: which collections.
      trans_in_fn: makes what the module sees of what is kept.
      trans_out_fn: makes what is kept of what the module makes or writes.
      init: the module makes the variables.
      mutable: the module may write them.
      rngs: which keys the module gets.
      variables: which further collections it gets.
      methods: the methods to transform, or a dict of methods with their own options.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> from jib import linen as nn
        >>> signs = lambda variables: jib.tree.map(jnp.sign, variables)
        >>> Binary = nn.map_variables(nn.Dense, "params", signs, init=True)
        >>> variables = Binary(4).init(jib.random.key(0), jnp.ones((1, 4)))
    """
    return lift(
        core_lift.map_variables, target, methods, mapped_collections=mapped_collections,
        map_in_fn=trans_in_fn, map_out_fn=trans_out_fn, init=init, mutable=mutable, rngs=rngs,
        variables=variables,
    )  # fmt: skip


def add_metadata_axis(
    target: Any, variable_axes: Mapping[Any, Any] = _NONE,
    metadata_params: Mapping[Any, Any] = _NONE,
) -> Any:  # fmt: skip
    """A module whose boxed variables are told of an axis, though none is added to the arrays."""
    params: Any = dict(metadata_params)
    for col, axis in variable_axes.items():
        target = map_variables(
            target, col, functools.partial(meta.remove_axis, index=axis, params=params),
            functools.partial(meta.add_axis, index=axis, params=params), mutable=True,
        )  # fmt: skip
    return target


def vjp(
    fn: Callable[..., Any], mdl: Module, *primals: Any, has_aux: bool = False,
    reduce_axes: Any = (), vjp_variables: Filter = "params", variables: Filter = True,
    rngs: Filter = True, multi_scope: bool = False,
) -> Any:  # fmt: skip
    """`jib.vjp` inside a module, with respect to variables and arguments.

    Args:
      fn: a function of a module and `primals`.
      mdl: the module.
      primals: the arguments.
      has_aux: `fn` gives a pair, of which the second part is passed through.
      reduce_axes: not used.
      vjp_variables: the collections to differentiate with respect to.
      variables: which further collections `fn` gets.
      rngs: which keys it gets.
      multi_scope: the module may hold other modules; then there are cotangents for each.

    Returns the value and a function of its cotangent, which gives those of the variables and of
    the arguments.
    """
    return lift_direct(
        core_lift.vjp, (fn,), mdl, *primals, single=not multi_scope, has_aux=has_aux,
        vjp_variables=vjp_variables, variables=variables, rngs=rngs,
    )  # fmt: skip


def value_and_grad(
    fn: Callable[..., Any], mdl: Module, *primals: Any, has_aux: bool = False,
    reduce_axes: Any = (), variables: Filter = True, rngs: Filter = True,
) -> Any:  # fmt: skip
    """The value of a function of a module and arguments, and the gradients of the arguments."""
    out, *rest = lift_direct(
        core_lift.value_and_grad, (fn,), mdl, *primals, has_aux=has_aux, variables=variables,
        rngs=rngs,
    )  # fmt: skip
    if out.shape != ():
        raise ShapeError(
            f"a gradient is of a number, but the function gives an array of shape {out.shape}",
            help="return y.sum()",
        )
    return ((out, rest[0]), rest[1]) if has_aux else (out, rest[0])


def grad(
    fn: Callable[..., Any], mdl: Module, *primals: Any, has_aux: bool = False,
    reduce_axes: Any = (), variables: Filter = True, rngs: Filter = True,
) -> Any:  # fmt: skip
    """The gradients of a function of a module and arguments with respect to the arguments."""
    value, gradients = value_and_grad(
        fn, mdl, *primals, has_aux=has_aux, variables=variables, rngs=rngs
    )
    return (gradients, value[1]) if has_aux else gradients


def jvp(
    fn: Callable[..., Any], mdl: Module, primals: Any, tangents: Any,
    variable_tangents: Mapping[str, Any], variables: Filter = True, rngs: Filter = True,
) -> tuple[Any, Any]:  # fmt: skip
    """`jib.jvp` inside a module, along tangents of arguments and of collections."""
    return lift_direct(
        core_lift.jvp, (fn,), mdl, primals, tangents, variable_tangents, single=True,
        variables=variables, rngs=rngs,
    )  # fmt: skip


def while_loop(
    cond_fn: Callable[..., Any], body_fn: Callable[..., Any], mdl: Module, init: Any,
    carry_variables: Filter = False, broadcast_variables: Filter = True,
    split_rngs: Mapping[Any, bool] = _NONE,
) -> Any:  # fmt: skip
    """`lax.while_loop` inside a module: both functions get the module and the carry.

    Variables are made before the loop; those of `carry_variables` change from step to step.
    """
    return lift_direct(
        core_lift.while_loop, (cond_fn, body_fn), mdl, init, carry_variables, broadcast_variables,
        split_rngs,
    )  # fmt: skip


def cond(
    pred: Any, true_fun: Callable[..., Any], false_fun: Callable[..., Any], mdl: Module,
    *operands: Any, variables: Filter = True, rngs: Filter = True,
) -> Any:  # fmt: skip
    """`lax.cond` inside a module: the branches get the module and the operands.

    Both branches must make the same variables.
    """

    def choose(true_fun: Any, false_fun: Any, scopes: Any, pred: Any, *operands: Any) -> Any:
        return core_lift.cond(
            pred, true_fun, false_fun, scopes, *operands, variables=variables, rngs=rngs
        )

    return lift_direct(choose, (true_fun, false_fun), mdl, pred, *operands)


def switch(
    index: Any, branches: Sequence[Callable[..., Any]], mdl: Module, *operands: Any,
    variables: Filter = True, rngs: Filter = True,
) -> Any:  # fmt: skip
    """`lax.switch` inside a module: the branches get the module and the operands."""
    count = len(branches)

    def choose(*args: Any) -> Any:
        scopes, index, *operands = args[count:]
        return core_lift.switch(
            index, args[:count], scopes, *operands, variables=variables, rngs=rngs
        )

    return lift_direct(choose, tuple(branches), mdl, index, *operands)


def custom_vjp(
    fn: Callable[..., Any], forward_fn: Callable[..., Any], backward_fn: Callable[..., Any],
    grad_vars: Filter = "params", nondiff_argnums: Any = (),
) -> Callable[..., Any]:  # fmt: skip
    """A function of a module and arguments with a derivative of its own.

    Args:
      fn: the function.
      forward_fn: as `fn`; gives the result and what `backward_fn` needs, often by `nn.vjp`.
      backward_fn: what was kept and a cotangent, to the cotangents of variables and arguments.
      grad_vars: the collections that have cotangents.
      nondiff_argnums: positions of plain Python arguments.
    """

    def either(module: Any, *args: Any, needs_residual: bool, **kwargs: Any) -> Any:
        return (forward_fn if needs_residual else fn)(module, *args, **kwargs)

    def transform(run: Any) -> Any:
        return core_lift.custom_vjp(
            functools.partial(run, needs_residual=False),
            functools.partial(run, needs_residual=True),
            backward_fn, grad_vars, nondiff_argnums,
        )  # fmt: skip

    return lift(transform, functools.wraps(fn)(either), single=True)


def named_call(class_fn: Callable[..., Any], force: bool = True) -> Callable[..., Any]:
    """A method whose operations carry the module's name in programs and profiles."""

    @functools.wraps(class_fn)
    def named(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not (force or _named_call.enabled) or self._state.in_setup:
            return class_fn(self, *args, **kwargs)
        name, method = self.name or type(self).__name__, method_name(class_fn)
        with named_scope(name if method == "__call__" else f"{name}.{method}"):
            return class_fn(self, *args, **kwargs)

    return named
