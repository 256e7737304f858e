"""Every option of the library in one typed table, and the `config` object that reads and sets it.

An option has a global value (`config.update`, or the environment variable `JIB_<NAME>` at start)
and, inside a `with` block, a value for the current thread only:

    with jib.enable_x64():
        ...

Internal code imports the option itself and reads `option.value`: one attribute access.
"""

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from jib._deferred import DeferredModule

__all__ = [
    "UNSET", "Config", "Option", "check_tracer_leaks", "checking_leaks", "compilation_cache",
    "compilation_cache_dir", "compilation_cache_max_size", "config", "debug_infs",
    "debug_key_reuse", "debug_nans",
    "default_device", "default_matmul_precision", "default_prng_impl", "disable_jit",
    "disable_most_optimizations", "enable_x64", "errors", "jit_disabled", "key_reuse",
    "log_compiles", "num_cpu_devices", "numpy_dtype_promotion", "numpy_rank_promotion",
    "platforms", "threefry_partitionable", "traceback_filtering", "transfer_guard",
    "transfer_guard_device_to_device", "transfer_guard_device_to_host",
    "transfer_guard_host_to_device",
]  # fmt: skip

Value = TypeVar("Value")


class _Unset:
    """The type of `UNSET`."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Any = _Unset()
"""Stands for "no value given"; change callbacks get it when a thread's own value is removed."""

Callback = Callable[["Option[Any]", Any, bool], None]

_difflib: Any = DeferredModule("difflib")
_TABLE: dict[str, "Option[Any]"] = {}
_CALLBACKS: list[Callback] = []
_GROUPS: dict[str, tuple["Option[Any]", ...]] = {}
_ALIASES = {
    "debug_key_reuse": "key_reuse",
    "enable_compilation_cache": "compilation_cache",
    "platform_name": "platforms",
}


class Option(threading.local, Generic[Value]):
    """One option. `option.value` reads it; `with option(new_val):` sets it for this thread.

    Each option is the only instance of a class of its own. The global value is that class's
    attribute and a thread's own value is an instance attribute (instances of `threading.local`
    have one dictionary per thread), so reading either is a plain attribute access.
    """

    name: str
    kind: type
    default: Any
    choices: tuple[Any, ...] | None
    environment: str
    doc: str
    traced: bool
    value: Value

    def __call__(self, new_val: Any = UNSET) -> "_Override":
        """Context manager (or decorator) that sets this option for the current thread."""
        if new_val is UNSET:
            if self.kind is not bool:
                raise TypeError(f"`{self.name}` needs a value, as in {self.name}({self.default!r})")
            new_val = True
        return _Override(self, self.checked(new_val))

    def checked(self, value: Any) -> Any:
        """`value` if this option takes it, or the error that says what it takes."""
        if value is None and self.default is None:
            return None
        if isinstance(value, bool) and "off" in (self.choices or ()):
            value = self.choices[0] if value else "off"  # type: ignore[index]
        if self.choices is not None and value not in self.choices:
            allowed = ", ".join(map(repr, self.choices))
            raise ValueError(f"`{self.name}` takes {allowed}, not {value!r}. {self.doc}")
        if self.kind is bool and value in (0, 1):
            return bool(value)
        if not isinstance(value, self.kind):
            raise TypeError(
                f"`{self.name}` takes {self.kind.__name__}, not {value!r} "
                f"({type(value).__name__}). {self.doc}"
            )
        return value

    def set_global(self, value: Any) -> None:
        """Set the value for every thread that is not inside a `with` block of its own."""
        value = self.checked(value)
        setattr(type(self), "value", value)  # noqa: B010 - the class of this one option
        config._changed(self, value, False)

    def set_local(self, value: Any) -> Any:
        """Set this thread's own value (`UNSET` removes it); the previous one is returned."""
        previous = self.__dict__.get("value", UNSET)
        if value is not UNSET:
            self.value = value
        elif previous is not UNSET:
            del self.value
        config._changed(self, value, True)
        return previous

    def __bool__(self) -> bool:
        raise TypeError(f"an option is neither true nor false; write {self.name}.value")

    def __repr__(self) -> str:
        return f"<option {self.name}={self.value!r}>"


