"""Each construct that asks a traced value for a plain one is named, located and rewritten."""

import ast
import linecache
import textwrap
import types

import numpy
import pytest

from jib.errors import (
    AmbiguousTruthError,
    ItemAssignmentError,
    Provenance,
    TracedArrayError,
    TracedControlFlowError,
    TracedConversionError,
    TracedIntegerError,
)
from jib.errors._spans import register_library_prefix

register_library_prefix(__file__)
PROVENANCE = Provenance([("x", "float32[]")], "f", "example.py", 1)


class Unknown:
    """A stand-in for a tracer: every conversion raises, every operation gives another one."""

    def _same(self, *_args, **_kwargs):
        return self

    __add__ = __radd__ = __mul__ = __sub__ = __truediv__ = __neg__ = __call__ = _same
    __gt__ = __lt__ = __ge__ = __le__ = __eq__ = __ne__ = __and__ = _same
    sum = _same
    __hash__ = None

    def __bool__(self):
        raise TracedControlFlowError("bool[]", PROVENANCE)

    def __index__(self):
        raise TracedIntegerError("int32[]", Provenance([("x", "int32[]")], "f", "example.py", 1))

    def __float__(self):
        raise TracedConversionError("float32[]", PROVENANCE, "a Python float")

    def __array__(self, *_args, **_kwargs):
        raise TracedArrayError("float32[]", PROVENANCE)

    def __format__(self, spec):
        raise TracedConversionError("float32[]", PROVENANCE, "a Python number")

    def __setitem__(self, index, value):
        raise ItemAssignmentError("float32[3]")

    def item(self):
        raise TracedConversionError("float32[]", PROVENANCE, "a Python number")


def failure(source):
    """Run `source` and return the error it raises, with jib's frames told by this file."""
    # The stand-in tracer is library code here, as the real one is.
    module = types.ModuleType("jib.numpy")
    module.__dict__.update(sin=numpy.sin)
    names = {"x": Unknown(), "y": Unknown(), "jnp": module, "jib": types.ModuleType("jib")}
    names |= {"lax": types.ModuleType("jib.lax"), "np": numpy, "items": [1, 2]}
    source = textwrap.dedent(source).strip() + "\n"
    linecache.cache["example.py"] = (len(source), None, source.splitlines(True), "example.py")
    try:
        exec(compile(source, "example.py", "exec"), names)
    except Exception as error:
        return error, source
    pytest.fail("nothing was raised")


