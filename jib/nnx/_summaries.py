"""How modules, variables and states are shown, and a table of a model's layers."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from jib import numpy as jnp, tree
from jib.nnx import _boxes, _pytrees, _states
from jib.nnx._compiled import eval_shape, jit
from jib.nnx._derivatives import vjp
from jib.nnx._modules import Module
from jib.nnx._pytrees import Pytree, items
from jib.nnx._random import Rngs, RngStream
from jib.nnx._states import FlatState, State
from jib.nnx._variables import RngState, Variable
from jib.nnx._walks import iter_graph

__all__ = ["display", "tabulate"]


def _sizes(x: Any) -> tuple[int, int]:
    """Elements and bytes of the arrays in a value."""
    arrays = [v for v in tree.leaves(x) if hasattr(v, "shape") and hasattr(v, "dtype")]
    elements = [int(np.prod(v.shape)) for v in arrays]
    size = [n * getattr(v.dtype, "itemsize", 0) for n, v in zip(elements, arrays, strict=True)]
    return sum(elements), sum(size)


def _bytes(size: float) -> str:
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1024 or unit == "GB":
            return f"{size:.1f} {unit}" if unit != "B" else f"{int(size)} B"
        size /= 1024
    return ""


def _size_note(x: Any) -> str:
    """` # Param: 12 (48 B), BatchStat: 4 (16 B)` for all variables in an object."""
    totals: dict[str, tuple[int, int]] = {}
    for _, v in iter_graph(x):
        if isinstance(v, Variable):
            kind = "RngState" if isinstance(v, RngState) else type(v).__name__
            n, size = _sizes(v.get_raw_value())
            before = totals.get(kind, (0, 0))
            totals[kind] = before[0] + n, before[1] + size
    listed = [f"{k}: {n:,} ({_bytes(b)})" for k, (n, b) in totals.items()]
    return f"  # {', '.join(listed)}" if listed else ""


def _value(x: Any) -> str:
    if hasattr(x, "shape") and hasattr(x, "dtype") and int(np.prod(x.shape)) > 1:
        return f"Array(shape={tuple(x.shape)}, dtype={x.dtype})"
    return repr(x)


class _Drawing:
    """Draws nested objects, each once."""

    def __init__(self) -> None:
        self.seen: set[int] = set()

    def lines(self, x: Any) -> str:
        """The text of a value; deeper lines are indented by two spaces."""
        if isinstance(x, Variable):
            return self._variable(x)
        if isinstance(x, State | dict):
            entries = [(repr(k), self.lines(v)) for k, v in x.items()]
            return _block("{", "}", ": ", entries)
        if isinstance(x, FlatState):
            return repr(list(x))
        if not isinstance(x, Pytree):
            return _value(x)
        name = type(x).__name__
        if id(x) in self.seen:
            return f"{name}(...)"
        top = not self.seen
        self.seen.add(id(x))
        parts = [(str(k), v) for k, v, kind in items(x) if kind or not str(k).startswith("_")]
        entries = [(k, self.lines(v)) for k, v in parts]
        return _block(f"{name}(", ")", "=", entries, _size_note(x) if top else "")

    def _variable(self, x: Variable) -> str:
        n, size = _sizes(x.get_raw_value())
        entries = [("value", _value(x.get_raw_value()))]
        entries += [(k, repr(v)) for k, v in x.get_metadata().items()]
        return _block(
            f"{type(x).__name__}(", ")", "=", entries, f"  # {n:,} ({_bytes(size)})" if n else ""
        )


def _block(start: str, end: str, between: str, entries: list, note: str = "") -> str:
    if not entries:
        return start + end
    body = ",\n".join(f"  {k}{between}{_indented(v)}" for k, v in entries)
    return f"{start}{note}\n{body}\n{end}"


def _indented(text: str) -> str:
    return text.replace("\n", "\n  ")


def _draw(x: Any) -> str:
    text = _Drawing().lines(x)
    return f"State({text})" if isinstance(x, State) else text


_boxes.render = _pytrees.render = _states.render = _draw


def display(*args: Any) -> None:
    """Print modules, states and other values."""
    for x in args:
        print(_draw(x))


def _filter_rng_streams(row: Any) -> bool:
    """Leave the streams of random keys out of a table."""
    return not isinstance(row.module, Rngs | RngStream)


class _CallInfo:
    """A row of `tabulate`: a module's path, the module, what went in and what came out."""

    def __init__(self, path: tuple, module: Any, inputs: Any, outputs: Any) -> None:
        self.path, self.module, self.inputs, self.outputs = path, module, inputs, outputs


