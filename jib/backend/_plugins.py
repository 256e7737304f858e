"""Accelerator plugins: found by the path of their shared library, loaded through the PJRT C API."""

import importlib.util
import os
from pathlib import Path
from typing import Any, NamedTuple

from jib.backend._compat import xla_client
from jib.backend._warn import warn_user

__all__ = ["Plugin", "explain", "found", "library_of", "start"]


class Plugin(NamedTuple):
    """Where one platform's PJRT library may lie, the preferred place first."""

    platform: str
    places: tuple[tuple[str, str], ...]
    remedy: str


_PLUGINS = (
    Plugin(
        "cuda",
        (
            ("jax_plugins.xla_cuda13", "xla_cuda_plugin.so"),
            ("jax_plugins.xla_cuda12", "xla_cuda_plugin.so"),
        ),
        "check the driver with `nvidia-smi`, and that the plugin's version equals jaxlib's "
        "(`python -m pip list`); JIB_PLATFORMS=cpu silences this",
    ),
    Plugin(
        "tpu",
        (("libtpu", "libtpu.so"),),
        "check that the machine has a TPU and no other process holds it; "
        "JIB_PLATFORMS=cpu silences this",
    ),
)
_failures: dict[str, str] = {}


def _folders_of(module: str) -> list[Path]:
    """Folders of a (namespace) module, without running any of its Python."""
    parent, _, child = module.rpartition(".")
    try:
        # find_spec of a dotted name imports the parent, which may be a real package.
        spec = importlib.util.find_spec(parent or module)
    except (ImportError, ValueError):
        return []
    if spec is None or not spec.submodule_search_locations:
        return []
    folders = [Path(folder) for folder in spec.submodule_search_locations]
    return [folder / child for folder in folders] if parent else folders


def library_of(plugin: Plugin) -> Path | None:
    """The shared library of a plugin, or None where it is not installed."""
    for module, library in plugin.places:
        for folder in _folders_of(module):
            if (folder / library).is_file():
                return folder / library
    return None


def found() -> list[str]:
    """Platforms whose plugin is installed (whether or not it works)."""
    return [plugin.platform for plugin in _PLUGINS if library_of(plugin) is not None]


def start(platform: str) -> Any | None:
    """A client of `platform`, or None after one warning that says why it cannot be used."""
    plugin = next((item for item in _PLUGINS if item.platform == platform), None)
    if plugin is None:
        _failures[platform] = f"jib knows no plugin for `{platform}`"
        return None
    path = library_of(plugin)
    if path is None:
        _failures[platform] = f"no {platform} plugin is installed"
        return None
    try:
        if not xla_client.pjrt_plugin_loaded(platform):
            xla_client.load_pjrt_plugin_dynamically(platform, os.fspath(path))
        if not xla_client.pjrt_plugin_initialized(platform):
            xla_client.initialize_pjrt_plugin(platform)
        options = xla_client.generate_pjrt_gpu_plugin_options() if platform == "cuda" else {}
        return xla_client.make_c_api_client(platform, dict(options))
    except Exception as error:  # whatever a vendor's library raises, the CPU still works
        reason = " ".join(str(error).split())[:300]
        _failures[platform] = f"its plugin {path.name} could not start: {reason}"
        warn_user(
            f"the {platform} plugin at {path} is installed but cannot be used, so jib goes on "
            f"without it: {reason}\nhelp: {plugin.remedy}"
        )
        return None


def explain(platform: str) -> str:
    """Why a platform is missing, as the end of a sentence; empty where nothing is known."""
    name = {"gpu": "cuda"}.get(platform.lower(), platform.lower())
    if name in _failures:
        return f" ({_failures[name]})"
    known = any(plugin.platform == name for plugin in _PLUGINS)
    return f" (no {name} plugin was asked for or installed)" if known else ""
