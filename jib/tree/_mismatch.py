"""Where two trees differ, in plain words."""

from collections.abc import Callable
from typing import Any

from jib.tree._registry import GetAttrKey, KeyPath, tree_registry

__all__ = ["keystr"]

IsLeaf = Callable[[Any], bool] | None


def keystr(keys: KeyPath, *, simple: bool = False, separator: str = "") -> str:
    """A path as text: `['layers'][0].weight`, or with `simple`, only the names.

    Example:
        >>> from jib import tree, tree_util
        >>> path, _ = tree.leaves_with_path({"a": [1]})[0]
        >>> tree_util.keystr(path), tree_util.keystr(path, simple=True, separator="/")
        ("['a'][0]", 'a/0')
    """
    return separator.join([_simple(key) if simple else str(key) for key in keys])


def _simple(key: Any) -> str:
    for attribute in ("name", "key", "idx"):
        if hasattr(key, attribute):
            return str(getattr(key, attribute))
    return str(key)


def _described(tree: Any) -> str:
    """`a dict`, `None`, `a leaf (float)`."""
    if tree is None:
        return "None"
    name = type(tree).__name__
    if not tree_registry.is_node(type(tree)):
        return f"a leaf ({name})"
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def keyed_children(tree: Any) -> Any:
    """The `(key, child)` pairs of a node and its static data; None for a leaf."""
    fields = getattr(tree, "_fields", None)
    if isinstance(tree, tuple) and fields:  # the registry gives all of them the first one's name
        return [(GetAttrKey(n), x) for n, x in zip(fields, tree, strict=True)], type(tree)
    return tree_registry.flatten_one_level_with_keys(tree)


def first_difference(
    prefix: Any, full: Any, names: tuple[str, str], is_leaf: IsLeaf = None, path: KeyPath = ()
) -> str | None:
    """The first place where `prefix` is not a prefix of `full`, as a sentence; None if it is one.

    `names` are what the two trees are called in the sentence.
    """
    if is_leaf is not None and is_leaf(prefix):
        return None
    if not tree_registry.is_node(type(prefix)):
        return None
    where = f"at {keystr(path)}" if path else "at the root"
    first, second = names
    if type(prefix) is not type(full):
        return f"{where}, {first} has {_described(prefix)} and {second} has {_described(full)}"
    low, low_data = keyed_children(prefix)
    high, high_data = keyed_children(full)
    low, high = list(low), list(high)
    low_keys, high_keys = [key for key, _ in low], [key for key, _ in high]
    if low_keys != high_keys:
        if isinstance(prefix, list | tuple):
            kind = type(prefix).__name__
            return (
                f"{where}, {first} has a {kind} of length {len(low)} "
                f"and {second} has a {kind} of length {len(high)}"
            )
        if set(low_keys) != set(high_keys):
            return f"{where}, {_key_difference(low_keys, high_keys, names)}"
    if low_data != high_data:
        return (
            f"{where}, the static data of {_described(prefix)} differs: "
            f"{_data_difference(low_data, high_data, names)}"
        )
    for (key, low_child), (_, high_child) in zip(low, high, strict=True):
        found = first_difference(low_child, high_child, names, is_leaf, (*path, key))
        if found is not None:
            return found
    return None


def _data_difference(low: Any, high: Any, names: tuple[str, str]) -> str:
    """The first two parts of static data that differ."""
    while isinstance(low, tuple) and isinstance(high, tuple) and len(low) == len(high):
        pairs = [pair for pair in zip(low, high, strict=True) if pair[0] != pair[1]]
        if not pairs:
            break
        low, high = pairs[0]
    name = getattr(low, "__qualname__", None)
    if name is not None and name == getattr(high, "__qualname__", None):
        return f"each has a `{name}` of its own, where both need the same one, made once"
    return f"{low!r:.120} in {names[0]}, {high!r:.120} in {names[1]}"


def _key_difference(low: list[Any], high: list[Any], names: tuple[str, str]) -> str:
    """`the first tree has 'a', which the second tree has not`, for one or both sides."""
    parts = []
    for here, there, name, other in ((low, high, *names), (high, low, *reversed(names))):
        extra = [_simple(key) for key in here if key not in there]
        if extra:
            listed = ", ".join(map(repr, extra[:5])) + (", ..." if len(extra) > 5 else "")
            parts.append(f"{name} has {listed}, which {other} has not")
    return "; ".join(parts)