def _shapes(x: Any) -> str:
    def one(v: Any) -> str:
        return f"{v.dtype}[{','.join(map(str, v.shape))}]" if hasattr(v, "dtype") else repr(v)

    leaves = [one(v) for v in tree.leaves(x)]
    return ", ".join(leaves)


def _recorded(obj: Any, method: str, args: tuple, kwargs: dict) -> list[_CallInfo]:
    """The calls of all modules in one abstract call of a method."""
    rows: list[_CallInfo] = []
    classes = {type(m) for _, m in iter_graph(obj) if isinstance(m, Module)}
    before: list[tuple[type, str, Any]] = []

    def run(model: Any, *inputs: Any, **named: Any) -> Any:
        paths = {id(m): path for path, m in iter_graph(model) if isinstance(m, Module)}

        def noted(function: Callable) -> Callable:
            @functools.wraps(function)
            def call(self: Any, *a: Any, **k: Any) -> Any:
                row = _CallInfo(paths.get(id(self), ("?",)), self, (a, k), None)
                rows.append(row)
                row.outputs = function(self, *a, **k)
                return row.outputs

            return call

        for cls in classes:
            name = method if isinstance(model, cls) else "__call__"
            function = vars(cls).get(name)
            if inspect.isfunction(function):
                before.append((cls, name, function))
                setattr(cls, name, noted(function))
        return getattr(model, method)(*inputs, **named)

    try:
        eval_shape(run, obj, *args, **kwargs)
    finally:
        for cls, name, function in before:
            setattr(cls, name, function)
    return rows


def tabulate(
    obj: Module,
    *input_args: Any,
    depth: int | None = None,
    method: str = "__call__",
    row_filter: Callable[[Any], bool] = _filter_rng_streams,
    table_kwargs: Mapping[str, Any] = {},
    column_kwargs: Mapping[str, Any] = {},
    console_kwargs: Mapping[str, Any] = {},
    compute_flops: bool = False,
    compute_vjp_flops: bool = False,
    **input_kwargs: Any,
) -> str:
    """A table of the modules that a call of a model goes through, with shapes and sizes.

    Args:
        obj: the model.
        *input_args, **input_kwargs: what it is called with; nothing is computed.
        depth: how deep modules are listed; all without it.
        method: the method that is called.
        row_filter: which rows are kept.
        table_kwargs, column_kwargs, console_kwargs: accepted, and without effect: the table is
            plain text.
        compute_flops, compute_vjp_flops: add the cost of the whole call, and of its derivative.

    Example:
        >>> from jib import nnx
        >>> print(nnx.tabulate(nnx.Sequential(jnp.sin), jnp.ones(2)))
        path  type        inputs      outputs     variables
              Sequential  float32[2]  float32[2]
    """
    rows = [r for r in _recorded(obj, method, input_args, input_kwargs) if row_filter(r)]
    lines = [("path", "type", "inputs", "outputs", "variables")]
    for row in rows:
        if depth is None or len(row.path) <= depth:
            path = "/".join(map(str, row.path))
            shapes = _shapes(row.inputs), _shapes(row.outputs)
            note = "; ".join(_own(row.module))
            lines.append((path, type(row.module).__name__, *shapes, note))
    whole = _size_note(obj).removeprefix("  # ")
    text = _aligned(lines) + [f"total: {whole}"] * bool(whole)
    for wanted, name in ((compute_flops, "flops"), (compute_vjp_flops, "vjp flops")):
        if wanted:
            text.append(f"{name}: {_flops(obj, method, input_args, input_kwargs, name)}")
    return "\n".join(text)


def _own(module: Module) -> Iterator[str]:
    for name, value, _ in items(module):
        if isinstance(value, Variable):
            yield f"{name}: {type(value).__name__} {_shapes(value.get_raw_value())}"


def _aligned(lines: list[tuple]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return [
        "  ".join(f"{x:<{w}}" for x, w in zip(line, widths, strict=True)).rstrip() for line in lines
    ]


def _flops(obj: Module, method: str, args: tuple, kwargs: dict, name: str) -> int:
    """What a call costs, or a call and its derivative by all parameters."""

    def call(model: Any, *inputs: Any) -> Any:
        return getattr(model, method)(*inputs, **kwargs)

    def derivative(model: Any, *inputs: Any) -> Any:
        out = eval_shape(call, model, *inputs)
        ones = tree.map(lambda s: jnp.ones(s.shape, s.dtype), out)
        return vjp(call, model, *inputs)[1](ones)

    lowered = jit(call if name == "flops" else derivative).lower(obj, *args)
    return int(lowered.cost_analysis()["flops"])
