"""`Partial`: a function with bound arguments that are leaves of a tree."""

import dataclasses
import functools
from typing import Any

from jib.tree._registry import GetAttrKey, register_pytree_with_keys

__all__ = ["Partial"]


@dataclasses.dataclass(frozen=True, repr=False)
class _Boxed:
    """A `functools.partial` as a plain callable, equal to what is in it."""

    function: Any

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return repr(self.function)


class Partial(functools.partial):
    """As `functools.partial`, and a tree node: the bound arguments are its children.

    The function is static data. So a `Partial` may be an argument of a compiled function.

    Example:
        >>> from jib import tree
        >>> from jib.tree_util import Partial
        >>> tree.leaves(Partial(print, 1, end=2))
        [1, 2]
    """

    def __new__(cls, func: Any, *args: Any, **kw: Any) -> "Partial":
        # functools.partial would merge the arguments of an inner partial into this one's
        # children. Boxed, they stay static data.
        if isinstance(func, functools.partial):
            func = _Boxed(func)
        return super().__new__(cls, func, *args, **kw)


register_pytree_with_keys(
    Partial,
    lambda node: (
        ((GetAttrKey("args"), node.args), (GetAttrKey("keywords"), node.keywords)),
        node.func,
    ),
    lambda func, children: Partial(func, *children[0], **children[1]),
)
