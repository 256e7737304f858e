"""The checkout as the structure tests see it: each file is read and parsed once."""

import ast
import functools
import pathlib

__all__ = [
    "ROOT",
    "Module",
    "docstring_lines",
    "exported_names",
    "functions",
    "is_plain_index",
    "is_star",
    "library",
    "literal_names",
    "public_definitions",
    "python_files",
    "star_sources",
]

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("jib", "apps", "benchmarks", "examples", "tests", "tools")

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Module:
    """One Python file: its place, its dotted name, its text and its syntax tree."""

    def __init__(self, path: pathlib.Path, name: str, text: str) -> None:
        self.path = path
        self.name = name
        self.text = text
        self.lines = text.splitlines()
        self.tree = ast.parse(text, filename=str(path))
        self.is_package = path.name == "__init__.py"

    @classmethod
    def read(cls, path: pathlib.Path) -> "Module":
        """The module of a file in the checkout."""
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        return cls(path, name, path.read_text(encoding="utf-8"))

    def __repr__(self) -> str:
        return self.name


@functools.cache
def python_files() -> tuple[Module, ...]:
    """Every Python file of the project, in order."""
    paths = (path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py")))
    hidden = (path for path in paths if not any(p.startswith(".") for p in path.parts))
    return tuple(Module.read(path) for path in hidden if "build" not in path.parts)


@functools.cache
def library() -> dict[str, Module]:
    """The modules of jib by dotted name."""
    modules = (module for module in python_files() if module.name.split(".")[0] == "jib")
    return {module.name: module for module in modules}


def functions(module: Module) -> list[Function]:
    """Every function of a module, methods and nested ones included."""
    return [node for node in ast.walk(module.tree) if isinstance(node, Function)]


def docstring_lines(node: ast.AST) -> int:
    """How many lines the docstring of a function, class or module takes."""
    body = getattr(node, "body", [])
    if not body or not isinstance(body[0], ast.Expr):
        return 0
    value = body[0].value
    if not isinstance(value, ast.Constant) or not isinstance(value.value, str):
        return 0
    return (body[0].end_lineno or body[0].lineno) - body[0].lineno + 1


def literal_names(module: Module) -> list[str] | None:
    """What `__all__` lists, or None where the module has no literal `__all__`."""
    for node in module.tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        names = [target.id for target in targets if isinstance(target, ast.Name)]
        if "__all__" in names and isinstance(node, ast.Assign | ast.AnnAssign):
            if not isinstance(node.value, ast.List | ast.Tuple):
                return None
            values = [getattr(item, "value", None) for item in node.value.elts]
            return values if all(isinstance(value, str) for value in values) else None
    return None


def public_definitions(module: Module) -> set[str]:
    """Names of the functions and classes at the top of a module that have no underscore."""
    found = (node for node in module.tree.body if isinstance(node, Function | ast.ClassDef))
    return {node.name for node in found if not node.name.startswith("_")}


def star_sources(module: Module) -> list[str]:
    """The modules whose names a module takes with `from ... import *`."""
    found = (node for node in module.tree.body if isinstance(node, ast.ImportFrom))
    return [node.module for node in found if node.module and is_star(node)]


def is_plain_index(module: Module) -> bool:
    """Whether a package brings no public name but its submodules and what star imports bring."""
    return module.is_package and all(map(functools.partial(_is_quiet, module), module.tree.body))


def _is_quiet(module: Module, node: ast.stmt) -> bool:
    """Whether a statement of an index adds no public name of its own."""
    if isinstance(node, ast.ImportFrom) and (node.module == module.name or is_star(node)):
        return True
    if isinstance(node, ast.Import | ast.ImportFrom):
        return all((alias.asname or alias.name).startswith("_") for alias in node.names)
    if isinstance(node, ast.Assign):
        names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        return all(name.startswith("_") for name in names)
    return isinstance(node, ast.Expr)


def is_star(node: ast.ImportFrom) -> bool:
    """Whether an import is `from ... import *`."""
    return node.names[0].name == "*"


def exported_names(module: Module, modules: dict[str, Module]) -> list[str]:
    """What a star import of a module brings: its `__all__`, or what a plain index gathers."""
    listed = literal_names(module)
    if listed is not None or not is_plain_index(module):
        return listed or []
    sources = (modules[source] for source in star_sources(module) if source in modules)
    return [name for source in sources for name in exported_names(source, modules)]
