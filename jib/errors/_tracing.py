"""J1xx: a value that is known only later was used as a plain Python value now."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from jib._deferred import DeferredModule
from jib.errors._base import Fix, JibError, Provenance, Report, provenance_of, type_text
from jib.errors._spans import Source

if TYPE_CHECKING:
    from jib.errors._syntax import Site

# Reading the user's syntax is for the moment when a message is wanted.
_cures_of: Any = DeferredModule("jib.errors._cures")
_syntax: Any = DeferredModule("jib.errors._syntax")

__all__ = [
    "AmbiguousTruthError", "ConcretizationTypeError", "ItemAssignmentError", "JAXIndexError",
    "JAXTypeError", "NonConcreteBooleanIndexError", "TracedArrayError", "TracedControlFlowError",
    "TracedConversionError", "TracedIntegerError", "TracedMaskError", "TracedShapeError",
    "TracerArrayConversionError", "TracerBoolConversionError", "TracerIntegerConversionError",
    "UnhashableArrayError",
]  # fmt: skip


class JAXTypeError(TypeError):
    """The name under which code in JAX's style catches type errors."""


class JAXIndexError(IndexError):
    """The name under which code in JAX's style catches index errors."""


class ConcretizationTypeError(JibError, JAXTypeError):
    """A value that is known only when the compiled program runs was needed while tracing.

    Args:
      tracer: the traced value (its `provenance()` is asked), or its type as text: `"bool[]"`.
      provenance: the arguments it depends on, and the function being traced.
      source: raw position; by default the innermost frame of the user.
      context: a further sentence, shown as a note.
    """

    needs: ClassVar[str] = "a plain Python value"

    def __init__(
        self,
        tracer: Any = "",
        provenance: Provenance | None = None,
        source: Source | None = None,
        context: str = "",
    ) -> None:
        self.value, self.context = type_text(tracer), context
        Exception.__init__(self, f"{self.needs} is needed now, but {self.value} is traced")
        self._locate(source, provenance or provenance_of(tracer))

    def _explain(self) -> Report:
        site = _syntax.find_site(self.source, self._globals, index=True)
        label = self.provenance.origin() if self.provenance else ""
        report = Report(self._sentence(site), label or (f"is {self.value}" if self.value else ""))
        if self.context:
            report.notes.append(self.context)
        if site is not None:
            self.__dict__["span"] = site.span
            report.help, report.fixes = self._cures(site)
        return report

    def _cures(self, site: Site) -> tuple[list[str], list[Fix]]:
        return _cures_of.cures(site, self.provenance, self.value)

    def _sentence(self, site: Site | None) -> str:
        if site is None:
            value = self.value or "the value"
            return f"{self.needs} is needed now, but {value} is {self._when()}"
        return f"{_named(site)} needs {self.needs} now, but {site.phrase} is {self._when()}"

    def _when(self) -> str:
        if self.provenance is not None and self.provenance.transform.endswith("vmap"):
            return "a different one for each element that jib.vmap maps over"
        return "known only when the compiled program runs"


def _named(site: Site) -> str:
    construct = site.construct or "this expression"
    return construct if construct.startswith(("a ", "an ", "this ")) else f"`{construct}`"


class TracedControlFlowError(
    ConcretizationTypeError, code="J101", title="a traced value decides Python control flow"
):
    """A traced value was asked for True or False: `if`, `while`, `and`, `assert`, `min`, ..."""

    needs = "True or False"


class _ArrayMisuse(JibError):
    """An array, traced or not, where it cannot stand; the user's syntax says how to write it.

    Args:
      array: the array, or its type as text: `"bool[3]"`.
      source: raw position; by default the innermost frame of the user.
    """

    plain: ClassVar[str]
    shows_origin: ClassVar[bool] = True  # where a traced array comes from

    def __init__(self, array: Any = "", source: Source | None = None) -> None:
        self.value = type_text(array)
        Exception.__init__(self, self.plain.format(self.value))
        self._locate(source, provenance_of(array) if self.shows_origin else None)

    def _explain(self) -> Report:
        site = _syntax.find_site(self.source, self._globals)
        if site is not None:
            self.__dict__["span"] = site.span
        report = Report("", f"is {self.value}" if self.value else "")
        self._write(report, site, f"`{site.value}`" if site and site.value else "an array")
        return report

    def _write(self, report: Report, site: Site | None, named: str) -> None:
        """Fill in the sentence and the cures."""
        raise NotImplementedError(f"{type(self).__name__} does not say what to write")


