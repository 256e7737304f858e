"""Classes become nodes in every documented way, and mistakes are told plainly."""

import dataclasses

import pytest

from jib import tree, tree_util


class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y


def test_register_pytree_node():
    class Local(Point):
        pass

    tree_util.register_pytree_node(
        Local, lambda point: ((point.x,), point.y), lambda y, children: Local(*children, y)
    )
    moved = tree.map(lambda value: value + 1, Local(1, "unit"))
    assert (moved.x, moved.y) == (2, "unit")
    assert tree_util.is_tree_node(Local) and not tree_util.is_tree_node(Point)
    assert tree_util.keystr(tree.leaves_with_path(Local(1, 2))[0][0]) == "[<flat index 0>]"
    with pytest.raises(ValueError, match="is already a tree node"):
        tree_util.register_pytree_node(Local, lambda point: ((), None), lambda *_: None)


def test_register_class_with_keys():
    @tree_util.register_pytree_with_keys_class
    class Local(Point):
        def tree_flatten_with_keys(self):
            return ((tree_util.GetAttrKey("x"), self.x),), self.y

        @classmethod
        def tree_unflatten(cls, y, children):
            return cls(*children, y)

    assert tree.leaves(Local([1, 2], 3)) == [1, 2]
    assert tree_util.keystr(tree.leaves_with_path(Local([1], 3))[0][0]) == ".x[0]"
    found = tree.leaves_with_path(Local([1], 3))[0][0]
    assert tree_util.keystr(found, simple=True, separator="/") == "x/0"


def test_static_data_of_nodes_must_agree():
    @tree_util.register_pytree_node_class
    class Local(Point):
        def tree_flatten(self):
            return (self.x,), self.y

        @classmethod
        def tree_unflatten(cls, y, children):
            return cls(*children, y)

    with pytest.raises(ValueError, match="the static data of a Local differs: 'm' in tree 1, 's'"):
        tree.map(lambda a, b: a, Local(1, "m"), Local(1, "s"))


def test_register_static():
    @tree_util.register_static
    class Mode(str):
        __slots__ = ()

    assert tree.leaves([Mode("a"), 1]) == [1]
    assert tree.structure(Mode("a")) == tree.structure(Mode("a")) != tree.structure(Mode("b"))


def test_register_dataclass_finds_its_fields():
    @tree_util.register_dataclass
    @dataclasses.dataclass
    class Layer:
        weight: float
        bias: float
        name: str = tree.static(default="dense", metadata={"unit": "none"})
        calls: int = dataclasses.field(default=0, init=False)

    assert tree.leaves(Layer(1.0, 2.0)) == [1.0, 2.0]
    assert tree.map(lambda x: -x, Layer(1.0, 2.0, "last")) == Layer(-1.0, -2.0, "last")
    paths = [tree_util.keystr(path) for path, _ in tree.leaves_with_path(Layer(1.0, 2.0))]
    assert paths == [".weight", ".bias"]


def test_register_dataclass_checks_its_fields():
    @dataclasses.dataclass
    class Layer:
        weight: float
        name: str = "dense"

    register = tree_util.register_dataclass
    with pytest.raises(TypeError, match="needs both data_fields and meta_fields"):
        register(Layer, data_fields=["weight"])
    with pytest.raises(ValueError, match="neither data nor meta: name"):
        register(Layer, ["weight"], [])
    with pytest.raises(ValueError, match="takes no field size"):
        register(Layer, ["weight", "size"], ["name"])
    with pytest.raises(ValueError, match="both data and meta: weight"):
        register(Layer, ["weight"], ["weight", "name"])
    register(Layer, ["weight"], [], drop_fields=["name"])
    assert tree.leaves(Layer(1.0, "gone")) == [1.0]


def test_static_data_that_looks_alike_is_told_apart():
    def made():
        def apply(x):
            return x

        return apply

    @tree_util.register_dataclass
    @dataclasses.dataclass
    class Held:
        x: float
        fn: object = tree.static()
        name: str = tree.static(default="n")

    with pytest.raises(ValueError, match=r"each has a `.*made.<locals>.apply` of its own"):
        tree.map(lambda a, b: a, Held(1.0, made()), Held(2.0, made()))
    same = made()
    with pytest.raises(ValueError, match="differs: 'n' in tree 1, 'm' in tree 2"):
        tree.map(lambda a, b: a, Held(1.0, same), Held(2.0, same, "m"))
