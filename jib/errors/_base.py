"""The shape that every error has: code, sentence, place, help."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

from jib import settings
from jib.errors import _spans
from jib.errors._spans import Source, Span, resolve, short_file_name, source_lines, user_frame

__all__ = ["CODES", "Fix", "JibError", "Provenance", "Report"]

CODES: dict[str, type[JibError]] = {}
_BY_NAME: dict[str, type[JibError]] = {}


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a traced value comes from: the arguments it depends on, and the function being traced.

    Args:
      arguments: `(name, type)` pairs of the arguments it depends on, as `("x", "float32[3]")`.
      function: name of the traced function.
      file: file of the traced function, or "" when unknown.
      line: line of its `def` (or `lambda`).
      transform: the transform that traces it, as `"jib.jit"`.
    """

    arguments: Sequence[tuple[str, str]] = ()
    function: str = ""
    file: str = ""
    line: int = 0
    transform: str = "jib.jit"

    def origin(self) -> str:
        """`depends on argument `x`: float32[3]`, or "" when no argument is known."""
        listed = [f"`{name}`: {aval}" for name, aval in self.arguments]
        if not listed:
            return ""
        shown = ", ".join(listed[:3]) + (f" and {len(listed) - 3} more" if listed[3:] else "")
        return f"depends on argument{'s' if len(listed) > 1 else ''} {shown}"

    def tracing(self, shown_file: str) -> str:
        """`traced by jib.jit (train.py:2)`; the file is left out when it cannot be told."""
        if not self.file:
            return f"traced by {self.transform}"
        file = os.path.basename(self.file) if self.file == shown_file else self.file
        return f"traced by {self.transform} ({short_file_name(file)}:{self.line})"


@dataclass(frozen=True, slots=True)
class Fix:
    """A replacement of a stretch of the user's file, so that a tool or a test can apply it.

    Positions are Python's: lines from 1, columns in UTF-8 bytes from 0. `imports` lists lines
    that the new text needs at the top of the file.
    """

    first_line: int
    column: int
    last_line: int
    end_column: int
    text: str
    imports: tuple[str, ...] = ()

    def apply(self, source: str) -> str:
        """`source` with the replacement made."""
        lines = source.encode().split(b"\n")
        head = [*lines[: self.first_line - 1], lines[self.first_line - 1][: self.column]]
        tail = [lines[self.last_line - 1][self.end_column :], *lines[self.last_line :]]
        changed = b"\n".join(head) + self.text.encode() + b"\n".join(tail)
        return "".join(f"{line}\n" for line in self.imports) + changed.decode()


@dataclass(slots=True)
class Report:
    """The parts of one message, as plain data.

    `label` stands right of the carets. A note is a sentence, or a `(span, label)` pair that shows
    a second place. Each help line is a cure; `help` never repeats the cause. `fixes` are the same
    cures for a machine, best first.
    """

    message: str
    label: str = ""
    notes: list[str | tuple[Span, str]] = field(default_factory=list)
    help: list[str] = field(default_factory=list)
    fixes: list[Fix] = field(default_factory=list)


