"""J2xx to J9xx: wrong shapes and types, lost values, mismatched structures."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

from jib._deferred import DeferredModule
from jib.errors._base import JibError, type_text
from jib.errors._spans import Source, Span, resolve
from jib.errors._tracing import JAXIndexError, JAXTypeError

__all__ = [
    "ArgumentTypeError", "ArgumentValueError", "AxisError", "BatchSizeError", "CallbackError",
    "CarryError", "CheckError", "DTypeError", "DonatedArrayError", "EffectError", "GradTypeError",
    "InconclusiveDimensionOperation", "IndexBoundsError", "IntegerRangeError", "JaxRuntimeError",
    "JaxprTypeError", "JibRuntimeError", "KeyReuseError", "LeakedTracerError",
    "NoDerivativeError", "NonScalarGradError", "NotAvailableError", "NotFiniteError", "ShapeError",
    "StaticArgumentError", "StructureError", "UnboundAxisError", "UnexpectedTracerError",
    "missing_names",
]  # fmt: skip

_ast: Any = DeferredModule("ast")
_difflib: Any = DeferredModule("difflib")
_re: Any = DeferredModule("re")


def _listed(items: Sequence[str]) -> str:
    """`a, b and c`."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


class ShapeError(
    JibError, ValueError, TypeError, code="J201", title="shapes do not fit each other"
):
    """Two shapes do not fit each other, or a shape does not fit the operation."""

    @classmethod
    def broadcast(cls, operation: str, avals: Sequence[str]) -> ShapeError:
        """Shapes (as `"float32[3]"`) that `operation` cannot stretch to one another."""
        return cls(
            f"`{operation}` cannot stretch {_listed(avals)} to one shape",
            notes=["shapes are aligned at the right; each pair must be equal or hold a 1"],
        )


class DTypeError(JibError, TypeError, code="J202", title="an element type does not fit"):
    """An element type does not fit the operation."""

    @classmethod
    def accepts(cls, operation: str, dtype: str, accepted: str, help: str = "") -> DTypeError:
        """`operation` got `dtype`, but takes only `accepted` (`"floating"`)."""
        message = f"`{operation}` takes {accepted} elements, but got {dtype}"
        if accepted == "floating" and dtype.startswith(("int", "uint", "bool")):
            help = help or "jib.numpy.asarray(x, float) makes floats of integers"
        if dtype.startswith("key<"):
            help = "jib.random.key_data(key) gives the words of a key"
        return cls(message, help=[help] if help else [])


class ArgumentTypeError(JibError, TypeError, code="J203", title="an argument is not an array"):
    """An argument is neither an array nor something that can become one."""


class ArgumentValueError(JibError, ValueError, code="J204", title="an argument's value is wrong"):
    """An argument has the right type but a value that cannot be used."""

    @classmethod
    def check(cls, operation: str, option: str, value: Any, known: Sequence[Any]) -> None:
        """Raise unless `value` is one that `operation` knows for its argument `option`."""
        if value not in known:
            listed = ", ".join(map(repr, known))
            raise cls(
                f"the `{option}` of `{operation}` is one of {listed}, not {value!r}",
                help=f"{option}={known[0]!r}",
            )


class AxisError(JibError, ValueError, IndexError, code="J205", title="an axis does not exist"):
    """An axis is out of range for the array."""

    @classmethod
    def out_of_range(cls, operation: str, axis: int, ndim: int) -> AxisError:
        """`operation` got `axis` for an array of `ndim` axes."""
        if ndim == 0:
            return cls(f"`{operation}` got axis {axis}, but the array is a scalar: it has no axes")
        axes = f"{ndim} {'axis' if ndim == 1 else 'axes'}: {-ndim} to {ndim - 1}"
        return cls(f"`{operation}` got axis {axis}, but the array has {axes}")


class IndexBoundsError(JibError, JAXIndexError, code="J206", title="an index is out of bounds"):
    """A static index, or an index known now, lies outside the array."""

    @classmethod
    def outside(cls, index: int, axis: int, size: int) -> IndexBoundsError:
        """`index` is not a position along `axis`, which has `size` elements."""
        return cls(f"index {index} is outside axis {axis}, which has {size} elements")


class IntegerRangeError(JibError, OverflowError, code="J207", title="an integer does not fit"):
    """A Python integer does not fit the element type that it would take."""

    @classmethod
    def overflow(cls, value: int, dtype: str) -> IntegerRangeError:
        """`value` is too large, or too small, for `dtype`."""
        return cls(
            f"{value} does not fit in {dtype}",
            help=f"ask for a wider type   jib.numpy.asarray({value}, dtype='int64')"
            if -(2**63) <= value < 2**63
            else (),
        )


