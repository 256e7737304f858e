"""The house rules, each a function from modules to the places that break it."""

import ast
import re
from collections.abc import Iterable, Set

from tests.structure.source import (
    Module,
    docstring_lines,
    exported_names,
    functions,
    is_plain_index,
    literal_names,
    public_definitions,
    star_sources,
)

__all__ = [
    "FORBIDDEN_IMPORTS",
    "forbidden_imports",
    "imports_inside_functions",
    "inexact_all",
    "inexact_index",
    "long_files",
    "long_functions",
    "long_lines",
    "machine_paths",
    "shadowed_names",
    "shared_names",
    "unfinished_work",
]

MAX_FILE_LINES = 600
MAX_FUNCTION_LINES = 60
MAX_LINE_LENGTH = 100

#: Distributions that only the benchmarks may import, to run them side by side.
FORBIDDEN_IMPORTS = frozenset({"flax", "jax", "optax", "orbax", "torch"})

_MACHINE_PATH = re.compile(r"(?<![\w.:/*-])/(?:work|root|tmp|home|opt)/[\w.-]+")
_UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX)\b|\braise NotImplementedError(?:\(\))?\s*$")


def long_files(module: Module) -> list[str]:
    """A file has at most 600 lines."""
    count = len(module.lines)
    return [f"{module.path}: {count} lines"] if count > MAX_FILE_LINES else []


def long_functions(module: Module) -> list[str]:
    """A function has at most 60 lines, its docstring aside."""
    found = []
    for node in functions(module):
        count = (node.end_lineno or node.lineno) - node.lineno + 1 - docstring_lines(node)
        if count > MAX_FUNCTION_LINES:
            found.append(f"{module.path}:{node.lineno} {node.name}: {count} lines")
    return found


def long_lines(module: Module) -> list[str]:
    """A line has at most 100 characters."""
    return [
        f"{module.path}:{number}: {len(line)} characters"
        for number, line in enumerate(module.lines, start=1)
        if len(line) > MAX_LINE_LENGTH
    ]


def imports_inside_functions(module: Module) -> list[str]:
    """Every import stands at the top of its file."""
    return sorted(
        {
            f"{module.path}:{inner.lineno} in {node.name}"
            for node in functions(module)
            for inner in ast.walk(node)
            if isinstance(inner, ast.Import | ast.ImportFrom)
        }
    )


def forbidden_imports(module: Module) -> list[str]:
    """No file imports a peer framework."""
    found = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        else:
            continue
        roots = {name.split(".")[0] for name in names} & FORBIDDEN_IMPORTS
        found += [f"{module.path}:{node.lineno} imports {name}" for name in sorted(roots)]
    return found


def shared_names(modules: Iterable[Module]) -> dict[str, set[str]]:
    """For each module, the names that other modules import one by one, or read as `module.name`."""
    shared: dict[str, set[str]] = {}
    for module in modules:
        bound: dict[str, str] = {}
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    shared.setdefault(node.module, set()).add(alias.name)
                    bound[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        for node in ast.walk(module.tree):
            owner = node.value if isinstance(node, ast.Attribute) else None
            if isinstance(owner, ast.Name) and owner.id in bound:
                shared.setdefault(bound[owner.id], set()).add(getattr(node, "attr", ""))
    return shared


def inexact_all(module: Module, shared: Set[str] = frozenset()) -> list[str]:
    """`__all__` is a literal list that names each public function and class, once.

    A package may leave it out when it is an index of star imports and submodules. A name that
    sister modules import one by one may be left out: it is shared inside the library.
    """
    defined = public_definitions(module) - shared
    listed = literal_names(module)
    if listed is None:
        return [] if is_plain_index(module) else [f"{module.path}: no literal `__all__`"]
    found = [f"{module.path}: {name} is not in `__all__`" for name in sorted(defined - {*listed})]
    twice = {name for name in listed if listed.count(name) > 1}
    return found + [f"{module.path}: {name} is in `__all__` twice" for name in sorted(twice)]


def inexact_index(module: Module, modules: dict[str, Module]) -> list[str]:
    """An index lists every name that its star imports bring, and no two bring the same."""
    origin: dict[str, str] = {}
    found = []
    for source in star_sources(module):
        if source not in modules:
            found.append(f"{module.path}: star import of {source}, which is not ours")
            continue
        for name in exported_names(modules[source], modules):
            if name in origin:
                found.append(f"{module.path}: {name} comes from {origin[name]} and from {source}")
            origin[name] = source
    missing = origin.keys() - {*exported_names(module, modules)}
    return found + [
        f"{module.path}: {name} of {origin[name]} is not in `__all__`" for name in sorted(missing)
    ]


def shadowed_names(module: Module, modules: dict[str, Module]) -> list[str]:
    """No submodule has the name of something else that its package binds.

    Importing `package.name` replaces the attribute, so the function would turn into a module.
    """
    if not module.is_package:
        return []
    prefix = module.name + "."
    children = {name.removeprefix(prefix) for name in modules if name.startswith(prefix)}
    bound = public_definitions(module)
    for source in star_sources(module):
        bound |= {*exported_names(modules[source], modules)} if source in modules else set()
    for node in module.tree.body:
        if isinstance(node, ast.ImportFrom):
            names = {alias.name: alias.asname or alias.name for alias in node.names}
            bound |= {new for old, new in names.items() if f"{node.module}.{old}" not in modules}
        elif isinstance(node, ast.Assign):
            bound |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return [f"{module.path}: {name} is also a submodule" for name in sorted(bound & children)]


def machine_paths(place: str, text: str) -> list[str]:
    """No file names a path of the machine it was written on."""
    return [
        f"{place}:{number}: {match[0]}"
        for number, line in enumerate(text.splitlines(), start=1)
        for match in _MACHINE_PATH.finditer(line)
    ]


def unfinished_work(module: Module) -> list[str]:
    """What is in the tree is finished: no notes to self, no error without a sentence."""
    return [
        f"{module.path}:{number}: {match[0]}"
        for number, line in enumerate(module.lines, start=1)
        for match in _UNFINISHED.finditer(line)
    ]
