"""`python -m jib`: what is installed here, what an error means, where a name is defined."""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import inspect
import os
import pkgutil
import platform
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

import jib
import jib.numpy as jnp
from jib import cache
from jib.backend.client import client, platforms
from jib.core.primitive import Primitive, Waived, primitives
from jib.errors import explain, titles

_SLOTS = ("type", "numpy", "jvp", "transpose", "batch", "lower")
_OPTIONAL = ("partial_eval", "dce")
_SIZE = 256


# ------------------------------------------------------------------------------------ doctor


def _doctor() -> int:
    """Prints versions, devices and the disk cache; multiplies matrices on every local device."""
    print(f"jib {jib.__version__}, Python {platform.python_version()}, {platform.platform()}")
    print(", ".join(f"{name} {_version(name)}" for name in ("jaxlib", "numpy", "ml_dtypes")))
    changed = sorted(name for name in os.environ if name.startswith("JIB_"))
    print("settings from the environment:", *[f"{n}={os.environ[n]}" for n in changed] or ["none"])
    try:
        found = [d for name in platforms() for d in client(name).local_devices()]
    except Exception as error:  # whatever a plugin raises is what the reader came to see
        print(f"devices: none could be started: {error}")
        return 1
    print(f"devices ({jib.process_count()} process, default platform {jib.default_backend()}):")
    failed = 0
    for device in found:
        problem = _multiply(device)
        failed += problem is not None
        print(f"  {device} ({device.device_kind}): {_SIZE} x {_SIZE} matmul {problem or 'ok'}")
    used = cache.stats()
    writable = os.access(used.directory, os.W_OK) if os.path.isdir(used.directory) else None
    state = {True: "", False: ", not writable", None: ", not made yet"}[writable]
    if not jib.config.jib_compilation_cache:
        state += ", switched off"
    print(f"disk cache: {used.directory}{state}")
    print(
        f"  {used.bytes / 1e6:.1f} MB; this run: {used.hits} hits, {used.misses} misses, "
        f"{used.writes} writes, {used.rejected} rejected"
    )
    if failed:
        print(f"{failed} of {len(found)} devices do not work")
    return int(failed > 0)


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "(no metadata)"


def _multiply(device: Any) -> str | None:
    """What is wrong with a product of matrices on one device, or None."""
    values = np.arange(_SIZE * _SIZE, dtype=np.float32).reshape(_SIZE, _SIZE) % 7
    try:
        x = jib.device_put(values, device)
        out = jib.jit(jnp.matmul)(x, x)
        if out.devices() != {device}:
            return f"ran on {out.devices()}"
        found = np.asarray(out)
    except Exception as error:  # as above
        return f"failed: {error}"
    # Small whole numbers: every product is exact in float32, and in the shorter types that
    # accelerators multiply with.
    wrong = int((found != values @ values).sum())
    return f"wrong in {wrong} of {found.size} elements" if wrong else None


# ------------------------------------------------------------------------------- the others


def _explain(code: str | None) -> int:
    """Prints the long form of an error; without a code, what codes there are."""
    if code is None:
        print("\n".join(f"{known}  {title}" for known, title in titles().items()))
        return 0
    try:
        print(explain(code).rstrip())
    except KeyError as error:
        return _fail(error.args[0])
    return 0


def _rules(name: str) -> int:
    """Prints where each rule of a primitive is written."""
    _import_everything()
    primitive = primitives.get(name)
    if primitive is None:
        near = sorted(n for n in primitives if name in n)
        listed = f"; names that contain it: {', '.join(near)}" if near else ""
        return _fail(f"there is no primitive {name!r} (there are {len(primitives)}){listed}")
    for slot in (*_SLOTS, *_OPTIONAL):
        rule = getattr(primitive, slot)
        if rule is not None:
            print(f"{slot:13}{_rule(rule)}")
    return 0


def _rule(rule: Any) -> str:
    return f"waived: {rule.reason}" if isinstance(rule, Waived) else _place(rule) or repr(rule)


def _where(name: str) -> int:
    """Prints where a public name is defined, and the first line of what it says of itself."""
    parts = name.removeprefix("jib.").split(".")
    value: Any = jib
    for i, part in enumerate(parts):
        try:
            value = getattr(value, part)
        except AttributeError:
            try:
                value = importlib.import_module(".".join(["jib", *parts[: i + 1]]))
            except ImportError:
                return _fail(f"there is no jib.{'.'.join(parts[: i + 1])}")
    print(f"jib.{'.'.join(parts)}: {_place(value) or f'a value of type {type(value).__name__}'}")
    described = inspect.ismodule(value) or callable(value)
    text = (inspect.getdoc(value) or "") if described else repr(value)
    if text:
        print(text.splitlines()[0])
    return 0


def _place(value: Any) -> str:
    """File and line of a function, class, module or primitive, or nothing."""
    if isinstance(value, Primitive):
        value = value.type
    if inspect.ismodule(value):
        return f"{_shown(value.__file__ or '')}:1"
    try:
        value = inspect.unwrap(value)
        while hasattr(value, "func"):  # functools.partial
            value = value.func
        file = inspect.getsourcefile(value)
        return f"{_shown(file)}:{inspect.getsourcelines(value)[1]}" if file else ""
    except (TypeError, OSError, ValueError):
        return ""


def _shown(file: str) -> str:
    """A file name relative to the working directory where it lies below it."""
    here = os.getcwd() + os.sep
    return file.removeprefix(here)


def _import_everything() -> None:
    """Primitives come to be when their modules are imported."""
    for module in pkgutil.walk_packages(jib.__path__, "jib."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def _fail(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m jib", description=(__doc__ or "").strip())
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("doctor", help="versions, devices, disk cache, a matmul on every device")
    for name, argument, text in (
        ("explain", "code", "the long form of an error: explain J101; alone, the list of codes"),
        ("rules", "primitive", "where the rules of a primitive are written: rules sin"),
        ("where", "name", "where a public name is defined: where lax.sort"),
    ):
        nargs = "?" if name == "explain" else None
        command = commands.add_parser(name, help=text)
        command.add_argument(argument, metavar=argument.upper(), nargs=nargs)
    given = parser.parse_args(arguments)
    if given.command == "doctor":
        return _doctor()
    if given.command == "explain":
        return _explain(given.code)
    if given.command == "rules":
        return _rules(given.primitive)
    return _where(given.name)


if __name__ == "__main__":
    sys.exit(main())
