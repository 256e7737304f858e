"""Every primitive has six rules and a row in the table; every row passes every oracle."""

import collections
import importlib
import pkgutil

import pytest

import jib
from jib.core.primitive import Waived, primitives
from tests.harness import derivatives, oracles
from tests.harness.table import ROWS

SLOTS = ("type", "numpy", "jvp", "transpose", "batch", "lower")


@pytest.fixture(scope="module")
def table():
    """All primitives of jib: they come to be when their modules are imported.

    Those that other tests made in this process do not count.
    """
    for module in pkgutil.walk_packages(jib.__path__, "jib."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return {name: p for name, p in primitives.items() if not name.startswith("test_")}


def test_every_slot_is_filled(table):
    wrong = [
        f"{name}.{slot}"
        for name, primitive in table.items()
        for slot in SLOTS
        if not callable(getattr(primitive, slot))
    ]
    assert not wrong


def test_every_waiver_has_a_reason(table):
    rules = [(n, getattr(p, slot)) for n, p in table.items() for slot in SLOTS]
    assert not [n for n, rule in rules if isinstance(rule, Waived) and len(rule.reason) < 12]


def test_every_primitive_has_a_row(table):
    assert not sorted(table.keys() - {row.name for row in ROWS})


def test_every_row_is_of_a_primitive(table):
    counted = collections.Counter(row.name for row in ROWS)
    assert not sorted(counted.keys() - table.keys())
    assert not [name for name, count in counted.items() if count > 1]


def test_every_row_has_samples_and_errors():
    assert not [row.name for row in ROWS if not row.samples]
    assert not [row.name for row in ROWS if not row.errors and not row.unchecked]


every_row = pytest.mark.parametrize("row", ROWS, ids=str)


@every_row
def test_forward(row):
    oracles.check_forward(row)


@every_row
def test_errors(row):
    oracles.check_errors(row)


@every_row
def test_derivatives(row):
    derivatives.check_derivatives(row)


@every_row
def test_batching(row):
    if row.batched:
        oracles.check_batching(row)


@every_row
def test_lowering(row):
    oracles.check_lowering(row)