class InconclusiveDimensionOperation(
    JibError, TypeError, code="J208", title="a symbolic size leaves the answer open"
):
    """A comparison of symbolic dimension sizes has no single answer."""


class NonScalarGradError(JibError, TypeError, code="J301", title="gradient of a non-scalar"):
    """`grad` needs a function that returns one number.

    Args:
      output: type of what the function returned, as `"float32[3]"`.
      function: the function's name.
    """

    def __init__(self, output: str, function: str = "the function") -> None:
        super().__init__(
            f"jib.grad needs `{function}` to return one number, but it returned {output}",
            help=[
                "reduce it to one number, for example with `.sum()` or `.mean()`",
                "for the derivative of every element use jib.jacrev or jib.jacfwd",
            ]
            if output not in ("tuple", "list")
            else "gradient, rest = jib.grad(function, has_aux=True)(...)   if the first of two "
            "is the number",
        )


class GradTypeError(JibError, TypeError, code="J302", title="gradient of a non-real value"):
    """A derivative was asked with respect to an integer or boolean, or of such an output.

    Args:
      name: the argument's name, or `"output"`.
      aval: its type, as `"int32[]"`.
      transform: the transform that was called.
      boxed: whether the argument is a module of variables.
    """

    def __init__(
        self, name: str, aval: str, transform: str = "jib.grad", boxed: bool = False
    ) -> None:
        kind, returned = aval.partition("[")[0].rstrip("0123456789"), name == "output"
        named, wanted = "what the function returned" if returned else f"`{name}`", "floating"
        cures = ["pass floating numbers, for example 3.0 in place of 3 or x.astype('float32')"]
        if kind == "float":
            wanted, cures = "complex", ["leave out holomorphic=True"]
        elif kind == "complex":
            cures = [f"for a complex derivative   {transform}(f, holomorphic=True)"]
        if returned and kind != "float":
            cures = ["return a real number: `.astype('float32')`, `abs(z)` or `z.real`"]
        if boxed:
            cures = ["by the parameters of a module alone   nnx.grad(loss)(model)"]
        super().__init__(f"{transform} needs {wanted} numbers, but {named} is {aval}", help=cures)


class NoDerivativeError(JibError, TypeError, code="J303", title="no derivative exists"):
    """The operation has no derivative in the mode that was asked for."""


class LeakedTracerError(JibError, JAXTypeError, code="J401", title="a traced value escaped"):
    """A traced value was used after the function that traced it had returned.

    Args:
      tracer: the value, or its type as text: `"float32[3]"`.
      function: the traced function it belongs to.
      created: raw position where it was made.
      holder: what kept it, as "global variable `cache`".
    """

    def __init__(
        self, tracer: Any, function: str = "", created: Source | None = None, holder: str = ""
    ) -> None:
        owner = f"`{function}`" if function else "the function that traced it"
        held = f", kept in {holder}," if holder else ""
        notes: list[str | tuple[Span, str]] = []
        if created is not None:
            notes.append((resolve(created), "was made here"))
        super().__init__(
            f"a traced {type_text(tracer)}{held} is used after {owner} had finished",
            label="is no longer alive",
            notes=notes,
            help=f"return the value from {owner} and keep what comes back",
        )


class KeyReuseError(JibError, JAXTypeError, code="J402", title="a random key is used twice"):
    """A random key was used a second time, which would repeat or correlate the numbers."""

    @classmethod
    def used_twice(
        cls,
        first: Sequence[Source],
        second: Sequence[Source],
        inside: Sequence[Source] = (),
        many: bool = False,
    ) -> KeyReuseError:
        """A key used at two places, each the user's frames from the innermost on.

        Where one helper used both keys, its callers tell the uses apart. `inside` is the use in the
        program that was called, for a key that is no argument of the call. `many` says that it is
        an array of keys.
        """
        pairs = [p for p in zip(first, second, strict=False) if p[0] != p[1]]
        apart = bool(pairs)
        earlier, now = pairs[0] if apart else (next(iter(x), None) for x in (first, second))
        function, _ = _call_at(earlier)
        name = _call_at(inside[0] if inside else now)[1] or _call_at(earlier)[1]
        span = None if earlier is None else resolve(earlier)
        by = f" by `{function}`" if function else ""
        at = f" ({span.short_file}:{span.first_line})" if span else ""
        key, again = name or "key", "" if apart else " each time it comes there"
        # What draws numbers has one key, of the array that a function around it maps over.
        many = many and not (now and _re.match(r"[\w.]*random\.\w+\(", resolve(now).text))
        split = "jib.vmap(jib.random.split, out_axes=1)" if many else "jib.random.split"
        cure = f"k1, k2 = {split}({key})   and use each of them once"
        if not apart:
            fold = "jib.vmap(jib.random.fold_in, (0, None))" if many else "jib.random.fold_in"
            cure = f"in each round, a key of its own   {fold}({key}, i)"
        return cls(
            f"{f'`{name}`' if name else 'a random key'} was already used{by}{at}; the same numbers "
            f"would come again{again}",
            label="is the second use" if apart else "is both uses",
            notes=[(span, "was the first use")] if span and apart else (),
            help=[cure, f"to draw the same numbers again on purpose   jib.random.clone({key})"],
            source=now,
        )


