"""Trees come apart and go together again; paths, prefixes and errors name the right place."""

import collections
import functools
import pickle

import pytest
from hypothesis import given, strategies as st

from jib import tree, tree_util
from jib.tree import broadcast_prefix, call_registry, register_call_node, tree_registry

Pair = collections.namedtuple("Pair", ["first", "second"])


def _containers(children):
    keys = st.text(min_size=1, max_size=3)
    mappings = st.dictionaries(keys, children, max_size=3)
    return st.one_of(
        st.lists(children, max_size=3),
        st.lists(children, max_size=3).map(tuple),
        mappings,
        mappings.map(collections.OrderedDict),
        mappings.map(lambda items: collections.defaultdict(list, items)),
        st.lists(children, max_size=3).map(lambda items: collections.deque(items, 5)),
        st.builds(Pair, children, children),
    )


trees = st.recursive(st.one_of(st.integers(), st.none()), _containers, max_leaves=12)


@given(trees)
def test_unflatten_undoes_flatten(value):
    leaves, treedef = tree.flatten(value)
    assert tree.unflatten(treedef, leaves) == value
    assert treedef.num_leaves == len(leaves)
    assert tree.structure(value) == treedef


@given(trees)
def test_both_registries_see_the_same_leaves(value):
    assert call_registry.flatten(value)[0] == tree_registry.flatten(value)[0]


@given(trees)
def test_paths_are_one_per_leaf_and_differ(value):
    with_paths, treedef = tree.flatten_with_path(value)
    assert [leaf for _, leaf in with_paths] == tree.leaves(value)
    assert len({path for path, _ in with_paths}) == treedef.num_leaves


@given(trees)
def test_structures_survive_pickling(value):
    treedef = tree.structure(value)
    assert pickle.loads(pickle.dumps(treedef)) == treedef


@given(trees)
def test_map_keeps_the_structure_and_composes(value):
    once = tree.map(lambda x: 2 * x + 1, value)
    assert tree.structure(once) == tree.structure(value)
    assert tree.map(lambda x, y: y - x, value, once) == tree.map(lambda x: x + 1, value)


@given(trees, st.integers())
def test_a_leaf_is_a_prefix_of_every_tree(value, leaf):
    assert broadcast_prefix(leaf, value) == [leaf] * len(tree.leaves(value))
    assert broadcast_prefix(value, value) == tree.leaves(value)


def test_none_is_a_node_without_leaves():
    assert tree.leaves([None, 1]) == [1]
    assert tree.leaves([None, 1], is_leaf=lambda x: x is None) == [None, 1]


def test_is_leaf_with_a_path():
    value = {"a": [1, 2], "b": [3]}
    found = tree.leaves_with_path(value, lambda path, _: len(path) == 1, is_leaf_takes_path=True)
    assert [leaf for _, leaf in found] == [[1, 2], [3]]
    found = tree.leaves_with_path(value, lambda x: isinstance(x, list))
    assert [leaf for _, leaf in found] == [[1, 2], [3]]


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ([1, 2], [1], "at the root, tree 1 has a list of length 2 and tree 2 has a list of length"),
        ({"a": {"b": (1,)}}, {"a": {"b": [1]}}, "at ['a']['b'], tree 1 has a tuple and tree 2"),
        ({"a": 1}, {"b": 1}, "tree 1 has 'a', which tree 2 has not; tree 2 has 'b', which tree 1"),
        ([[0]], [5], "at [0], tree 1 has a list and tree 2 has a leaf (int)"),
        ([None], [5], "at [0], tree 1 has None and tree 2 has a leaf (int)"),
    ],
)
def test_map_names_the_first_difference(first, second, words):
    with pytest.raises(ValueError) as caught:
        tree.map(lambda x, y: x, first, second)
    assert words in str(caught.value)
    with pytest.raises(ValueError, match="the trees have different structures"):
        tree.map_with_path(lambda path, x, y: x, first, second)


def test_map_counts_the_trees():
    with pytest.raises(ValueError, match="tree 1 has a list and tree 3 has a tuple"):
        tree.map(lambda *x: 0, [1], [2], (3,))


