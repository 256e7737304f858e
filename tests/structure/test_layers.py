"""The layer file speaks of the whole library."""

import configparser
import re

from tests.structure.source import ROOT, library

# `jib.sharding` is an index over two layers: docs/decisions/0001.
OUTSIDE = {"jib.__main__", "jib.sharding"}


def layers():
    """The layers from the highest to the lowest, each a set of modules."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter")
    rows = parser["importlinter:contract:layers"]["layers"].strip().splitlines()
    return [set(re.findall(r"jib\.[\w.]+", row)) for row in rows]


def test_there_are_ten_layers():
    assert len(layers()) == 10


def test_no_module_stands_in_two_layers():
    names = [name for layer in layers() for name in layer]
    assert len(names) == len(set(names))


def test_every_module_of_jib_stands_in_a_layer():
    placed = set().union(*layers()) | OUTSIDE
    top = {name for name in library() if name.count(".") == 1}
    assert top <= placed, f"name these in .importlinter: {sorted(top - placed)}"


def test_the_sharding_index_is_split():
    """Inside jib.sharding only the pure data may be used by the layers under the backend."""
    children = {name for name in library() if name.startswith("jib.sharding.")}
    assert children <= set().union(*layers())