# construct as shown, the program, the converted text, the whole program after the first fix
CASES = [
    ("if", "if x.sum() > 0:\n    z = x\nelse:\n    z = -x", "x.sum() > 0",
     "z = jnp.where(x.sum() > 0, x, -x)"),
    ("if", "z = y\nif x > 0:\n    z = x", "x > 0", "z = y\nz = jnp.where(x > 0, x, z)"),
    ("if", "z = y\nif x > 0:\n    z *= x + 1", "x > 0",
     "z = y\nz = jnp.where(x > 0, z * (x + 1), z)"),
    ("if", "def f(x):\n    if x > 0:\n        return x\n    return y\nf(x)", "x > 0",
     "def f(x):\n    return jnp.where(x > 0, x, y)\nf(x)"),
    ("if", "def f(x):\n    if x:\n        return x, 1\n    else:\n        return y, 0\nf(x)", "x",
     "def f(x):\n    return jnp.where(x, x, y), jnp.where(x, 1, 0)\nf(x)"),
    ("and", "z = x > 0 and y > 1", "x > 0", "z = (x > 0) & (y > 1)"),
    ("and", "z = x and y", "x", "z = jnp.where(x, y, x)"),
    ("or", "z = x or y > 0", "x", "z = jnp.where(x, x, y > 0)"),
    ("or", "z = 1 if x or y > 0 else 2", "x", "z = jnp.where(jnp.logical_or(x, y > 0), 1, 2)"),
    ("not", "z = not x > 0", "x > 0", "z = ~(x > 0)"),
    ("not", "if not x:\n    z = 1\nelse:\n    z = 2", "x",
     "z = jnp.where(jnp.logical_not(x), 1, 2)"),
    ("and", "if x > 0 and y > 0:\n    z = 1\nelse:\n    z = 2", "x > 0",
     "z = jnp.where((x > 0) & (y > 0), 1, 2)"),
    ("a chained comparison", "z = 0 < x < 1", "0 < x < 1", "z = (0 < x) & (x < 1)"),
    ("if ... else", "z = 1 if x > 0 else y", "x > 0", "z = jnp.where(x > 0, 1, y)"),
    ("min", "z = min(x, y)", "", "z = jnp.minimum(x, y)"),
    ("max", "z = max(x, y, 1)", "", "z = jnp.maximum(jnp.maximum(x, y), 1)"),
    ("bool", "z = bool(x)", "x", "z = x"),
    ("any", "z = any([x, y])", "[x, y]", "z = jnp.any(jnp.asarray([x, y]))"),
    ("in", "z = x in [2, 3]", "x in [2, 3]", "z = jnp.any(jnp.asarray([2, 3]) == x)"),
    ("while", "z = x\nwhile z > 1:\n    z = z / 2", "z > 1",
     "z = x\ndef keep_going(z):\n    return z > 1\ndef step(z):\n    z = z / 2\n    return z\n"
     "z = lax.while_loop(keep_going, step, z)"),
    ("while", "i = 0\nz = y\nwhile i < x:\n    i += 1\n    z = z + i", "i < x",
     "i = 0\nz = y\ndef keep_going(state):\n    i, z = state\n    return i < x\n"
     "def step(state):\n    i, z = state\n    i += 1\n    z = z + i\n    return i, z\n"
     "i, z = lax.while_loop(keep_going, step, (i, z))"),
    ("range", "z = y\nfor i in range(x):\n    t = i + 1\n    z = z + t", "x",
     "z = y\ndef step(i, z):\n    t = i + 1\n    z = z + t\n    return z\n"
     "z = lax.fori_loop(0, x, step, z)"),
    ("[...]", "z = items[x]", "x", "z = jnp.asarray(items)[x]"),
    ("int", "z = int(x)", "x", "z = x"),
    ("float", "z = float(x)", "x", "z = x"),
    (".item()", "z = x.item()", "x", "z = x"),
    ("an f-string", 'print(f"loss {x:.2f}")', "", 'jib.debug.print("loss {:.2f}", x)'),
    ("np.sin", "z = np.sin(x)", "x", "z = jnp.sin(x)"),
    ("[...] =", "x[0] = 5", "x", "x = x.at[0].set(5)"),
    ("[...] =", "x[0, 1:] = 5, 6", "x", "x = x.at[0, 1:].set((5, 6))"),
]  # fmt: skip


@pytest.mark.parametrize(("construct", "program", "value", "fixed"), CASES)
def test_construct_is_named_and_rewritten(construct, program, value, fixed):
    error, source = failure(program)
    assert error.report.fixes, str(error)
    changed = error.report.fixes[0].apply(source)
    ast.parse(changed)
    assert changed.strip() == fixed
    if value:
        assert error.span.text == value
    if not construct.startswith("["):
        assert construct in error.message


def test_several_elements_have_no_one_truth_value():
    class Several(Unknown):
        def __bool__(self):
            raise AmbiguousTruthError("bool[3]")

        def __gt__(self, other):
            return self

    source = "if x > 0:\n    z = 1\n"
    linecache.cache["example.py"] = (len(source), None, source.splitlines(True), "example.py")
    with pytest.raises(ValueError) as caught:
        exec(compile(source, "example.py", "exec"), {"x": Several()})
    assert caught.value.span.text == "x > 0"
    assert [fix.apply(source).split("\n")[0] for fix in caught.value.report.fixes] == [
        "if (x > 0).any():",
        "if (x > 0).all():",
    ]


def test_augmented_update():
    class Array(Unknown):
        def __getitem__(self, index):
            return 1

        __setitem__ = Unknown.__setitem__

    source = "x[0] += 5\n"
    linecache.cache["example.py"] = (len(source), None, [source], "example.py")
    with pytest.raises(ItemAssignmentError) as caught:
        exec(compile(source, "example.py", "exec"), {"x": Array()})
    assert caught.value.report.fixes[0].apply(source) == "x = x.at[0].add(5)\n"


@pytest.mark.parametrize(
    "program",
    [
        "z = x is not None and x > 0 and y",  # `is` has no array form
        "if x > 0:\n    z = 'up'\nelse:\n    z = 'down'",  # text cannot be chosen by `where`
        "while x > 0:\n    items.append(1)",  # a side effect
        "z = y\nwhile z > 0:\n    z = z - 1\n    t = z\nz = t",  # `t` is read after the loop
    ],
)
def test_no_rewrite_where_it_would_change_the_meaning(program):
    error, _ = failure(program)
    assert error.report.fixes == []
    assert error.help
