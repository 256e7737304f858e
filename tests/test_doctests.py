"""Every example in a docstring of jib runs and prints what it shows.

The docstrings are read from the source, so an example under a decorator, on a private function
or on a compiled one is not missed.
"""

import ast
import doctest
import importlib
import pathlib

import pytest

from tests.structure.source import library

#: What an example may use beside the names of its own module.
PREAMBLE = {"jib": "jib", "jnp": "jib.numpy", "lax": "jib.lax", "np": "numpy"}
DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def examples(tree, path):
    """The docstrings of a syntax tree that hold examples, each as a doctest."""
    parser = doctest.DocTestParser()
    found = []
    for node in ast.walk(tree):
        text = ast.get_docstring(node, clean=False) if isinstance(node, DOCUMENTED) else None
        if text and ">>>" in text:
            name = getattr(node, "name", "the module")
            found.append(parser.get_doctest(text, {}, name, str(path), node.body[0].lineno - 1))
    return found


def run(test, namespace):
    """Runs one docstring in a namespace of its own; returns what differs."""
    test.globs = dict(namespace)
    runner = doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS)
    report = []
    runner.run(test, out=report.append)
    return "".join(report)


def namespace_of(name):
    used = {a: target for a, target in PREAMBLE.items() if f" {a}." in library()[name].text}
    shared = {alias: importlib.import_module(target) for alias, target in used.items()}
    return shared | vars(importlib.import_module(name))


DOCUMENTED_MODULES = [name for name, module in library().items() if ">>>" in module.text]


@pytest.mark.parametrize("name", DOCUMENTED_MODULES)
def test_examples(name):
    module = library()[name]
    namespace = namespace_of(name)
    reports = [run(test, namespace) for test in examples(module.tree, module.path)]
    assert not any(reports), "\n".join(filter(None, reports))


def sample(shown):
    text = f'def f():\n    """Adds.\n\n    >>> 1 + 1\n    {shown}\n    """\n'
    (test,) = examples(ast.parse(text), pathlib.Path("sample.py"))
    return run(test, {})


def test_a_wrong_example_is_found():
    assert "Expected:\n    3\nGot:\n    2" in sample("3")


def test_a_right_example_is_quiet():
    assert sample("2") == ""
