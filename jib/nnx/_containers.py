"""Containers that are modules: lists, dicts, sequences of layers, and the state of a training."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, MutableMapping, MutableSequence
from typing import Any, TypeVar

from jib import errors, numpy as jnp, struct, tree
from jib.nnx._graphs import GraphDef
from jib.nnx._modules import Module
from jib.nnx._pytrees import restructured
from jib.nnx._states import State

__all__ = ["Dict", "List", "Sequential", "TrainState"]

_T = TypeVar("_T")


class Dict(Module, MutableMapping[str, Any]):
    """A dict of modules, variables and other values; entries are attributes as well.

    Example:
        >>> from jib import nnx
        >>> layers = nnx.Dict(a=nnx.Param(1.0))
        >>> layers["b"] = nnx.Param(2.0)
        >>> list(layers), layers.b.value
        (['a', 'b'], 2.0)
    """

    __hash__ = object.__hash__  # type: ignore[assignment]
    __eq__ = object.__eq__

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        for name, value in dict(*args, **kwargs).items():
            setattr(self, name, value)

    def __getitem__(self, key: str) -> Any:
        return vars(self)[key]

    def __getattr__(self, key: str) -> Any:
        raise AttributeError(f"the Dict has no entry `{key}`; it has {list(vars(self))}")

    def __setitem__(self, key: str, value: Any) -> None:
        setattr(self, key, value)

    def __delitem__(self, key: str) -> None:
        if key not in vars(self):
            raise KeyError(key)
        delattr(self, key)

    def __iter__(self) -> Iterator[str]:
        return iter(vars(self))

    def __len__(self) -> int:
        return len(vars(self))


class List(Module, MutableSequence[Any]):
    """A list of modules, variables and other values; its keys in states are integers.

    Example:
        >>> from jib import nnx
        >>> layers = nnx.List([nnx.Param(1.0)])
        >>> layers.append(nnx.Param(2.0))
        >>> [v.value for v in layers], nnx.state(layers).flat_state().paths
        ([1.0, 2.0], ((0,), (1,)))
    """

    _pytree__has_int_keys = True
    __hash__ = object.__hash__
    __eq__ = object.__eq__

    def __init__(self, it: Iterable[Any] | None = None, /) -> None:
        self._store(list(it or ()))

    def _members(self) -> list[Any]:
        return [vars(self)[str(i)] for i in range(len(self))]

    def _store(self, values: list[Any]) -> None:
        """Make these the members: one assignment each, so that they are checked."""
        self._check_valid_context()
        for i, value in enumerate(values):
            if vars(self).get(str(i), vars(self)) is not value:
                self._pytree__kinds.pop(str(i), None)
                vars(self).pop(str(i), None)
                setattr(self, str(i), value)
        for i in range(len(values), len(self)):
            delattr(self, str(i))
        restructured(self)

    def __len__(self) -> int:
        return len(vars(self))

    def __iter__(self) -> Iterator[Any]:
        return iter(self._members())

    def __getitem__(self, index: Any) -> Any:
        return self._members()[index]

    def _changed(self, change: Callable[[list], Any]) -> None:
        values = self._members()
        change(values)
        self._store(values)

    def __setitem__(self, index: Any, value: Any) -> None:
        self._changed(lambda values: values.__setitem__(index, value))

    def __delitem__(self, index: Any) -> None:
        self._changed(lambda values: values.__delitem__(index))

    def insert(self, index: int, value: Any) -> None:
        """Put a value before the one at `index`."""
        self._changed(lambda values: values.insert(index, value))

    def append(self, value: Any) -> None:
        """Put a value at the end."""
        setattr(self, str(len(self)), value)


class Sequential(Module):
    """Layers called one after the other.

    A tuple that a layer gives becomes the arguments of the next, a dict its keyword arguments.

    Example:
        >>> from jib import nnx
        >>> nnx.Sequential(lambda x: x + 1, lambda x: 2 * x)(3)
        8
    """

    def __init__(self, *fns: Callable[..., Any]) -> None:
        self.layers = List(fns)

    def __call__(self, *args: Any, rngs: Any = None, **kwargs: Any) -> Any:
        """The result of the last layer; `rngs` goes to the layers that take it."""
        if not len(self.layers):
            return (args[0] if len(args) == 1 else args) if args else (kwargs or None)
        out: Any = None
        for i, layer in enumerate(self.layers):
            if not callable(layer):
                raise errors.ArgumentTypeError(
                    f"layer {i} of the Sequential is a {type(layer).__name__}, which cannot be "
                    "called",
                    help="nnx.Sequential(nnx.Linear(2, 3, rngs=rngs), nnx.relu)",
                )
            if i:
                args = out if isinstance(out, tuple) else () if isinstance(out, dict) else (out,)
                kwargs = dict(out) if isinstance(out, dict) else {}
            if rngs is not None and "rngs" in inspect.signature(layer).parameters:
                kwargs["rngs"] = rngs
            out = layer(*args, **kwargs)
        return out


class TrainState(struct.PyTreeNode):
    """A module's definition, its parameters, and the state of a gradient transformation.

    Example:
        >>> import types
        >>> from jib import nnx
        >>> sgd = types.SimpleNamespace(
        ...     init=lambda p: (), update=lambda g, s, p: (jib.tree.map(lambda x: -x, g), s))
        >>> graphdef, params = nnx.split(nnx.Dict(w=nnx.Param(jnp.ones(2))))
        >>> state = nnx.TrainState.create(graphdef, params=params, tx=sgd)
        >>> state.apply_gradients(params).params["w"].value
        Array([0., 0.], dtype=float32)
    """

    graphdef: GraphDef
    params: State
    opt_state: Any
    step: Any
    tx: Any = struct.field(pytree_node=False)

    @classmethod
    def create(
        cls, graphdef: GraphDef, *, params: State, tx: Any, step: int = 0, **kwargs: Any
    ) -> Any:
        """A state before the first step."""
        made: Any = cls
        return made(
            graphdef=graphdef,
            params=params,
            opt_state=tx.init(params),
            step=jnp.asarray(step),
            tx=tx,
            **kwargs,
        )

    def apply(self, state: Any, *states: Any) -> Any:
        """Call a method of the module with states, given as such or as names of fields."""
        named = [getattr(self, s) if isinstance(s, str) else s for s in (state, *states)]
        return self.graphdef.apply(*named)

    def apply_gradients(self: _T, grads: State, **kwargs: Any) -> _T:
        """The state after one step with these gradients."""
        this: Any = self
        updates, opt_state = this.tx.update(grads, this.opt_state, this.params)
        params = tree.map(lambda p, u: jnp.asarray(p + u, p.dtype), this.params, updates)
        return this.replace(params=params, opt_state=opt_state, step=this.step + 1, **kwargs)