def _call_at(source: Source | None) -> tuple[str, str]:
    """The name of the function called there, and the argument that is a key; "" for the unknown."""
    try:
        call: Any = _ast.parse(resolve(source).text, mode="eval").body if source else None
    except SyntaxError:
        call = None
    if not isinstance(call, _ast.Call):
        return "", ""
    named = {k.arg: k.value for k in call.keywords}
    texts = [_ast.unparse(x) for x in (*call.args, *named.values())]
    likely = [t for t in texts if _re.search(r"key|rng|seed|^k\d?$", t) and len(t) < 30]
    called: Any = call.func
    while isinstance(called, _ast.Call) and called.args:  # jib.vmap(f)(keys)
        called = called.args[0]
    function = _ast.unparse(called).rpartition(".")[2]
    if "random." in _ast.unparse(call.func) and texts and len(texts[0]) < 30:
        likely.insert(0, texts[0])
    return function if function.isidentifier() else "", likely[0] if likely else ""


class DonatedArrayError(
    JibError, RuntimeError, ValueError, code="J501", title="a donated array is used again"
):
    """An array was used after its memory had been given to a compiled function.

    Args:
      array: the array, or its type as text: `"float32[3]"`.
      name: the parameter that took it, when known.
      function: the function it was donated to.
      donated_at: raw position of that call.
    """

    def __init__(
        self, array: Any, name: str = "", function: str = "", donated_at: Source | None = None
    ) -> None:
        value = type_text(array)
        what = f"`{name}`" if name else f"this {value}"
        taker = f" to `{function}`" if function else ""
        place, notes = "", []
        if donated_at is not None:
            span = resolve(donated_at)
            place = f" at {span.short_file}:{span.first_line}"
            notes = [(span, "gave its memory away")]
        step = function if function.isidentifier() else "step"
        super().__init__(
            f"{what} was {'donated' if taker else 'deleted or donated'}{taker}{place}, "
            "so its memory is gone",
            label=f"is {value}",
            notes=notes,
            help=f"keep using what the call returns   {name or 'x'} = {step}({name or 'x'}, ...)",
        )


class JibRuntimeError(JibError, RuntimeError, code="J502", title="the compiled program failed"):
    """The compiler or the device reported a failure."""

    def __init__(self, message: str, error_code: int | None = None, **details: object) -> None:
        super().__init__(message, **details)  # type: ignore[arg-type]
        self.error_message = message
        self.error_code = error_code
        self.error_code_string = message.partition(":")[0] if ":" in message else ""


class CallbackError(JibError, RuntimeError, code="J503", title="a host callback failed"):
    """A Python function that a program calls raised an error, or returned what it must not."""


class EffectError(
    JibError,
    ValueError,
    NotImplementedError,
    code="J504",
    title="a transform cannot keep a host call",
):
    """A transform would repeat an effect on the host, drop it, or change its order."""


class CheckError(JibError, ValueError, code="J505", title="a check of the running program failed"):
    """A condition of the user is false, or an automatic check found a NaN or a bad index."""


class NotFiniteError(
    JibError, FloatingPointError, code="J506", title="a result is not a finite number"
):
    """A result holds NaN (or an infinity), which `debug_nans` (`debug_infs`) forbids."""


class StructureError(
    JibError, TypeError, ValueError, code="J601", title="containers are built differently"
):
    """Two containers (pytrees) that must have the same structure differ."""


class CarryError(JibError, TypeError, code="J602", title="a loop changes its carried value"):
    """The body of a loop, or a branch, returns another type than it was given."""

    @classmethod
    def differs(cls, operation: str, differences: Sequence[tuple[str, str, str]]) -> CarryError:
        """`(where, before, after)` for each leaf whose type changes."""
        where, before, after = differences[0]
        (old, old_shape), (new, new_shape) = before.split("["), after.split("[")
        if old_shape != new_shape:
            cures = ["keep its shape in every step; what grows is better returned step by step"]
        else:
            cures = [
                f"return what it was given   x.astype('{old}')",
                f"or begin with what it becomes   x.astype('{new}')",
            ]
        return cls(
            f"the body of `{operation}` must return what it was given, "
            f"but {where or 'the carry'} was {before} and became {after}",
            notes=[f"{w} was {b} and became {a}" for w, b, a in differences[1:]],
            help=cures,
        )


