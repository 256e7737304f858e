"""Optimizers: a gradient transformation, its state, and the step that changes a model."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import jib
from jib import errors, numpy as jnp, tree
from jib.nnx._errors import FilterError, StateError, path_name, table
from jib.nnx._filters import Filter
from jib.nnx._graphs import as_pure, merge, split, state, update
from jib.nnx._pytrees import Pytree, data
from jib.nnx._states import merge_state, split_state, to_flat_state
from jib.nnx._variables import OptArray, OptState, OptVariable, Param, Variable
from jib.tree_util import keystr

__all__ = ["EMA", "ModelAndOptimizer", "Optimizer"]

_M = TypeVar("_M")
_NOT_GIVEN: Any = object()


def _is_variable(x: Any) -> bool:
    return isinstance(x, Variable)


def _boxed(x: Any) -> Variable:
    """State of the optimizer as a variable, with the metadata of the parameter it belongs to."""
    if not isinstance(x, Variable):
        return OptArray(x)
    metadata = x.get_metadata()
    if "optimizer_sharding" in metadata:
        metadata["out_sharding"] = metadata.pop("optimizer_sharding")
    return OptVariable._new(x.get_raw_value(), metadata)


class Optimizer(Pytree, Generic[_M]):
    """A gradient transformation and its state for a model.

    Args:
        model: the module to train.
        tx: an object with `init(params)` and `update(grads, state, params)`, as those of
            `jib.optim`.
        wrt: which variables are trained, as `nnx.Param`; the same as of `nnx.grad`.

    Example:
        >>> import types
        >>> from jib import nnx
        >>> sgd = types.SimpleNamespace(
        ...     init=lambda p: (),
        ...     update=lambda g, s, p: (jib.tree.map(lambda x: -0.1 * x, g), s))
        >>> model = nnx.Dict(w=nnx.Param(jnp.array(1.0)))
        >>> optimizer = nnx.Optimizer(model, sgd, wrt=nnx.Param)
        >>> updates = optimizer.update(model, nnx.grad(lambda m: m.w ** 2)(model))
        >>> model.w.value, optimizer.step.value
        (Array(0.8, dtype=float32), Array(1, dtype=uint32))
    """

    def __init__(
        self, model: _M, tx: Any, *, wrt: Filter = _NOT_GIVEN, graph: bool | None = None
    ) -> None:
        if wrt is _NOT_GIVEN:
            raise errors.ArgumentTypeError(
                "an Optimizer needs to know which variables it trains",
                help="nnx.Optimizer(model, tx, wrt=nnx.Param)",
            )
        self.step = OptState(jnp.array(0, jnp.uint32))
        self.tx = tx
        trained, other = split_state(state(model), wrt, ...)
        if other and not trained:
            raise FilterError(
                "the optimizer would train nothing: no variable of the model matches its `wrt`",
                notes=table((path_name(p), type(v).__name__) for p, v in to_flat_state(other)),
                help="nnx.Optimizer(model, tx, wrt=nnx.Param)",
            )
        opt_state = tx.init(trained)
        self.opt_state = data(tree.map(_boxed, opt_state, is_leaf=_is_variable))
        self.wrt = wrt

    def update(self, model: _M, grads: Any = _NOT_GIVEN, /, **kwargs: Any) -> Any:
        """Change the model by its gradients; returns what was added to its parameters.

        Args:
            model: the model.
            grads: its gradients, as from `nnx.grad`.
            **kwargs: passed on to `tx.update`.

        Raises:
            StateError: if the gradients are of other paths than the parameters.
        """
        if grads is _NOT_GIVEN:
            raise errors.ArgumentTypeError(
                "`update` of an Optimizer takes the model and its gradients",
                help="optimizer.update(model, grads)",
            )
        params = as_pure(state(model, self.wrt))
        found = as_pure(state(grads, self.wrt))
        _check_same(params, found)
        opt_state = as_pure(self.opt_state)
        try:
            updates, new = self.tx.update(found, opt_state, params, **as_pure(kwargs))
        except (errors.ShapeError, errors.StructureError):
            _check_fits(self.tx, opt_state, params)
            raise
        update(model, tree.map(_added, params, updates))
        kept, structure = tree.flatten(self.opt_state, is_leaf=_is_variable)
        for variable, value in zip(kept, structure.flatten_up_to(new), strict=True):
            variable.set_raw_value(as_pure(value))
        self.step[...] += 1
        return updates


def _added(parameter: Any, change: Any) -> Any:
    return jnp.asarray(parameter + change).astype(parameter.dtype)


def _check_same(params: Any, grads: Any) -> None:
    have, given = set(to_flat_state(params).paths), set(to_flat_state(grads).paths)
    if have == given:
        return
    rows = [(path_name(p), "no gradient") for p in sorted(have - given, key=repr)]
    rows += [(path_name(p), "not trained") for p in sorted(given - have, key=repr)]
    raise StateError(
        "the gradients do not belong to the parameters that the optimizer trains",
        notes=table(rows),
        help="nnx.grad(loss, argnums=nnx.DiffState(0, optimizer.wrt))(model)",
    )


def _check_fits(tx: Any, opt_state: Any, params: Any) -> None:
    """Raise if the state of the optimizer was made for parameters of other paths or shapes."""
    wanted = tree.flatten_with_path(jib.eval_shape(tx.init, params))[0]
    needs, has = ({keystr(path): tuple(x.shape) for path, x in pairs}
                  for pairs in (wanted, tree.flatten_with_path(opt_state)[0]))  # fmt: skip
    names = sorted(k for k in {**needs, **has} if needs.get(k) != has.get(k))
    if names:
        rows = [
            (k, f"{has.get(k, 'missing')}, the model needs {needs.get(k, 'none')}") for k in names
        ]
        raise StateError(
            "the optimizer was made for other parameters than the model has",
            notes=table(rows),
            help="optimizer = nnx.Optimizer(model, tx, wrt=nnx.Param)   for the model as it is now",
        ) from None


class ModelAndOptimizer(Optimizer[_M]):
    """An optimizer that holds its model: `optimizer.update(grads)`."""

    def __init__(self, model: _M, tx: Any, *, wrt: Filter = Param) -> None:
        super().__init__(model, tx, wrt=wrt)
        self.model = model

    def update(self, grads: Any, /, **kwargs: Any) -> Any:  # type: ignore[override]
        """Change the model by its gradients."""
        return super().update(self.model, grads, **kwargs)


class EMA(Pytree):
    """A moving average of a module's variables: `decay * average + (1 - decay) * value`.

    Args:
        params: the module.
        decay: how much of the average stays at each update.
        only: which variables.

    Example:
        >>> from jib import nnx
        >>> model = nnx.Dict(w=nnx.Param(jnp.zeros(())))
        >>> ema = nnx.EMA(model, 0.5)
        >>> model.w[...] += 4.0
        >>> ema.update(model)
        >>> ema.apply_to(model).w.value
        Array(2., dtype=float32)
    """

    def __init__(
        self, params: Any, decay: float, *, only: Filter = ..., graph: bool | None = None
    ) -> None:
        self.decay, self.filter = decay, only
        copied = tree.map(lambda v: v.copy(), state(params, only), is_leaf=_is_variable)
        self.params = data(copied)

    def update(self, updates: Any) -> None:
        """Move the averages towards the values of a module (or state)."""
        new = dict(to_flat_state(state(updates, self.filter)))
        for path, average in to_flat_state(self.params):
            value = new[path].get_value() if _is_variable(new[path]) else new[path]
            average[...] = self.decay * average[...] + (1.0 - self.decay) * value

    def apply_to(self, model: _M) -> _M:
        """A copy of a module with the averages in the place of its variables."""
        definition, found = split(model)
        return merge(definition, merge_state(found, self.params))
