"""The project keeps its house rules."""

import importlib
import importlib.util

import pytest

from tests.structure import rules
from tests.structure.source import ROOT, library, literal_names, python_files

TEXT_SUFFIXES = {".cfg", ".json", ".md", ".py", ".sh", ".toml", ".txt", ".yaml", ".yml"}
SHIPPED = ("jib", "apps", "benchmarks", "docs", "examples")
GENERATED = ROOT / "docs" / "reference"


def shipped():
    """Library and application modules, which users read and import."""
    return [m for m in python_files() if m.name.startswith(("jib", "apps.")) and not is_test(m)]


def is_test(module):
    return "tests" in module.path.parts[len(ROOT.parts) :]


def check(rule, modules):
    found = [place for module in modules for place in rule(module)]
    assert not found, f"{rule.__doc__ or ''}\n" + "\n".join(found).replace(f"{ROOT}/", "")


@pytest.mark.parametrize(
    "rule", [rules.long_files, rules.long_functions, rules.long_lines], ids=lambda r: r.__name__
)
def test_sizes(rule):
    check(rule, python_files())


def test_no_import_inside_a_function():
    check(rules.imports_inside_functions, [m for m in python_files() if m.name[:5] != "bench"])


def test_no_peer_is_imported():
    check(rules.forbidden_imports, [m for m in python_files() if m.name[:5] != "bench"])


def test_nothing_is_left_unfinished():
    check(rules.unfinished_work, shipped())


def test_all_is_exact():
    shared = rules.shared_names(python_files())
    modules = [m for m in shipped() if m.path.name != "__main__.py"]
    check(lambda m: rules.inexact_all(m, shared.get(m.name, set())), modules)


def test_every_index_is_exact():
    modules = library()
    check(lambda m: rules.inexact_index(m, modules), modules.values())


def test_every_folder_is_a_package():
    """A folder without `__init__.py` is invisible to the layer check and absent from the wheel."""
    folders = {module.path.parent for module in library().values()}
    assert not [str(f.relative_to(ROOT)) for f in folders if not (f / "__init__.py").exists()]


def test_no_submodule_shadows_a_name():
    modules = library()
    check(lambda m: rules.shadowed_names(m, modules), modules.values())


@pytest.mark.parametrize("name", [name for name in library() if not name.endswith("__main__")])
def test_every_listed_name_exists(name):
    module = importlib.import_module(name)
    missing = [n for n in literal_names(library()[name]) or [] if not hasattr(module, n)]
    assert not missing


def test_no_machine_path_is_named():
    found = []
    for folder in SHIPPED:
        for path in sorted((ROOT / folder).rglob("*")):
            kept = path.suffix in TEXT_SUFFIXES and GENERATED not in path.parents
            if kept and not is_ignored(path):
                text = path.read_text(encoding="utf-8")
                found += rules.machine_paths(str(path.relative_to(ROOT)), text)
    assert not found, "\n".join(found)


def is_ignored(path):
    parts = path.relative_to(ROOT).parts
    return "results" in parts or "out" in parts or any(p.startswith(".") for p in parts)