class _Override(contextlib.ContextDecorator):
    """The `with` block of an option; entered again, it nests."""

    def __init__(self, option: Option[Any], value: Any):
        self.option = option
        self.value = value
        self.previous: list[Any] = []

    def _recreate_cm(self) -> "_Override":
        return _Override(self.option, self.value)

    def __enter__(self) -> None:
        self.previous.append(self.option.set_local(self.value))

    def __exit__(self, *_: object) -> None:
        self.option.set_local(self.previous.pop())


def _parsed(name: str, kind: type, text: str) -> Any:
    """An environment variable's or a command line flag's text as the option's type."""
    if kind is bool:
        lowered = text.strip().lower()
        if lowered in ("1", "true", "yes", "on"):
            return True
        if lowered in ("0", "false", "no", "off", ""):
            return False
        raise ValueError(f"{name} takes 1 or 0, not {text!r}")
    if kind is int:
        try:
            return int(text)
        except ValueError:
            raise ValueError(f"{name} takes a whole number, not {text!r}") from None
    return text


def _option(
    name: str,
    default: Any,
    doc: str,
    *,
    kind: type = str,
    choices: tuple[Any, ...] | None = None,
    traced: bool = False,
) -> Option[Any]:
    """Add a row to the table; `traced` options are part of every trace's cache key.

    `kind` is the type of the values where the default is None.
    """
    kind = kind if default is None else type(default)
    row = {"name": name, "kind": kind, "default": default, "choices": choices, "doc": doc}
    row |= {"environment": f"JIB_{name.upper()}", "traced": traced, "value": default}
    option = type(f"Option_{name}", (Option,), row | {"__doc__": doc})()
    text = os.environ.get(option.environment)
    if text is not None:
        value = option.checked(_parsed(option.environment, kind, text))
        setattr(type(option), "value", value)  # noqa: B010 - as in `set_global`
    _TABLE[name] = option
    return option


def _bare(name: str) -> str:
    """An option's name without the prefix under which users write it."""
    return name.removeprefix("jib_").removeprefix("jax_")


