"""Events that the library and its users record, and the functions that listen to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = [
    "clear_event_listeners", "record_event", "record_event_duration_secs", "record_event_time_span",
    "record_scalar", "register_event_duration_secs_listener", "register_event_listener",
    "register_event_time_span_listener", "register_scalar_listener",
    "unregister_event_duration_listener", "unregister_event_listener",
    "unregister_event_time_span_listener", "unregister_scalar_listener",
]  # fmt: skip

_Listener = Callable[..., None]
_listeners: dict[str, list[_Listener]] = {"event": [], "duration": [], "span": [], "scalar": []}


def _tell(kind: str, *values: Any, **metadata: Any) -> None:
    for listener in list(_listeners[kind]):
        listener(*values, **metadata)


def record_event(event: str, **kwargs: str | int) -> None:
    """Tell the listeners that something happened.

    Example:
        >>> from jib import monitoring
        >>> monitoring.register_event_listener(lambda event, **kwargs: print(event, kwargs))
        >>> monitoring.record_event("/epoch", number=1)
        /epoch {'number': 1}
        >>> monitoring.clear_event_listeners()
    """
    _tell("event", event, **kwargs)


def record_event_duration_secs(event: str, duration: float, **kwargs: str | int) -> None:
    """Tell the listeners how many seconds something took."""
    _tell("duration", event, duration, **kwargs)


def record_event_time_span(
    event: str, start_time: float, end_time: float, **kwargs: str | int
) -> None:
    """Tell the listeners when something began and ended, in seconds."""
    _tell("span", event, start_time, end_time, **kwargs)


def record_scalar(event: str, value: float | int, **kwargs: str | int) -> None:
    """Tell the listeners a number."""
    _tell("scalar", event, value, **kwargs)


def register_event_listener(callback: _Listener) -> None:
    """Call `callback(event, **metadata)` at each event."""
    _listeners["event"].append(callback)


def register_event_duration_secs_listener(callback: _Listener) -> None:
    """Call `callback(event, seconds, **metadata)` at each duration."""
    _listeners["duration"].append(callback)


def register_event_time_span_listener(callback: _Listener) -> None:
    """Call `callback(event, start, end, **metadata)` at each time span."""
    _listeners["span"].append(callback)


def register_scalar_listener(callback: _Listener) -> None:
    """Call `callback(event, value, **metadata)` at each number."""
    _listeners["scalar"].append(callback)


def unregister_event_listener(callback: _Listener) -> None:
    """No longer call `callback` at events; ValueError if it was not registered."""
    _listeners["event"].remove(callback)


def unregister_event_duration_listener(callback: _Listener) -> None:
    """No longer call `callback` at durations; ValueError if it was not registered."""
    _listeners["duration"].remove(callback)


def unregister_event_time_span_listener(callback: _Listener) -> None:
    """No longer call `callback` at time spans; ValueError if it was not registered."""
    _listeners["span"].remove(callback)


def unregister_scalar_listener(callback: _Listener) -> None:
    """No longer call `callback` at numbers; ValueError if it was not registered."""
    _listeners["scalar"].remove(callback)


def clear_event_listeners() -> None:
    """Forget every listener."""
    for kind in _listeners.values():
        kind.clear()