class JaxprTypeError(JibError, TypeError, code="J603", title="a program is ill-typed"):
    """A jaxpr breaks its own rules: built or edited by hand."""


class StaticArgumentError(
    JibError, ValueError, TypeError, code="J701", title="a static argument cannot be hashed"
):
    """A static argument must be hashable, because it is part of the compiled program's key.

    Args:
      name: the argument's name or position.
      type_name: its Python type.
      function: the compiled function's name.
    """

    def __init__(self, name: str, type_name: str, function: str = "") -> None:
        owner = f" of `{function}`" if function else ""
        shown = f"`{name}`" if name.isidentifier() else name
        name = name if name.isidentifier() else "value"
        type_name = {"ArrayImpl": "array", "ndarray": "array"}.get(type_name, type_name)
        article = "an" if type_name[0] in "aeiou" else "a"
        cure = {
            "array": f"leave it traced, or pass its numbers: tuple({name}.tolist())",
            "list": f"pass a tuple: tuple({name})",
            "dict": f"pass sorted pairs: tuple(sorted({name}.items()))",
            "set": f"pass a frozenset: frozenset({name})",
        }.get(type_name, "do not mark it static, or give its class __hash__ and __eq__")
        super().__init__(
            f"static argument {shown}{owner} must be hashable, but is {article} {type_name}",
            help=cure,
        )


class BatchSizeError(JibError, ValueError, code="J801", title="mapped arguments differ in size"):
    """`vmap` maps over axes of different sizes, or over no axis at all."""

    @classmethod
    def differ(cls, function: str, sizes: Sequence[tuple[str, str, int, int]]) -> BatchSizeError:
        """`(argument, aval, mapped axis, size)` for each mapped argument."""
        listed = [f"`{name}` has {size}" for name, _, _, size in sizes]
        return cls(
            f"jib.vmap of `{function}` needs one size for all mapped axes, but {_listed(listed)}",
            notes=[f"`{name}` is {aval}, mapped over axis {axis}" for name, aval, axis, _ in sizes],
            help="say which axis to map, or None for an argument that all share: in_axes=(0, None)",
        )


class UnboundAxisError(JibError, NameError, code="J802", title="no mapped axis has this name"):
    """A collective names an axis that no transform around it has mapped.

    Args:
      name: the name that was used.
      known: the names in scope.
    """

    def __init__(self, name: Any, known: Sequence[Any] = ()) -> None:
        shown = _listed([repr(n) for n in known]) if known else "none"
        super().__init__(
            f"no mapped axis is named {name!r} here; the axes in scope: {shown}",
            help=f"jib.vmap(f, axis_name={name!r}), or jib.shard_map over a mesh with that axis",
        )


class NotAvailableError(
    JibError, AttributeError, NotImplementedError, code="J901", title="a name is not there"
):
    """A name, or a way to call a function, that jib does not have.

    Args:
      name: the full name, as `"jib.scipy.fft.dctn"`.
      instead: what to use in its place.
    """

    def __init__(self, name: str, instead: str = "") -> None:
        super().__init__(f"jib does not have {name}", help=[f"use {instead}"] if instead else [])


def missing_names(module: str) -> Callable[[str], Any]:
    """A `__getattr__` for a module: names that are not there get an error with near names."""

    def missing(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        near = _difflib.get_close_matches(name, dir(sys.modules[module]), 1, 0.75)
        raise NotAvailableError(f"{module}.{name}", f"{module}.{near[0]}" if near else "")

    return missing


class _MissingModules:
    """The last of `sys.meta_path`: finds nothing, and says what is there instead.

    It is asked for `import jib.name`, and for `from jib import name`, where Python would drop the
    message of the module's `__getattr__`.
    """

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> None:
        """Raise for a name of a module of jib; None for all others."""
        parent, _, last = name.rpartition(".")
        top = sys.modules.get("jib")
        loading = getattr(getattr(sys.modules.get(parent), "__spec__", None), "_initializing", True)
        if not name.startswith("jib.") or loading or last.startswith("__"):
            return
        near = _difflib.get_close_matches(last, dir(sys.modules[parent]), 1, 0.75)
        instead = f"{parent}.{near[0]}" if near else f"jib.{last}" if hasattr(top, last) else ""
        # Without `name=`: Python drops a ModuleNotFoundError that names what `from` asks for.
        raise ModuleNotFoundError(f"jib does not have {name}" + f"; use {instead}" * bool(instead))


sys.meta_path.append(_MissingModules)  # type: ignore[arg-type]


# The names under which code in JAX's style catches them.
JaxRuntimeError = JibRuntimeError
UnexpectedTracerError = LeakedTracerError