class Config:
    """All options: `config.jib_enable_x64` reads, `config.update("jib_enable_x64", True)` sets.

    A name may start with `jib_` or with `jax_`, or with neither.

    Example:
        >>> from jib.settings import config
        >>> config.jib_numpy_rank_promotion
        'allow'
    """

    def __init__(self) -> None:
        self._epoch = 0
        self._traced: tuple[Option[Any], ...] = ()
        self._local = type("_Local", (threading.local,), {"epoch": -1, "key": ()})()

    def update(self, name: str, val: Any) -> None:
        """Set an option globally.

        Raises `AttributeError` for an unknown name, `ValueError` or `TypeError` for a value
        that the option does not take.
        """
        for option in self.options(name):
            option.set_global(val)

    def read(self, name: str) -> Any:
        """The value of an option, by name; of a group, what all have, or None where they differ."""
        first, *others = [option.value for option in self.options(name)]
        return first if all(value == first for value in others) else None

    def option(self, name: str) -> Option[Any]:
        """The row of the table that `name` stands for."""
        bare = _bare(name)
        found = _TABLE.get(_ALIASES.get(bare, bare))
        if found is None:
            near = _difflib.get_close_matches(bare, list(_TABLE), n=3, cutoff=0.5)
            hint = f"; near names: {', '.join(near)}" if near else ""
            raise AttributeError(
                f"there is no option {name!r}{hint}. help: sorted(jib.config.values) lists all"
            )
        return found

    def options(self, name: str) -> tuple[Option[Any], ...]:
        """The rows that `name` stands for: one, or those of a group such as "transfer_guard"."""
        return _GROUPS.get(_bare(name)) or (self.option(name),)

    @property
    def values(self) -> dict[str, Any]:
        """Every option's value in this thread, under its `jib_` name."""
        return {f"jib_{name}": option.value for name, option in _TABLE.items()}

    def parse_flags_with_absl(self) -> None:
        """Read options from the command line: `--jib_enable_x64=1`, `--jax_enable_x64`."""
        for argument in sys.argv[1:]:
            if argument == "--":
                return
            if not argument.startswith(("--jib_", "--jax_", "--nojib_", "--nojax_")):
                continue
            flag, given, text = argument[2:].partition("=")
            negated = flag.startswith("no")
            option = self.option(flag.removeprefix("no"))
            if negated or not given:
                if option.kind is not bool:
                    raise ValueError(f"the flag --{flag} needs a value: --{flag}=...")
                option.set_global(not negated)
            else:
                option.set_global(_parsed(f"--{flag}", option.kind, text))

    def config_with_absl(self) -> None:
        """The same as `parse_flags_with_absl`; there is no flag registry to wait for."""
        self.parse_flags_with_absl()

    def on_change(self, callback: Callback) -> None:
        """Call `callback(option, value, is_local)` after every change.

        `is_local` says whether only the current thread's value changed; `value` is then `UNSET`
        when the thread goes back to the global one.
        """
        _CALLBACKS.append(callback)

    def trace_key(self) -> tuple[Any, ...]:
        """The values that shape a trace, in table order: part of every trace cache's key."""
        local = self._local
        if local.epoch != self._epoch:
            local.key = tuple([option.value for option in self._traced])
            local.epoch = self._epoch
        return local.key

    def _changed(self, option: Option[Any], value: Any, is_local: bool) -> None:
        if option.traced:
            if is_local:
                self._local.epoch = -1
            else:
                self._epoch += 1
        for callback in _CALLBACKS:
            callback(option, value, is_local)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.read(name)

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_"):
            raise AttributeError(f"options are set by a call: config.update({name!r}, {value!r})")
        super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.values]


config = Config()


# The table: name, default, doc. Environment variables are JIB_ and the name in capitals.

enable_x64 = _option(
    "enable_x64", False, traced=True,
    doc="Make 64 bits the default width, and keep NumPy's 64-bit inputs as they are.",
)  # fmt: skip
numpy_dtype_promotion = _option(
    "numpy_dtype_promotion", "standard", choices=("standard", "strict"), traced=True,
    doc="Whether mixed dtypes promote by the lattice, or only Python scalars do.",
)  # fmt: skip
numpy_rank_promotion = _option(
    "numpy_rank_promotion", "allow", choices=("allow", "warn", "raise"), traced=True,
    doc="What happens when arrays of different rank broadcast.",
)  # fmt: skip
_PRECISIONS = ("default", "high", "highest", "bfloat16", "tensorfloat32", "float32")
default_matmul_precision = _option(
    "default_matmul_precision", None, choices=_PRECISIONS, traced=True,
    doc="The precision of matrix products and convolutions that ask for none.",
)  # fmt: skip
jit_disabled = _option(
    "disable_jit", False, traced=True,
    doc="Run every operation by itself, in Python order, as if `jit` were not there.",
)  # fmt: skip
default_device = _option(
    "default_device", None, kind=object, traced=True,
    doc="The device (or platform name) on which new arrays are placed.",
)  # fmt: skip
platforms = _option(
    "platforms", None, "Platforms to start, separated by commas, the default one first: 'cuda,cpu'."
)
num_cpu_devices = _option("num_cpu_devices", 1, "How many devices the CPU presents itself as.")
compilation_cache = _option(
    "compilation_cache", True, "Keep compiled programs on disk between processes."
)
compilation_cache_dir = _option(
    "compilation_cache_dir", None,
    doc="Where compiled programs are kept; unset, a folder of the user's cache directory.",
)  # fmt: skip
compilation_cache_max_size = _option(
    "compilation_cache_max_size", 2 << 30,
    doc="The most bytes the disk cache may hold, oldest entries leaving first; -1 for no limit.",
)  # fmt: skip
log_compiles = _option("log_compiles", False, "Log each trace and each compilation with its time.")
check_tracer_leaks = _option(
    "check_tracer_leaks", False, traced=True,
    doc="Raise an error as soon as a trace ends while one of its tracers is still held.",
)  # fmt: skip
traceback_filtering = _option(
    "traceback_filtering", "auto", choices=("auto", "off"),
    doc="Whether frames of the library are hidden from tracebacks.",
)  # fmt: skip
errors = _option(
    "errors", "full", choices=("full", "short"),
    doc="How errors print: with source line and help, or in one line.",
)  # fmt: skip
default_prng_impl = _option(
    "default_prng_impl", "threefry2x32", choices=("threefry2x32",),
    doc="Threefry is the one generator of random bits.",
)  # fmt: skip
threefry_partitionable = _option(
    "threefry_partitionable", True, choices=(True,),
    doc="Threefry is always in the form whose numbers do not depend on the sharding.",
)  # fmt: skip
key_reuse = _option(
    "key_reuse", "error", choices=("error", "warn", "off"), traced=True,
    doc="What happens when a typed random key is used twice.",
)  # fmt: skip
debug_nans = _option("debug_nans", False, "Raise an error where a result holds NaN.", traced=True)
debug_infs = _option("debug_infs", False, "Raise one where it is infinite.", traced=True)
disable_most_optimizations = _option(
    "disable_most_optimizations", False, "Compile fast rather than well."
)


