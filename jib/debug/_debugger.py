"""`debug.breakpoint`: a prompt like pdb's, with the values that a compiled program has there."""

from __future__ import annotations

import bdb
import cmd
import dataclasses
import linecache
import pprint
import sys
import warnings
from collections.abc import Sequence
from types import CodeType
from typing import Any

import numpy as np

from jib.core.sources import api_boundary, user_frame
from jib.core.tracing import Tracer
from jib.errors._spans import is_library_file, short_file_name
from jib.lax._callbacks import look_on_host
from jib.tree import tree_registry

__all__ = ["breakpoint"]


@api_boundary
def breakpoint(
    *,
    backend: str | None = None,
    filter_frames: bool = True,
    num_frames: int | None = None,
    ordered: bool = False,
    token: Any = None,
    **kwargs: Any,
) -> None:
    """Stop here each time the program runs, and ask what to do, as Python's debugger does.

    The prompt knows the local variables of the functions around, traced arrays with the values they
    have at run time: `p x`, `pp x`, `l` (the code), `w` (where), `u` and `d` (to the function that
    called and back), `c` (go on) and `q` (give up, with an error). Under `vmap` it stops for each
    member of the batch.

    Args:
        backend: `"cli"`, or None, which means the same.
        filter_frames: leave out the frames of the library.
        num_frames: show at most this many frames.
        ordered: keep the order among ordered effects.
        token: not used.
        kwargs: `stdin` and `stdout`, files in place of those of the process.

    Raises:
        CallbackError: when the program runs, after `q`.
        EffectError: for `ordered=True` under `vmap`, or on several devices.

    Example:
        >>> import io, jib
        >>> import jib.numpy as jnp
        >>> @jib.jit
        ... def f(x):
        ...     y = x * 2
        ...     jib.debug.breakpoint(stdin=io.StringIO("p y; c"), num_frames=1)
        ...     return y
        >>> out = f(jnp.float32(3))  # doctest: +ELLIPSIS
        > ...
        (jdb) array(6., dtype=float32)
    """
    places: list[tuple[CodeType, int]] = []
    values: list[dict[str, Any]] = []
    frame = user_frame() if filter_frames else sys._getframe(1)
    while frame is not None and (num_frames is None or len(places) < num_frames):
        if not filter_frames or not is_library_file(frame.f_code.co_filename):
            places.append((frame.f_code, frame.f_lineno))
            values.append({k: _kept(v) for k, v in frame.f_locals.items() if k[:2] != "__"})
        frame = frame.f_back

    def debugger(values: Sequence[dict[str, Any]]) -> None:
        shown = [{k: _shown(v) for k, v in found.items()} for found in values]
        if _Prompt(places, shown, **kwargs).gave_up:
            raise bdb.BdbQuit("the debugger was told to quit")

    look_on_host("jib.debug.breakpoint", debugger, (values,), {}, ordered)


@dataclasses.dataclass(eq=False)
class _Held:
    """A value of a local variable that no program computes."""

    value: Any


def _kept(value: Any) -> Any:
    """A variable's value for the callback: traced arrays, which live, as they are."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # generators, say, are no trees
            leaves, structure = tree_registry.flatten(value)
    except (TypeError, ValueError):  # such as a dict of unlike keys
        return _Held(value)
    if not any(isinstance(x, Tracer) for x in leaves):
        return _Held(value)
    live = lambda x: isinstance(x, Tracer) and getattr(x._trace, "live", True)  # noqa: E731
    return structure.unflatten([x if live(x) else _Held(x) for x in leaves])


def _shown(value: Any) -> Any:
    leaves, structure = tree_registry.flatten(value)
    return structure.unflatten([x.value if type(x) is _Held else x for x in leaves])


class _Prompt(cmd.Cmd):
    """The prompt at one stop; it is left by `c` or `q`."""

    prompt = "(jdb) "

    def __init__(
        self, places: list[tuple[CodeType, int]], values: list[dict], stdin: Any = None,
        stdout: Any = None,
    ) -> None:  # fmt: skip
        stdin, stdout = stdin or sys.stdin, stdout or sys.stdout
        super().__init__(stdin=stdin, stdout=stdout)
        self.use_rawinput = stdin is sys.stdin and stdin.isatty()
        self.places, self.values, self.at = places, values, 0
        self.gave_up = False
        self._show_place()
        self.cmdloop()

    def _say(self, text: str) -> None:
        self.stdout.write(f"{text}\n")
        self.stdout.flush()

    def _show_place(self) -> None:
        code, line = self.places[self.at]
        self._say(f"> {short_file_name(code.co_filename)}({line}) {code.co_name}")
        self._say(f"-> {linecache.getline(code.co_filename, line).strip()}")

    def onecmd(self, line: str) -> bool:
        """Several commands may stand on one line, separated by semicolons."""
        parts = [part for part in line.split(";") if part.strip()]
        return any([super(_Prompt, self).onecmd(part.strip()) for part in parts])

    def default(self, line: str) -> None:
        """What is no command is an expression, as for `p`."""
        self.do_p(line)

    def emptyline(self) -> bool:
        """Nothing."""
        return False

    def _evaluate(self, text: str, show: Any) -> None:
        code, _ = self.places[self.at]
        try:
            value = eval(text, {"np": np, **self.values[self.at]})
        except Exception as error:
            self._say(f"*** {type(error).__name__}: {error} (in {code.co_name})")
        else:
            self._say(show(value))

    def do_p(self, text: str) -> None:
        """Print the value of an expression."""
        self._evaluate(text, repr)

    def do_pp(self, text: str) -> None:
        """Print the value of an expression, prettily."""
        self._evaluate(text, pprint.pformat)

    def do_l(self, _: str) -> None:
        """List the code around."""
        code, current = self.places[self.at]
        for number in range(max(current - 5, 1), current + 6):
            text = linecache.getline(code.co_filename, number)
            if text:
                self._say(f"{number:4}{' ->' if number == current else '   '} {text.rstrip()}")

    def do_w(self, _: str) -> None:
        """Show the frames, the innermost last."""
        for i in reversed(range(len(self.places))):
            code, line = self.places[i]
            mark = "> " if i == self.at else "  "
            self._say(f"{mark}{short_file_name(code.co_filename)}({line}) {code.co_name}")

    def _move(self, to: int) -> None:
        if not 0 <= to < len(self.places):
            self._say("*** no frame there")
            return
        self.at = to
        self._show_place()

    def do_u(self, _: str) -> None:
        """Go up, to the function that called this one."""
        self._move(self.at + 1)

    def do_d(self, _: str) -> None:
        """Go down again."""
        self._move(self.at - 1)

    def do_c(self, _: str) -> bool:
        """Go on with the program."""
        return True

    def do_q(self, _: str) -> bool:
        """Give up the program, with an error."""
        self.gave_up = True
        return True

    do_list, do_where, do_bt, do_up, do_down = do_l, do_w, do_w, do_u, do_d
    do_cont = do_continue = do_EOF = do_c
    do_quit = do_exit = do_q