class JibError(Exception):
    """Base of every error that jib raises on purpose.

    Args:
      message: one plain lower-case sentence that stands alone.
      label: a few words shown right of the carets under the user's code.
      notes: further sentences, or `(span, label)` pairs.
      help: lines that cure the error when pasted.
      provenance: what the value comes from, when a traced value is to blame.
      source: raw position `(code, offset)`; by default the innermost frame of the user.

    `str(error)` is the full report; with the option `errors` (`JIB_ERRORS`) at "short" it is the
    sentence and the place only. `error.code` is stable; `python -m jib explain CODE` says more.
    """

    code: ClassVar[str] = ""
    title: ClassVar[str] = ""

    def __init_subclass__(cls, code: str = "", title: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.code, cls.title = code or cls.code, title or cls.title
        # One printed name for all: `jib.errors.ShapeError[J201]: ...`.
        cls.__module__ = "jib.errors"
        _BY_NAME[cls.__name__] = cls
        if code:
            assert code not in CODES, f"error code {code} is taken by {CODES[code].__name__}"
            CODES[code] = cls
        if cls.code:
            cls.__qualname__ = f"{cls.__name__}[{cls.code}]"

    def __init__(
        self,
        message: str,
        *,
        label: str = "",
        notes: Sequence[str | tuple[Span, str]] = (),
        help: str | Sequence[str] = (),
        provenance: Provenance | None = None,
        source: Source | None = None,
    ) -> None:
        super().__init__(message)
        helps = [help] if isinstance(help, str) else list(help)
        self._given = Report(message, label, list(notes), helps)
        self._locate(source, provenance)

    def _locate(self, source: Source | None, provenance: Provenance | None) -> None:
        """Remember where we are; nothing is read or parsed before the message is wanted."""
        frame = user_frame()
        self.source = _spans.capture() if source is None else source
        self.provenance = provenance
        self._globals = {} if frame is None else frame.f_globals

    @cached_property
    def span(self) -> Span | None:
        """The user's place, or None when no user code was on the stack."""
        return None if self.source is None else resolve(self.source)

    @cached_property
    def report(self) -> Report:
        """The message's parts; errors that read the user's syntax override `_explain`."""
        return self._explain()

    def _explain(self) -> Report:
        return self._given

    @property
    def message(self) -> str:
        """The sentence, without place and help."""
        return self.report.message

    @property
    def help(self) -> list[str]:
        """The cures, each a line (or lines) that works when pasted."""
        return self.report.help

    @property
    def notes(self) -> list[str | tuple[Span, str]]:
        """What else is worth knowing."""
        return self.report.notes

    def __str__(self) -> str:
        try:
            return self._render(short=settings.errors.value == "short")
        except Exception as failure:  # a message must never hide the error that it is about
            return f"{self.args[0] if self.args else self.title} (message incomplete: {failure!r})"

    def _render(self, short: bool) -> str:
        report, lines = self.report, []
        lines.append(report.message)
        if self.span is not None:
            lines.append(f" --> {_place(self.span, self.provenance)}")
            if not short:
                label = report.label or (self.provenance.origin() if self.provenance else "")
                lines += _excerpt(self.span, label, before=1)
        if short:
            return "\n".join(lines)
        for note in report.notes:
            if isinstance(note, str):
                lines.append(f"note: {note}")
            else:
                span, label = note
                lines += [f" --> {_place(span, None)}", *_excerpt(span, label, before=0)]
        lines += [f"help: {line}" for line in report.help]
        return "\n".join(lines)

    def __reduce__(self) -> tuple[Any, ...]:
        # Code objects and frames do not travel; the finished report does.
        state = {"span": self.span, "report": self.report, "provenance": self.provenance}
        return _restore, (type(self).__name__, self.args, state)


def _restore(name: str, args: tuple[Any, ...], state: dict[str, Any]) -> JibError:
    error = _BY_NAME[name].__new__(_BY_NAME[name], *args)
    error.args = args
    error.source, error._globals = None, {}
    error.__dict__.update(state)
    return error


def _place(span: Span, provenance: Provenance | None) -> str:
    place = f"{span.short_file}:{span.first_line}"
    if span.function:
        place += f" in {span.function}"
    if provenance is not None:
        place += f", {provenance.tracing(span.file)}"
    return place


def _excerpt(span: Span, label: str, before: int) -> list[str]:
    """The user's lines with carets under the span; empty when the source cannot be read."""
    lines = source_lines(span.file)
    if not 0 < span.first_line <= len(lines):
        return []
    start = max(1, span.first_line - before)
    while start < span.first_line and not lines[start - 1].strip():
        start += 1
    width = len(str(span.first_line)) + 2
    shown = [
        f"{number:>{width}} | {lines[number - 1].rstrip()}".rstrip()
        for number in range(start, span.first_line + 1)
    ]
    if not span.text:
        return shown
    line = lines[span.first_line - 1].rstrip("\n").encode()
    end = span.end_column if span.last_line == span.first_line else len(line.rstrip())
    # Bytes to characters, so that the carets stand right under accented letters as well.
    column, stop = (len(line[:at].decode(errors="replace")) for at in (span.column, end))
    margin = "".join("\t" if c == "\t" else " " for c in lines[span.first_line - 1][:column])
    carets = margin + "^" * max(stop - column, 1)
    shown.append(f"{'':>{width}} | {carets} {label}".rstrip())
    return shown


def type_text(value: Any) -> str:
    """The type of an array or tracer as text (`float32[3]`); text stays as it is."""
    return str(getattr(value, "aval", value))


def provenance_of(value: Any) -> Provenance | None:
    """What a traced value says about its origin, through its method `provenance()`."""
    ask: Any = getattr(value, "provenance", None)
    return None if ask is None else ask()
