"""Nested dicts by paths."""

import types

import pytest
from hypothesis import given, strategies as st

from jib.traverse_util import empty_node, flatten_dict, path_aware_map, unflatten_dict

NESTED = st.recursive(
    st.integers(), lambda x: st.dictionaries(st.text("ab", min_size=1), x), max_leaves=12
).filter(lambda x: isinstance(x, dict))


@given(NESTED)
def test_round_trip(tree):
    assert unflatten_dict(flatten_dict(tree, keep_empty_nodes=True)) == tree
    assert unflatten_dict(flatten_dict(tree, keep_empty_nodes=True, sep="/"), sep="/") == tree


def test_what_flattening_offers():
    xs = {"foo": 1, "bar": {"a": 2, "b": {}}}
    assert flatten_dict(xs) == {("foo",): 1, ("bar", "a"): 2}
    assert flatten_dict(xs, keep_empty_nodes=True)["bar", "b"] is empty_node
    stop = lambda path, x: path == ("bar",)
    assert flatten_dict(xs, is_leaf=stop)["bar",] == xs["bar"]
    assert flatten_dict(types.MappingProxyType(xs)) == flatten_dict(xs)
    assert flatten_dict({}, keep_empty_nodes=True) == {}
    leaf = {("a",): {"whole": 1}}
    assert unflatten_dict(leaf) == {"a": {"whole": 1}}


def test_paths_are_given_to_the_function():
    params = {"a": {"x": 10, "y": 3}, "b": {"x": 20}, "c": {}}
    f = lambda path, x: x + 5 if "x" in path else -x
    assert path_aware_map(f, params) == {"a": {"x": 15, "y": -3}, "b": {"x": 25}, "c": {}}


def test_what_is_refused():
    with pytest.raises(TypeError, match="flatten_dict takes a dict, not a list"):
        flatten_dict([1])
    with pytest.raises(TypeError, match="the key 3 is not a string"):
        flatten_dict({3: 1}, sep="/")
    with pytest.raises(ValueError, match="goes through 'a', which is a leaf"):
        unflatten_dict({("a",): 1, ("a", "b"): 2})
    with pytest.raises(ValueError, match="ends where another path goes on"):
        unflatten_dict({("a", "b"): 2, ("a",): 1})
