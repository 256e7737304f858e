"""Writes docs/reference, a page per public module: `python tools/reference.py`."""

import importlib
import inspect
import pathlib
import pkgutil
import shutil
import types
from collections.abc import Iterator

__all__ = ["main", "page", "public_modules", "write"]

ROOT = pathlib.Path(__file__).resolve().parent.parent

#: Folders of jib that are its insides; their names are read in the source, not here.
_INSIDES = {"backend", "core", "passes", "transforms"}


def public_modules(package: types.ModuleType) -> Iterator[types.ModuleType]:
    """A package and its public modules, none of them private or inside."""
    yield package
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        parts = found.name.split(".")[1:]
        if parts[0] not in _INSIDES and not any(part.startswith("_") for part in parts):
            yield importlib.import_module(found.name)


def _signature(name: str, value: object) -> str:
    if not callable(value):
        return name
    try:
        return f"{name}{inspect.signature(value)}"
    except (TypeError, ValueError):
        return f"{name}(...)"


def _entry(name: str, value: object) -> list[str]:
    # A constant shows its value; the docstring of its type would say nothing about it.
    described = callable(value) or inspect.ismodule(value)
    text = inspect.getdoc(value) if described else repr(value)
    return [f"## {name}", "", "```text", _signature(name, value), "", text or "", "```", ""]


def _names(module: types.ModuleType) -> list[str]:
    listed = getattr(module, "__all__", None)
    if listed is not None:
        return listed
    public = (name for name in vars(module) if not name.startswith("_"))
    return sorted(name for name in public if not inspect.ismodule(getattr(module, name)))


def page(module: types.ModuleType) -> str:
    """The reference page of one module, from its `__all__` or what its star imports brought."""
    lines = [f"# {module.__name__}", "", inspect.getdoc(module) or "", ""]
    for name in _names(module):
        lines += _entry(name, getattr(module, name))
    return "\n".join(lines).rstrip() + "\n"


def write(package: types.ModuleType, folder: pathlib.Path) -> list[str]:
    """Replaces the pages in a folder; returns the names of the modules written."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    names = []
    for module in public_modules(package):
        (folder / f"{module.__name__}.md").write_text(page(module), encoding="utf-8")
        names.append(module.__name__)
    index = ["# Reference", "", *(f"* [{name}]({name}.md)" for name in names), ""]
    (folder / "README.md").write_text("\n".join(index), encoding="utf-8")
    return names


def main() -> None:
    """Writes the pages for jib."""
    names = write(importlib.import_module("jib"), ROOT / "docs" / "reference")
    print(f"docs/reference: {len(names)} pages")


if __name__ == "__main__":
    main()
