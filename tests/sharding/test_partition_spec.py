"""Partition specs: normal form, equality, pickling, and errors."""

import copy
import pickle

import pytest
from hypothesis import given, strategies as st

from jib.sharding import AxisType, PartitionSpec as P

axis = st.sampled_from(["x", "y", "z"])
entry = st.one_of(st.none(), axis, st.lists(axis, max_size=2).map(tuple), st.just(P.UNCONSTRAINED))


def test_normal_form():
    assert P(("a",), (), ["b", "c"]) == P("a", None, ("b", "c"))
    assert P(("a", "b"), None).partitions == (("a", "b"), None)
    assert repr(P("a", None)) == "P('a', None)"
    assert repr(P(P.UNCONSTRAINED, unreduced={"x"})) == "P(UNCONSTRAINED, unreduced={'x'})"


@given(st.lists(entry, max_size=4))
def test_equal_specs_hash_alike_and_pickle(entries):
    spec = P(*entries)
    again = pickle.loads(pickle.dumps(spec))
    assert again == spec == copy.deepcopy(spec) and hash(again) == hash(spec)
    assert P(*spec) == spec and len(spec) == len(entries)


def test_differences():
    assert P("a") != P("a", None)
    assert P("a") != ("a",)
    assert P(unreduced={"a"}) != P(reduced={"a"}) != P()


def test_sequence_operations():
    spec = P("a", None) + P(("b", "c"))
    front, back = ("a", None), ("b",)
    assert spec == P("a", None, ("b", "c")) == front + P(("b", "c"))
    assert spec[0] == "a" and spec[1:] == (None, ("b", "c"))
    assert spec.index(("a",)) == 0 and spec.count(None) == 1
    assert P("a") + back == P("a", "b")
    with pytest.raises(TypeError):
        P("a") + "b"


def test_unreduced_and_reduced():
    spec = P("a", unreduced={"b"}, reduced={"c"})
    assert spec.update(partitions=(None,)) == P(None, unreduced={"b"}, reduced={"c"})
    with pytest.raises(ValueError, match=r"help: spec\.partitions"):
        list(spec)
    with pytest.raises(ValueError, match="mesh axis 'a' is both in unreduced and in the part"):
        P(("a", "d"), unreduced={"a"})
    with pytest.raises(ValueError, match="both in unreduced and in reduced"):
        P(unreduced={"a"}, reduced={"a"})
    with pytest.raises(TypeError, match="takes a set"):
        P(unreduced="a")


def test_specs_do_not_change():
    with pytest.raises(AttributeError, match=r"help: spec.update\(reduced=...\)"):
        P("a").reduced = frozenset()


def test_axis_types():
    assert [kind.name for kind in AxisType] == ["Auto", "Explicit", "Manual"]
    assert repr(AxisType.Auto) == "Auto"
