"""`debug.print` and `debug.callback`: effects on the host from inside compiled programs."""

from __future__ import annotations

import builtins
import string
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from jib.core.sources import api_boundary
from jib.errors import ArgumentValueError
from jib.lax._callbacks import look_on_host

__all__ = ["callback", "print"]


@api_boundary
def callback(
    callback: Callable[..., Any],
    *args: Any,
    ordered: bool = False,
    partitioned: bool = False,
    **kwargs: Any,
) -> None:
    """Call a Python function with the values of arrays, each time the program runs.

    The function gets NumPy arrays where arrays were given, and its result is ignored. Under `vmap`
    it is called once for each member of the batch; derivatives do not see it. With `ordered=True`
    all such calls happen in the order of the program, also across programs.

    Raises:
        EffectError: for `ordered=True` under `vmap`, or on several devices.
        CallbackError: when the program runs, if the function raised an error.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> seen = []
        >>> jib.debug.callback(lambda x: seen.append(float(x)), jnp.float32(2))
        >>> seen
        [2.0]
    """
    look_on_host("jib.debug.callback", callback, args, kwargs, ordered)


@api_boundary
def print(
    fmt: str,
    *args: Any,
    ordered: bool = False,
    partitioned: bool = False,
    skip_format_check: bool = False,
    _use_logging: bool = False,
    **kwargs: Any,
) -> None:
    """Print the values of arrays each time the program runs.

    `fmt` is a format string for `args` and `kwargs`, as of `str.format`.

    Raises:
        ArgumentValueError: if the format string does not use exactly the arguments.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> jib.debug.print("x = {x}, twice {}", jnp.float32(6), x=jnp.float32(3))
        x = 3.0, twice 6.0
    """
    if not skip_format_check:
        _check(fmt, args, kwargs)

    def show(*values: Any, **named: Any) -> None:
        values = tuple(map(_plain, values))
        builtins.print(fmt.format(*values, **{k: _plain(v) for k, v in named.items()}))
        sys.stdout.flush()

    look_on_host("jib.debug.print", show, args, kwargs, ordered)


def _plain(x: Any) -> Any:
    """Scalars as NumPy scalars, so that format specifications apply."""
    return x[()] if isinstance(x, np.ndarray) and not x.shape else x


def _check(fmt: str, args: tuple, kwargs: dict[str, Any]) -> None:
    used = [name for _, name, _, _ in string.Formatter().parse(fmt) if name is not None]
    roots = [name.split(".")[0].split("[")[0] for name in used]
    named = {name for name in roots if name and not name.isdigit()}
    count = max([int(n) + 1 for n in roots if n.isdigit()], default=0) + roots.count("")
    if named - kwargs.keys() or count > len(args):
        raise ArgumentValueError(
            f"the format string {fmt!r} asks for more than the {len(args)} positional argument(s) "
            f"and the names {sorted(kwargs)} it got",
            help='jib.debug.print("x = {x}", x=x)',
        )
    if count < len(args) or kwargs.keys() - named:
        raise ArgumentValueError(
            f"the format string {fmt!r} leaves some arguments unused",
            help='jib.debug.print("x = {x}", x=x)',
        )
