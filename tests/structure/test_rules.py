"""Each house rule catches code that breaks it and passes code that keeps it."""

import pathlib
import textwrap

import pytest

from tests.structure import rules
from tests.structure.source import Module

LONG = "\n".join("    x = 1" for _ in range(61))
PROSE = '    """Words.\n' + "    More words.\n" * 80 + '    """\n'

BROKEN = {
    "file of 601 lines": (rules.long_files, "x = 1\n" * 601),
    "function of 62 lines": (rules.long_functions, f"def f():\n{LONG}\n"),
    "method of 62 lines": (rules.long_functions, f"class A:\n  def f(self):\n{LONG}\n"),
    "line of 101 characters": (rules.long_lines, "#" * 101),
    "import in a function": (rules.imports_inside_functions, "def f():\n    import os\n"),
    "import in a branch of a function": (
        rules.imports_inside_functions,
        "def f(x):\n    if x:\n        from os import path\n",
    ),
    "import of a peer": (rules.forbidden_imports, "import jax.numpy as jnp\n"),
    "import from a peer": (rules.forbidden_imports, "from torch.nn import Linear\n"),
    "no __all__": (rules.inexact_all, "def f(): ...\n"),
    "computed __all__": (rules.inexact_all, "names = ['f']\n__all__ = sorted(names)\n"),
    "function not listed": (rules.inexact_all, "__all__ = ['f']\ndef f(): ...\ndef g(): ...\n"),
    "class not listed": (rules.inexact_all, "__all__: list[str] = []\nclass A: ...\n"),
    "name listed twice": (rules.inexact_all, "__all__ = ['f', 'f']\ndef f(): ...\n"),
    "note to self": (rules.unfinished_work, "x = 1  # TODO later\n"),
    "placeholder": (rules.unfinished_work, "raise NotImplementedError\n"),
}

KEPT = {
    "file of 600 lines": (rules.long_files, "x = 1\n" * 600),
    "long docstring": (rules.long_functions, f"def f():\n{PROSE}    return 1\n"),
    "line of 100 characters": (rules.long_lines, "#" * 100),
    "import at the top": (rules.imports_inside_functions, "import os\n"),
    "import of the compiler": (rules.forbidden_imports, "import jaxlib\nfrom jib import lax\n"),
    "exact __all__": (rules.inexact_all, "__all__ = ['f']\ndef f(): ...\ndef _g(): ...\n"),
    "annotated __all__": (rules.inexact_all, "__all__: list[str] = ['A']\nclass A: ...\n"),
    "error with a sentence": (rules.unfinished_work, "raise NotImplementedError('no rule')\n"),
    "caught exception": (rules.unfinished_work, "try: f()\nexcept NotImplementedError: g()\n"),
}


def module(text, name="jib.sample", file="sample.py"):
    return Module(pathlib.Path(file), name, textwrap.dedent(text))


def package(text, name="jib.box"):
    return module(text, name, "__init__.py")


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_is_found(name):
    rule, text = BROKEN[name]
    assert len(rule(module(text))) == 1


@pytest.mark.parametrize("name", KEPT)
def test_a_kept_rule_is_quiet(name):
    rule, text = KEPT[name]
    assert rule(module(text)) == []


def test_a_package_that_only_has_a_docstring_needs_no_all():
    assert rules.inexact_all(package('"""A folder."""\n')) == []


def test_an_index_lists_what_its_star_imports_bring():
    part = module("__all__ = ['f', 'g']\ndef f(): ...\ndef g(): ...\n", "jib.box._part")
    modules = {"jib.box._part": part}
    exact = package("from jib.box._part import *\n__all__ = ['f', 'g']\n")
    short = package("from jib.box._part import *\n__all__ = ['f']\n")
    assert rules.inexact_index(exact, modules) == []
    assert rules.inexact_index(short, modules) == [
        "__init__.py: g of jib.box._part is not in `__all__`"
    ]


def test_an_index_of_star_imports_alone_is_exact():
    modules = {"jib.box._part": module("__all__ = ['f']\ndef f(): ...\n", "jib.box._part")}
    index = package('"""A box."""\nfrom jib.box._part import *\n')
    assert rules.inexact_all(index) == []
    assert rules.inexact_index(index, modules) == []


def test_an_index_may_bring_its_submodules_and_private_names():
    index = package("from jib.box import part\nfrom jib.other import g as _g\n_g()\n_h = 1\n")
    assert rules.inexact_all(index) == []


def test_an_index_with_other_imports_needs_all():
    index = package("from jib.box._part import *\nfrom jib.other import g\n")
    assert rules.inexact_all(index) == ["__init__.py: no literal `__all__`"]


def test_two_star_imports_must_not_bring_the_same_name():
    one = module("__all__ = ['f']\ndef f(): ...\n", "jib.box._one")
    two = module("__all__ = ['f']\ndef f(): ...\n", "jib.box._two")
    index = package("from jib.box._one import *\nfrom jib.box._two import *\n__all__ = ['f']\n")
    found = rules.inexact_index(index, {"jib.box._one": one, "jib.box._two": two})
    assert found == ["__init__.py: f comes from jib.box._one and from jib.box._two"]


@pytest.mark.parametrize(
    "text",
    [
        "def sort(): ...\n",
        "sort = len\n",
        "from jib.other import sort\n",
        "from jib.box.sort import sort\n",
        "from jib.box._part import *\n",
    ],
)
def test_a_submodule_must_not_shadow_a_name(text):
    part = module("__all__ = ['sort']\ndef sort(): ...\n", "jib.box._part")
    modules = {"jib.box.sort": module("x = 1\n", "jib.box.sort"), "jib.box._part": part}
    assert rules.shadowed_names(package(text), modules) == ["__init__.py: sort is also a submodule"]


def test_a_package_may_export_its_submodule():
    modules = {"jib.box.sort": module("x = 1\n", "jib.box.sort")}
    assert rules.shadowed_names(package("from jib.box import sort\n"), modules) == []


@pytest.mark.parametrize("path", ["/home/ann/data.csv", "open('/tmp/x.npz')", "/root/.cache"])
def test_a_machine_path_is_found(path):
    assert len(rules.machine_paths("page.md", path)) == 1


@pytest.mark.parametrize("text", ["https://example.org/home/page", "a/work/b", "~/.cache/jib"])
def test_other_paths_are_quiet(text):
    assert rules.machine_paths("page.md", text) == []