def test_broadcast_prefix():
    full = {"a": [1, 2], "b": 3}
    assert broadcast_prefix({"a": 0, "b": 1}, full) == [0, 0, 1]
    assert broadcast_prefix(None, full, is_leaf=lambda x: x is None) == [None, None, None]
    assert tree.broadcast({"a": "x", "b": "y"}, full) == {"a": ["x", "x"], "b": "y"}
    names = ("in_axes", "the arguments")
    with pytest.raises(ValueError, match=r"in_axes does not fit the arguments: at \['a'\]"):
        broadcast_prefix({"a": [0], "b": 1}, full, names=names)
    with pytest.raises(ValueError, match="the prefix has None"):
        broadcast_prefix(None, full)


def test_reductions():
    assert tree.reduce(lambda a, b: a - b, [10, [3, 2]]) == 5
    assert tree.reduce(lambda a, b: a + b, [], 7) == 7
    assert tree.reduce_associative(lambda a, b: f"({a}{b})", list("abcde")) == "((ab)(c(de)))"
    assert tree.reduce_associative(min, [], identity=0) == 0
    assert tree.all([1, {"a": True}]) and not tree.all([1, 0])
    with pytest.raises(TypeError, match="pass initializer="):
        tree.reduce(min, [])
    with pytest.raises(TypeError, match="pass identity="):
        tree.reduce_associative(min, [])


def test_transpose():
    rows = [{"a": 1, "b": 2}, {"a": 3, "b": 4}, {"a": 5, "b": 6}]
    outer, inner = tree.structure([0, 0, 0]), tree.structure({"a": 0, "b": 0})
    expected = {"a": [1, 3, 5], "b": [2, 4, 6]}
    assert tree.transpose(outer, inner, rows) == expected
    assert tree.transpose(outer, None, rows) == expected
    with pytest.raises(TypeError, match="not an outer tree of inner ones"):
        tree.transpose(outer, inner, rows[:2])


def test_partial_has_its_arguments_as_leaves():
    partial = tree_util.Partial(max, 7, key=None, default=3)
    assert tree.leaves(partial) == [7, 3]
    doubled = tree.map(lambda x: 2 * x, tree_util.Partial(max, 7, 3))
    assert isinstance(doubled, tree_util.Partial) and doubled() == 14
    path = tree.leaves_with_path(partial)[1][0]
    assert tree_util.keystr(path) == ".keywords['default']"


def test_partial_of_a_partial_keeps_the_inner_arguments_static():
    inner = functools.partial(max, 5)
    outer = tree_util.Partial(inner, 7, 3)
    assert tree.leaves(outer) == [7, 3]
    assert outer() == 7
    assert tree.structure(outer) == tree.structure(tree_util.Partial(inner, 1, 1))


def test_an_error_on_a_leaf_names_its_path():
    first, second = {"a": 1, "b": [2, 3]}, {"a": 1, "b": [2, 0]}
    with pytest.raises(ZeroDivisionError) as caught:
        tree.map(lambda x, y: x // y, first, second)
    assert caught.value.__notes__ == ["note: the leaves at ['b'][1] were given to the function"]


def test_helpers_of_structures():
    treedef = tree.structure([(1, 2), 3])
    children = tree_util.treedef_children(treedef)
    assert tree_util.treedef_tuple(children) == tree.structure(((1, 2), 3))
    assert [tree_util.treedef_is_leaf(child) for child in children] == [False, True]
    assert tree_util.all_leaves([1, 2]) and not tree_util.all_leaves([1, [2]])
    assert tree_util.all_leaves([[1], 2], is_leaf=lambda x: x == [1])
    with pytest.raises(ValueError, match="a int is a leaf"):
        tree_util.flatten_one_level(3)


def test_call_nodes_are_leaves_of_user_trees():
    class Boxed:
        def __init__(self, inside):
            self.inside = inside

    register_call_node(Boxed, lambda box: ((box.inside,), None), lambda _, inside: Boxed(*inside))
    box = Boxed([1, 2])
    assert tree.leaves(box) == [box]
    assert call_registry.flatten(box)[0] == [1, 2]


def test_long_and_short_names_are_the_same_functions():
    for name in tree.__all__:
        if name != "static":
            assert getattr(tree, name) is getattr(tree_util, f"tree_{name}")
