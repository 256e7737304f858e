"""Names and signatures are the field's, or `absent.txt` says why not.

`names.tsv` lists the public names of the reference's language part and of the libraries of modules,
optimizers and checkpoints, in the module where they stand here, with their signatures and how
widely they are used: T1 and T2 in real code, T3 hardly. Of modules, checkpoints and training it has
what is used, of optimizers everything. A line of `absent.txt` is a name (or a pattern) and a
reason.
"""

import csv
import fnmatch
import importlib
import inspect
import pathlib
import warnings

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import nnx, optim

HERE = pathlib.Path(__file__).parent
_LINEAR = nnx.Linear(2, 2, rngs=nnx.Rngs(0))
# Members of these are looked for on an instance, as they are not all known to the class.
_INSTANCES = {
    "Array": jnp.ones((2, 2)),
    "Device": jib.devices()[0],
    "Shard": jnp.ones(2).addressable_shards[0],
    "nnx.Einsum": nnx.Einsum("ij,jk->ik", (2, 2), rngs=nnx.Rngs(0)),
    "nnx.Linear": _LINEAR,
    "nnx.Optimizer": nnx.Optimizer(_LINEAR, optim.sgd(0.1), wrt=nnx.Param),
}


def _rows():
    with (HERE / "names.tsv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def _reasons(which):
    lines = (HERE / f"{which}.txt").read_text("utf-8").splitlines()
    pairs = [line.split(": ", 1) for line in lines if line and not line.startswith("#")]
    assert all(len(pair) == 2 and pair[1] for pair in pairs), "a name lacks its reason"
    return dict(pairs)


ROWS = _rows()
ABSENT = _reasons("absent")
DIFFERENT = _reasons("different")


def _full(row):
    return ".".join(part for part in (row["module"], row["name"]) if part)


def _listed(name, reasons):
    return name in reasons or any(fnmatch.fnmatchcase(name, p) for p in reasons if "*" in p)


def _owner_and_name(row):
    """What holds the named object (a module, class or instance), and the name in it."""
    first, *rest = row["name"].split(".")
    instance = _INSTANCES.get(".".join(filter(None, (row["module"], first))))
    if rest and instance is not None:
        owner = instance
        if rest[0] == "at" and len(rest) > 1:
            owner, rest = owner.at[0], ["x", *rest[1:]]
    else:
        module = ".".join(filter(None, ("jib", row["module"])))
        owner, rest = importlib.import_module(module), ["", first, *rest]
    for part in rest[1:-1]:
        owner = getattr(owner, part)
    return owner, rest[-1]


def _find(row):
    """The object that a row names, in jib; raises where there is none."""
    return getattr(*_owner_and_name(row))


def _is_there(row):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            owner, name = _owner_and_name(row)
        except (AttributeError, ImportError):
            return False
        # A field that only instances have stands in the class's annotations.
        return hasattr(owner, name) or name in getattr(owner, "__annotations__", {})


def test_every_name_is_there_or_its_absence_has_a_reason():
    missing = [
        f"{row['tier']} {_full(row)}"
        for row in ROWS
        if not _listed(_full(row), ABSENT) and not _is_there(row)
    ]
    assert not missing, "\n".join(sorted(missing))


def test_what_is_listed_as_absent_is_absent():
    there = [_full(row) for row in ROWS if _full(row) in ABSENT and _is_there(row)]
    assert not there, "\n".join(there)


def _parameters(text):
    """The parameters of a signature's text; a default is only there or not."""
    body = text[1 : text.rindex(")")] if text.endswith(")") else text[1:]
    pieces, depth, piece = [], 0, ""
    for character in body:
        depth += (character in "([{<") - (character in ")]}>")
        if character == "," and not depth:
            pieces, piece = [*pieces, piece.strip()], ""
        else:
            piece += character
    return [p for p in [*pieces, piece.strip()] if p]


def _incompatible(row, value, method_of_class=False):
    """Why a call in the reference's form would not work here, or None."""
    try:
        actual = inspect.signature(value)
    except (TypeError, ValueError):
        return None
    kinds = inspect.Parameter
    parameters = list(actual.parameters.values())[method_of_class:]
    if any(p.kind is kinds.VAR_KEYWORD for p in parameters):
        return None
    by_keyword = {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    by_place = [
        p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]
    rest = any(p.kind is kinds.VAR_POSITIONAL for p in parameters)
    expected = _parameters(row["signature"])
    placed_only = expected.index("/") if "/" in expected else 0
    position, keyword_only = 0, False
    for index, text in enumerate(p for p in expected if p != "/"):
        name = text.split("=")[0].split(":")[0].strip()
        if name.startswith("*"):
            keyword_only = True
        elif name.startswith("_"):
            position += by_place[position : position + 1] == [name]
            continue
        elif index < placed_only or keyword_only:
            if keyword_only and name not in by_keyword:
                return f"no {name}"
        elif name not in by_keyword and not (rest or name in by_place):
            return f"no {name}"
        if not keyword_only:
            if not rest and position >= len(by_place):
                return f"{name} is not taken by position"
            if index >= placed_only and not rest and by_place[position] != name:
                return f"{by_place[position]} where {name} stands"
            position += 1
    return _needed(parameters, expected)


def _needed(parameters, expected):
    """Which argument must be given here that the reference does not need, or None."""
    if any(text.startswith("*") and text[1:] for text in expected):
        return None
    given = {text for text in expected if "=" not in text}
    placed_only = expected.index("/") if "/" in expected else 0
    for parameter in parameters[placed_only:]:
        variable = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if parameter.default is parameter.empty and not variable and parameter.name not in given:
            return f"{parameter.name} must be given"
    return None


def test_signatures_are_compatible():
    different = []
    for row in ROWS:
        name = _full(row)
        if (
            row["kind"] not in ("class", "classmethod", "function", "method")
            or not row["signature"]
        ):
            continue
        if _listed(name, ABSENT) or _listed(name, DIFFERENT) or not _is_there(row):
            continue
        owner, last = _owner_and_name(row)
        takes_self = inspect.isclass(owner) and inspect.isfunction(
            inspect.getattr_static(owner, last)
        )
        if reason := _incompatible(row, getattr(owner, last), takes_self):
            different.append(f"{row['tier']} {name}{row['signature']}: {reason}")
    assert not different, "\n".join(sorted(different))


@pytest.mark.parametrize(
    "signature, reason",
    [
        ("(a, b=1)", None),
        ("(a, c)", "no c"),
        ("(b, a)", "a where b stands"),
        ("(a, *, b)", None),
        ("(a=1, b=1)", "a must be given"),
        ("(c, /)", None),
    ],
)
def test_the_comparison_of_signatures_notices(signature, reason):
    assert _incompatible({"signature": signature}, lambda a, b=1: a + b) == reason


def test_a_missing_name_says_so():
    with pytest.raises(AttributeError, match=r"jib does not have jib\.numpy\.no_such_name"):
        jnp.no_such_name  # noqa: B018 (reading the attribute is the test)
    assert np.size(ABSENT) == 1 and len(ABSENT) > 1