def _guard(between: str) -> Option[Any]:
    """The option of a transfer guard: `between` names both ends, as "host_to_device"."""
    return _option(
        f"transfer_guard_{between}",
        "allow",
        f"What happens on a transfer, {between.replace('_', ' ')}, that was not asked for.",
        choices=("allow", "log", "disallow", "log_explicit", "disallow_explicit"),
    )


transfer_guard_host_to_device = _guard("host_to_device")
transfer_guard_device_to_device = _guard("device_to_device")
transfer_guard_device_to_host = _guard("device_to_host")

_GROUPS["transfer_guard"] = (
    transfer_guard_host_to_device,
    transfer_guard_device_to_device,
    transfer_guard_device_to_host,
)
config._traced = tuple(option for option in _TABLE.values() if option.traced)


def disable_jit(disable: bool = True) -> contextlib.AbstractContextManager[None]:
    """Context manager in which `jit` does nothing and every operation runs by itself.

    Example:
        >>> from jib.settings import config, disable_jit
        >>> with disable_jit():
        ...     config.jib_disable_jit
        True
    """
    return jit_disabled(disable)


@contextlib.contextmanager
def transfer_guard(new_val: str) -> Iterator[None]:
    """Context manager that sets the guard on implicit transfers in all three directions.

    `new_val` is 'allow', 'log', 'disallow', 'log_explicit' or 'disallow_explicit'.

    Example:
        >>> from jib.settings import config, transfer_guard
        >>> with transfer_guard("disallow"):
        ...     config.jib_transfer_guard_device_to_host
        'disallow'
    """
    with contextlib.ExitStack() as stack:
        for option in config.options("transfer_guard"):
            stack.enter_context(option(new_val))
        yield


def debug_key_reuse(new_val: bool | str = True) -> contextlib.AbstractContextManager[None]:
    """Context manager that says what happens when a typed random key is used twice.

    `new_val` is "error" (or True), "warn" or "off" (or False).

    Example:
        >>> import jib
        >>> key = jib.random.key(0)
        >>> with jib.debug_key_reuse(False):
        ...     bool(jib.random.uniform(key) == jib.random.uniform(key))
        True
    """
    return key_reuse(new_val)


def checking_leaks() -> contextlib.AbstractContextManager[None]:
    """Context manager that raises as soon as a tracer outlives its trace.

    Example:
        >>> from jib.settings import checking_leaks, config
        >>> with checking_leaks():
        ...     config.jib_check_tracer_leaks
        True
    """
    return check_tracer_leaks(True)
