"""The stages of `jit`, one at a time: traced, lowered, compiled."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, ParamSpec, Protocol, TypeVar

from jib.backend import mlir
from jib.core.avals import ShapedArray, ShapeDtypeStruct
from jib.core.jaxpr import ClosedJaxpr
from jib.core.tracing import aval_of
from jib.errors import ArgumentTypeError, ArgumentValueError, StructureError
from jib.passes.eager import CompileOptions, compile_jaxpr, load, lower_jaxpr
from jib.passes.key_effects import with_keys_noted
from jib.tree import tree_registry

__all__ = ["ArgInfo", "Compiled", "Lowered", "Traced", "Wrapped"]

P = ParamSpec("P")
R = TypeVar("R", covariant=True)


class Wrapped(Protocol[P, R]):
    """What `jib.jit` returns, for annotations: the function, and the stages on its way."""

    __name__: str

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R: ...
    def __get__(self, instance: Any, owner: type | None = None, /) -> Callable[..., R]: ...
    def trace(self, *args: P.args, **kwargs: P.kwargs) -> Traced: ...
    def lower(self, *args: P.args, **kwargs: P.kwargs) -> Lowered: ...
    def eval_shape(self, *args: P.args, **kwargs: P.kwargs) -> Any: ...
    def clear_cache(self) -> None: ...


@dataclasses.dataclass(frozen=True, eq=False, repr=False, slots=True)
class ArgInfo:
    """The type of one argument, and whether its memory is given away."""

    _aval: Any
    donated: bool

    shape = property(attrgetter("_aval.shape"), doc="Lengths of the axes.")
    dtype = property(attrgetter("_aval.dtype"), doc="Type of the elements.")

    def __repr__(self) -> str:
        return f"ArgInfo(aval={self._aval}, donated={self.donated})"


@dataclasses.dataclass(eq=False, repr=False)
class Traced:
    """A function traced for one signature: its jaxpr, and the way on."""

    jaxpr: ClosedJaxpr
    _leaves: Sequence[Any]
    in_tree: Any
    out_tree: Any
    options: CompileOptions
    fun_name: str

    in_avals = property(attrgetter("jaxpr.in_avals"), doc="Types of the flat arguments.")

    @property
    def out_info(self) -> Any:
        """The results as a tree of `ShapeDtypeStruct`."""
        return self.out_tree.unflatten(list(map(struct_of, self.jaxpr.out_avals)))

    @property
    def args_info(self) -> Any:
        """The arguments as a tree of `ArgInfo`."""
        hidden = len(self.jaxpr.consts)
        donated = self.options.donated or (False,) * (hidden + len(self._leaves))
        infos = map(ArgInfo, self.jaxpr.in_avals, donated[hidden:])
        return self.in_tree.unflatten(list(infos))

    def lower(self, *, lowering_platforms: Any = None) -> Lowered:
        """Write the program as a StableHLO module."""
        return Lowered(self)


def struct_of(aval: ShapedArray) -> ShapeDtypeStruct:
    """The stand-in for an array of a type."""
    return ShapeDtypeStruct(aval.shape, aval.dtype, weak_type=aval.weak_type)


class _Stage:
    """What is known since the function was traced."""

    def __init__(self, traced: Traced) -> None:
        self._traced = traced

    in_tree = property(attrgetter("_traced.in_tree"), doc="The structure of the arguments.")
    out_tree = property(attrgetter("_traced.out_tree"), doc="The structure of the result.")
    args_info = property(attrgetter("_traced.args_info"), doc=Traced.args_info.__doc__)
    out_info = property(attrgetter("_traced.out_info"), doc=Traced.out_info.__doc__)


class Lowered(_Stage):
    """A program as a StableHLO module."""

    def __init__(self, traced: Traced) -> None:
        super().__init__(traced)
        self._values = [*traced.jaxpr.consts, *traced._leaves]
        self._lowering = lower_jaxpr(traced.jaxpr.jaxpr.hoisted, self._values, traced.options)

    def compiler_ir(self, dialect: str | None = None) -> Any:
        """The MLIR module."""
        return self._lowering[0].module

    def as_text(self, dialect: str | None = None, *, debug_info: bool = False) -> str:
        """The module as text."""
        with mlir.context:
            return str(self._lowering[0].module.operation.get_asm(enable_debug_info=debug_info))

    def cost_analysis(self) -> dict[str, float]:
        """XLA's estimate of operations and bytes, for the compiled program."""
        return self.compile().cost_analysis()

    def compile(
        self, compiler_options: dict[str, Any] | None = None, *, device_assignment: None = None
    ) -> Compiled:
        """Compile the module; the ordinary call of the function uses the same program."""
        if device_assignment is not None:
            raise ArgumentValueError(
                "a program runs on the devices of its arguments: `device_assignment` must be None",
                help="x = jib.device_put(x, device)",
            )
        jaxpr = self._traced.jaxpr.jaxpr.hoisted
        options = self._traced.options
        if compiler_options:
            merged = {**dict(options.options), **compiler_options}
            options = options._replace(options=tuple(sorted(merged.items())))
            return Compiled(self._traced, load(self._lowering, jaxpr, options))
        return Compiled(self._traced, compile_jaxpr(jaxpr, self._values, options))


class Compiled(_Stage):
    """A compiled program for one signature; calling it never traces."""

    def __init__(self, traced: Traced, program: Any) -> None:
        super().__init__(traced)
        self._program = program

    @property
    def input_shardings(self) -> Any:
        """Where each argument is expected."""
        hidden = len(self._traced.jaxpr.consts)
        return self.in_tree.unflatten(self._program.in_shardings[hidden:])

    @property
    def output_shardings(self) -> Any:
        """Where each result will be."""
        return self.out_tree.unflatten(self._program.out_shardings)

    def as_text(self) -> str:
        """The optimized program, in XLA's own notation."""
        return self._program.executable.hlo_modules()[0].to_string()

    def cost_analysis(self) -> dict[str, float]:
        """XLA's estimate of operations and bytes."""
        return self._program.executable.cost_analysis()

    def memory_analysis(self) -> Any:
        """Bytes of arguments, results, temporaries and code."""
        return self._program.executable.get_compiled_memory_stats()

    def runtime_executable(self) -> Any:
        """XLA's own object."""
        return self._program.executable

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the program on arguments of the types it was compiled for (static ones left out)."""
        leaves, tree = tree_registry.flatten((args, kwargs))
        if tree != self.in_tree:
            raise StructureError(
                f"`{self._traced.fun_name}` was compiled for arguments of structure "
                f"{self.in_tree}, but got {tree}"
            )
        for x, aval in zip(leaves, self._traced.jaxpr.in_avals, strict=True):
            given = aval_of(x)
            if (given.shape, given.dtype) != (aval.shape, aval.dtype):
                raise ArgumentTypeError(
                    f"`{self._traced.fun_name}` was compiled for {aval}, but got {given}"
                )
        closed = self._traced.jaxpr
        values = [*closed.consts, *leaves]
        run = lambda: self.out_tree.unflatten(self._program(values))  # noqa: E731
        return with_keys_noted(closed.jaxpr.hoisted, values, run)
