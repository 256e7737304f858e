"""Tables of a module's parts: inputs, outputs, variables and what they cost."""

from __future__ import annotations

import dataclasses
import enum
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import rich.console
import rich.table
import rich.text

from jib import tree
from jib.core.avals import ShapeDtypeStruct
from jib.linen._calls import CallRecord, context
from jib.linen.core import meta
from jib.linen.core._filters import NOT_INTERMEDIATES, CollectionFilter
from jib.linen.core.frozen_dict import unfreeze
from jib.linen.core.scope import LazyRng
from jib.linen.typing import SizeBytes
from jib.transforms.abstract import eval_shape, typeof
from jib.transforms.jit import jit
from jib.transforms.linear import vjp
from jib.transforms.stages import struct_of

__all__ = ["Row", "Table", "module_table", "tabulate"]


@dataclasses.dataclass
class Row:
    """One call of a method.

    Attributes:
      path: the module's path.
      module_copy: a copy of the module, without variables.
      method: the method's name.
      inputs: the types of the inputs.
      outputs: the types of the outputs.
      module_variables: the variables of the module itself, by collection.
      counted_variables: those that are counted in this row: with `depth`, of submodules as well.
      flops: operations of the call, -1 where they are not computed.
      vjp_flops: operations of the call with its way back, -1 where they are not computed.
    """

    path: tuple[str, ...]
    module_copy: Any
    method: str
    inputs: Any
    outputs: Any
    module_variables: dict[str, Any]
    counted_variables: dict[str, Any]
    flops: int = -1
    vjp_flops: int = -1

    def size_and_bytes(self, collections: Iterable[str]) -> dict[str, tuple[int, int]]:
        """How many numbers and bytes each collection has in this row."""
        sizes = {c: SizeBytes.from_any(self.counted_variables.get(c, {})) for c in collections}
        return {col: (size.size, size.bytes) for col, size in sizes.items()}


class Table(list[Row]):
    """The rows of a module's table.

    Args:
      module: the module.
      collections: the collections that have a column.
      rows: the calls.
    """

    def __init__(self, module: Any, collections: Sequence[str], rows: Iterable[Row]) -> None:
        super().__init__(rows)
        self.module, self.collections = module, collections


def tabulate(
    module: Any, rngs: Any, depth: int | None = None, show_repeated: bool = False,
    mutable: CollectionFilter = NOT_INTERMEDIATES, console_kwargs: Mapping[str, Any] | None = None,
    table_kwargs: Mapping[str, Any] = MappingProxyType({}),
    column_kwargs: Mapping[str, Any] = MappingProxyType({}), compute_flops: bool = False,
    compute_vjp_flops: bool = False, **kwargs: Any,
) -> Callable[..., str]:  # fmt: skip
    """A function of a module's inputs that gives a table of its parts, as text.

    Nothing is computed: inputs may be `ShapeDtypeStruct`s.

    Args:
      module: the module.
      rngs: a key, or keys by name.
      depth: how deep to go; what is deeper is counted in the rows above.
      show_repeated: also show further calls of the same module.
      mutable: the collections to show.
      console_kwargs: options of `rich.console.Console`, such as `width`.
      table_kwargs: options of `rich.table.Table`.
      column_kwargs: options of its columns.
      compute_flops: show the operations of each call.
      compute_vjp_flops: show the operations of each call with its way back.
      kwargs: what the method gets by name.
    """

    def table_of(*args: Any, **named: Any) -> str:
        table = module_table(module, depth, show_repeated, compute_flops, compute_vjp_flops)(
            rngs, *args, **named, **kwargs, mutable=mutable
        )
        columns = ["inputs", "outputs"]
        columns += ["flops"] * compute_flops + ["vjp_flops"] * compute_vjp_flops
        return _rendered(table, columns, console_kwargs or {}, table_kwargs, column_kwargs)

    return table_of


def module_table(
    module: Any, depth: int | None = None, show_repeated: bool = False, compute_flops: bool = False,
    compute_vjp_flops: bool = False,
) -> Callable[..., Table]:  # fmt: skip
    """A function `(rngs, *args)` that gives the table of a module's parts."""

    def table_of(*args: Any, **kwargs: Any) -> Table:
        context.records.append([])
        try:
            variables = eval_shape(lambda *args: module.init(*args, **kwargs), *args)
        finally:
            calls: list[Any] = context.records.pop()
        paths = {call.path for call in calls}
        rows, seen = [], set()
        for call in calls:
            again = call.path in seen or not hasattr(type(call.module), call.method)
            if (again and not show_repeated) or (depth is not None and len(call.path) > depth):
                continue
            seen.add(call.path)
            own = {} if again else _own_variables(call.path, variables, paths)
            deepest = depth is not None and len(call.path) == depth and not again
            counted = _at(call.path, variables) if deepest else own
            costs = [
                _cost(call, back) if wanted else -1
                for back, wanted in ((False, compute_flops), (True, compute_vjp_flops))
            ]
            rows.append(
                Row(
                    call.path, call.module.copy(parent=None), call.method,
                    _inputs(call.args, call.kwargs), call.outputs, own, counted, *costs,
                )
            )  # fmt: skip
        return Table(module, tuple(variables), rows)

    return table_of


