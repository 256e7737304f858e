"""`Module` and what belongs to it, under the name by which other code imports it."""

from jib.linen._calls import (
    InterceptorContext,
    compact,
    compact_name_scope,
    intercept_methods,
    nowrap,
    wrap_method_once,
)  # fmt: skip
from jib.linen._module import Module, merge_param, share_scope
from jib.linen._running import apply, init, init_with_output

__all__ = [
    "InterceptorContext", "Module", "apply", "compact", "compact_name_scope", "init",
    "init_with_output", "intercept_methods", "merge_param", "nowrap", "share_scope",
    "wrap_method_once",
]  # fmt: skip