class AmbiguousTruthError(
    _ArrayMisuse, ValueError, code="J108", title="several elements are asked for one truth value"
):
    """`if x > 0` and the like on an array, traced or not, that has not exactly one element."""

    plain = "{} has no single truth value"

    def _write(self, report: Report, site: Site | None, named: str) -> None:
        if site is None:
            report.message, report.label = str(self.args[0]), ""
            return
        report.message = (
            f"{_named(site)} needs one True or False, but {site.phrase} has several elements"
        )
        report.help, report.fixes = _cures_of.truth_cures(site)


class TracedIntegerError(
    ConcretizationTypeError, code="J102", title="a traced value is used as a Python integer"
):
    """A traced value was asked for a Python integer: `range(n)`, `items[n]`, `x[:n]`, `int(n)`."""

    needs = "a whole number"


class TracedShapeError(
    ConcretizationTypeError, code="J103", title="a shape depends on a traced value"
):
    """A shape, size or axis was traced: `jnp.zeros(n)`, `x.reshape(n, -1)`, `jnp.arange(n)`."""

    needs = "a shape made of whole numbers"


class TracedConversionError(
    ConcretizationTypeError,
    code="J104",
    title="a traced value is converted to a Python number or text",
):
    """`float(x)`, `complex(x)`, `x.item()`, `x.tolist()` or `f"{x:.3f}"` on a traced value.

    Args:
      tracer: the traced value, or its type as text: `"float32[]"`.
      provenance: the arguments it depends on, and the function being traced.
      needs: what was asked for, as `"a Python float"`.
      source: raw position; by default the innermost frame of the user.
    """

    def __init__(
        self,
        tracer: Any = "",
        provenance: Provenance | None = None,
        needs: str = "a plain Python value",
        source: Source | None = None,
    ) -> None:
        self.needs = needs  # type: ignore[misc]
        super().__init__(tracer, provenance, source)


class TracedArrayError(
    ConcretizationTypeError, code="J105", title="a traced value is converted to a NumPy array"
):
    """A NumPy function, or `numpy.asarray`, was given a traced value."""

    needs = "the numbers"


class TracedMaskError(
    ConcretizationTypeError,
    JAXIndexError,
    code="J106",
    title="a traced boolean mask decides a shape",
):
    """`x[mask]` with a traced mask: how many elements remain is not known yet."""

    needs = "a mask with a known number of True values"

    def _cures(self, site: Site) -> tuple[list[str], list[Fix]]:
        return _cures_of.mask_cures(site)


class UnhashableArrayError(
    _ArrayMisuse, TypeError, code="J107", title="an array is used as a dictionary key or set member"
):
    """An array, traced or not, was hashed."""

    plain = "an array cannot be hashed"

    def _write(self, report: Report, site: Site | None, named: str) -> None:
        if site is not None:
            inside = site.construct == "in"
            if inside:
                named = f"`{site.value.partition(' in ')[0].removesuffix(' not')}`"
            site = replace(site, construct="in a hashed container" if inside else "a key")
            report.help, report.fixes = _cures_of.cures(site, self.provenance, self.value)
        report.message = f"{named} cannot be a dictionary key or a set member: arrays have no hash"
        if self.provenance is None:
            report.help.append("use the number as key, for example with `x.item()`")
        if not report.help:
            report.help.append("keep the values in an array, and look up by position   values[i]")


class ItemAssignmentError(
    _ArrayMisuse, TypeError, code="J110", title="an array is changed in place"
):
    """`x[i] = v`, `x[i] += v` or `del x[i]` on an array: arrays never change."""

    plain = "arrays never change in place; use x = x.at[i].set(v)"
    shows_origin = False

    def _write(self, report: Report, site: Site | None, named: str) -> None:
        report.message = f"{named} cannot be changed in place: arrays never change"
        if site is not None:
            report.help, report.fixes = _cures_of.cures(site, None, self.value)
        report.help = report.help or ["make a changed copy   x = x.at[i].set(v)"]


# The names under which code in JAX's style catches them.
NonConcreteBooleanIndexError = TracedMaskError
TracerArrayConversionError = TracedArrayError
TracerBoolConversionError = TracedControlFlowError
TracerIntegerConversionError = TracedIntegerError