def _at(path: tuple[str, ...], variables: Any) -> dict[str, Any]:
    """The collections at a path."""
    found = {}
    for col, inner in variables.items():
        for name in path:
            inner = inner.get(name) if isinstance(inner, Mapping) else None
        if inner is not None:
            found[col] = unfreeze(inner)
    return found


def _own_variables(path: tuple[str, ...], variables: Any, paths: set[Any]) -> dict[str, Any]:
    return {
        col: {name: value for name, value in inner.items() if (*path, name) not in paths}
        for col, inner in _at(path, variables).items()
    }


def _inputs(args: Any, kwargs: Any) -> Any:
    if args and kwargs:
        return (*args, kwargs)
    return (args[0] if len(args) == 1 else args) if args else kwargs


def _cost(call: CallRecord, backward: bool) -> int:
    """The operations that the compiler counts in one call."""
    leaves, kind = tree.flatten((call.args, call.kwargs))
    places = [i for i, x in enumerate(leaves) if isinstance(x, ShapeDtypeStruct)]
    scope = call.scope
    rngs = {name: rng.rng if isinstance(rng, LazyRng) else rng for name, rng in scope.rngs.items()}

    def given(values: Any) -> Any:
        full = list(leaves)
        for place, value in zip(places, values, strict=True):
            full[place] = value
        return kind.unflatten(full)

    def run(method: Any, first: Any, values: Any) -> Any:
        args, kwargs = given(values)
        return method(first, *args, method=call.method, mutable=scope.mutable, **kwargs)

    dynamic = [leaves[i] for i in places]
    keys = {name: struct_of(typeof(key)) for name, key in rngs.items()}
    variables = eval_shape(lambda r, values: run(call.module.init, r, values), keys, dynamic)

    def forward(variables: Any, rngs: Any, values: Any) -> Any:
        args, kwargs = given(values)
        return call.module.apply(
            variables, *args, rngs=rngs, method=call.method, mutable=scope.mutable, **kwargs
        )

    def both(variables: Any, rngs: Any, values: Any) -> Any:
        y, back = vjp(lambda v, x: forward(v, rngs, x), variables, values)
        return back(y)

    lowered = jit(both if backward else forward).lower(variables, keys, dynamic)
    return int((lowered.cost_analysis() or {}).get("flops", 0))


def _leaf_text(x: Any) -> str:
    if isinstance(x, meta.Partitioned):
        return f"{_leaf_text(x.value)} [dim]P[/dim]{x.names}"
    if hasattr(x, "shape") and hasattr(x, "dtype"):
        return f"[dim]{x.dtype}[/dim]\\[{','.join(map(str, x.shape))}]"
    return "None" if x is None else str(x)


def _text(x: Any) -> str:
    """Nested containers as indented lines: `key: type`, `- type`."""
    if dataclasses.is_dataclass(x) and not isinstance(x, meta.Partitioned | ShapeDtypeStruct):
        x = {f.name: getattr(x, f.name) for f in dataclasses.fields(x)}
    if isinstance(x, Mapping):
        lines = []
        for key, value in x.items():
            key, text = (
                getattr(key, "value", key) if isinstance(key, enum.Enum) else key,
                _text(value),
            )
            nested = isinstance(value, Mapping | tuple | list) and text
            lines.append(f"{key}:\n{_indented(text)}" if nested else f"{key}: {text}")
        return "\n".join(lines)
    if isinstance(x, tuple | list):
        return "\n".join(f"- {_indented(_text(value)).lstrip()}" for value in x)
    return _leaf_text(x)


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.split("\n"))


def _size_text(size: SizeBytes) -> str:
    count, _, rest = repr(size).partition(" ")
    return f"{count} [dim]{rest}[/dim]" if size else ""


def _rendered(
    table: Table, columns: list[str], console: Any, table_kwargs: Any, column_kwargs: Any
) -> str:
    title = f"{type(table.module).__name__} Summary"
    made = rich.table.Table(
        show_header=True, show_lines=True, show_footer=True, title=title, **table_kwargs
    )
    for name in ("path", "module", *columns, *table.collections):
        made.add_column(name, **column_kwargs)
    totals = dict.fromkeys(table.collections, SizeBytes(0, 0))
    for row in table:
        cells = []
        for col in table.collections:
            size = SizeBytes.from_any(row.counted_variables.get(col, {}))
            totals[col] += size
            shown = _text(row.module_variables.get(col, {}))
            parts = [shown] if shown else []
            cells.append("\n\n".join([*parts, f"[bold]{_size_text(size)}[/bold]"]))
        kind = type(row.module_copy).__name__
        kind += "" if row.method in ("__call__", "<lambda>") else f" [dim]({row.method})[/dim]"
        values = (_text(getattr(row, name)) for name in columns)
        made.add_row("/".join(row.path), kind, *values, *cells)
    first = 2 + len(columns)
    made.columns[first - 1].footer = rich.text.Text("Total", justify="right")
    for place, col in enumerate(table.collections):
        made.columns[first + place].footer = _size_text(totals[col])
    made.caption_style = "bold"
    total = sum(totals.values(), SizeBytes(0, 0))
    made.caption = f"\nTotal Parameters: {_size_text(total)}"
    out = io.StringIO()
    options = {"force_terminal": True, "force_jupyter": False, **console}
    rich.console.Console(file=out, **options).print(made)
    return f"\n{out.getvalue()}\n"
