"""Dataclasses that are trees."""

import dataclasses
from typing import Any

import pytest

import jib
import jib.numpy as jnp
from jib import optim, struct
from jib.training import TrainState


@struct.dataclass
class Line:
    slope: Any
    offset: Any = 0.0
    name: str = struct.field(pytree_node=False, default="line", metadata={"unit": "m"})


class Node(struct.PyTreeNode):
    x: Any


class Child(Node):
    y: Any = struct.field(default=2.0)


@struct.dataclass(kw_only=True)
class Keywords:
    x: float


def test_data_are_leaves_and_static_fields_are_structure():
    line = Line(jnp.ones(2), 1.0, "a")
    assert len(jib.tree.leaves(line)) == 2
    assert jib.tree.structure(line) != jib.tree.structure(line.replace(name="b"))
    assert dataclasses.fields(Line)[2].metadata == {"unit": "m", "pytree_node": False}


def test_through_jit_grad_and_vmap():
    line = Line(jnp.arange(3.0), jnp.ones(3))
    value = jib.jit(lambda line, x: (line.slope * x + line.offset).sum())
    assert float(value(line, 2.0)) == 9.0
    gradient = jib.grad(value)(line, 2.0)
    assert gradient.slope.tolist() == [2, 2, 2] and gradient.name == "line"
    assert jib.vmap(lambda line: line.slope + line.offset)(line).tolist() == [1, 2, 3]


def test_a_static_field_compiles_anew():
    seen = []
    f = jib.jit(lambda line: seen.append(line.name) or line.slope)
    for name in "aba":
        f(Line(1.0, 0.0, name))
    assert seen == ["a", "b"]


def test_nodes_inherit_and_are_frozen():
    child = Child(1.0)
    assert jib.tree.leaves(child) == [1.0, 2.0]
    assert child.replace(y=3.0) == Child(1.0, 3.0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        child.x = 2.0
    with pytest.raises(TypeError, match="z"):
        child.replace(z=1)
    assert Keywords(x=1.0).replace(x=2.0).x == 2.0
    assert struct.dataclass(Line) is Line


def test_assignment_says_how_to_replace():
    state = TrainState.create(apply_fn=jnp.dot, params=jnp.ones(2), tx=optim.sgd(0.1))
    for change in (lambda: setattr(state, "params", 1), lambda: setattr(state, "new", 1)):
        with pytest.raises(struct.FrozenFieldError) as e:
            change()
        assert e.value.code == "J752" and "state.replace(" in e.value.help[0]
    assert jib.jit(lambda s: s.replace(step=s.step + 1))(state).step == 1


def test_a_structure_that_is_not_frozen_may_be_assigned():
    @struct.dataclass(frozen=False)
    class Open:
        x: int

    opened = Open(1)
    opened.x = 2
    assert jib.tree.leaves(opened) == [2]
