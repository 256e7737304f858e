"""Which arrays were donated to which call, so that using one again can be explained."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple, NoReturn

from jib import settings
from jib.backend._compat import jaxlib_core
from jib.backend.host_calls import failure_in
from jib.core.sources import Source
from jib.errors import DonatedArrayError, JibRuntimeError
from jib.tree import call_registry

__all__ = ["FAILURES", "donated_array_error", "explain_failure", "raise_explained", "remember"]


# What the C++ call path raises when the runtime refuses a call.
FAILURES = (ValueError, jaxlib_core.JaxRuntimeError)


class _Donation(NamedTuple):
    name: str
    source: Source | None
    arguments: Sequence[tuple[str, Any]]


# The last calls that took arrays over. What is kept of an array is an empty shell.
_recent: deque[_Donation] = deque(maxlen=32)


def remember(name: str, source: Source | None, arguments: Sequence[tuple[str, Any]]) -> None:
    """Note that a call of the function `name` took over these (parameter, value) arguments."""
    _recent.append(_Donation(name, source, arguments))


def donated_array_error(array: Any) -> DonatedArrayError:
    """The error for an array whose memory is gone, with the call that took it when it is known."""
    for donation in reversed(_recent):
        for parameter, value in donation.arguments:
            for path, leaf in call_registry.flatten_with_path(value)[0]:
                if leaf is array:
                    name = parameter + "".join(map(str, path))
                    return DonatedArrayError(array, name, donation.name, donation.source)
    return DonatedArrayError(array)


def raise_explained(error: Exception, values: Any) -> NoReturn:
    """Raise what `explain_failure` makes of an error; called where it is handled."""
    explained = explain_failure(error, values)
    raise explained from explained.__cause__


def explain_failure(error: Exception, values: Any) -> Exception:
    """What to raise in place of an error of the runtime: J501 for donated arrays, J502 else.

    What a host callback raised is raised as it was, so raise the answer `from` its own cause.
    """
    for leaf in call_registry.flatten(values)[0]:
        if isinstance(leaf, jaxlib_core.ArrayImpl) and leaf.is_deleted():
            return donated_array_error(leaf)
    if isinstance(error, jaxlib_core.JaxRuntimeError):
        text = str(error)
        guarded = re.search(r"Disallowed (\S+) transfer: aval=(\S+?),", text)
        if guarded:
            option = f"transfer_guard_{guarded[1].replace('-', '_')}"
            return JibRuntimeError(
                f"{guarded[2]} moves from {guarded[1].replace('-to-', ' to ')}, which {option}="
                f"{settings.config.options(option)[0].value!r} does not allow",
                help="x = jib.device_put(x)",
            )
        return failure_in(text) or JibRuntimeError(text)
    return error
