"""What goes wrong with modules: errors that name the module's path and say what to write."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any

from jib.errors import JibError

__all__ = [
    "ApplyModuleInvalidMethodError", "ApplyScopeInvalidVariablesStructureError",
    "ApplyScopeInvalidVariablesTypeError", "AssignSubModuleError",
    "CallCompactUnboundModuleError", "CallSetupUnboundModuleError",
    "CallShareScopeOnUnboundModuleError", "CallUnbindOnUnboundModuleError",
    "DescriptorAttributeError", "FlaxError", "ImmutableVariableError",
    "IncorrectPostInitOverrideError", "InvalidFilterError", "InvalidInstanceModuleError",
    "InvalidRngError", "InvalidScopeError", "JaxTransformError", "LazyInitError",
    "ModifyScopeVariableError", "NameInUseError", "PartitioningUnspecifiedError",
    "ReservedModuleAttributeError", "ScopeCollectionNotFound", "ScopeParamNotFoundError",
    "ScopeParamShapeError", "ScopeVariableNotFoundError", "SetAttributeFrozenModuleError",
    "SetAttributeInModuleSetupError", "TraceContextError", "TransformTargetError",
    "TransformedMethodReturnValueError", "UnboundModuleError", "VariableNotFoundError",
]  # fmt: skip

_APPLY = "output = model.apply(variables, x)   runs a module with its variables"


class FlaxError(JibError):
    """Base of the errors of `jib.linen`."""


class VariableNotFoundError(FlaxError, code="J711", title="a module's variable is missing"):
    """A variable that a module needs is not among those given to `apply`.

    Args:
      message: the sentence.
      wanted: the name that was looked for.
      present: the names that are there, among which a near one is suggested.
      path: where they are.
      cure: a line of code that helps here.
    """

    def __init__(
        self, message: str, *, wanted: str = "", present: Iterable[str] = (), path: str = "",
        cure: str = "",
    ) -> None:  # fmt: skip
        names = sorted(map(str, present))
        shown = ", ".join(f"`{name}`" for name in names[:8]) + (", ..." if names[8:] else "")
        notes = [f"at {path} there is {shown}" if names else f"there is nothing at {path}"]
        near = difflib.get_close_matches(wanted, names, 1)
        help = ["variables = model.init(key, x)   makes all variables of the module as it is now"]
        if cure:
            help.insert(0, cure)
        if near:
            help.insert(0, f"`{near[0]}` is near: rename it, or set name='{near[0]}' where the "
                        "module is made")  # fmt: skip
        super().__init__(message, notes=notes if path else (), help=help)


class ScopeParamNotFoundError(VariableNotFoundError):
    """A parameter is not among those given to `apply`."""

    def __init__(self, param_name: str, scope_path: str, **context: Any) -> None:
        super().__init__(
            f"the parameter `{param_name}` of {scope_path} is not among the given variables",
            **context,
        )


class ScopeVariableNotFoundError(VariableNotFoundError):
    """A variable of a collection other than `params` is not among those given to `apply`."""

    def __init__(self, name: str, col: str, scope_path: str, **context: Any) -> None:
        message = f"the variable `{name}` of {scope_path} is not in the collection `{col}`"
        super().__init__(message, **context)


class ScopeCollectionNotFound(VariableNotFoundError):
    """A whole collection is missing."""

    def __init__(
        self, col_name: str, var_name: str, scope_path: str, given: Iterable[str] = (),
        **context: Any,
    ) -> None:  # fmt: skip
        message = f"{scope_path} needs `{var_name}` of the collection `{col_name}`, which is empty"
        names = [*given, col_name]
        if (scope_path.strip("/").partition("/")[0] or var_name) in names:
            names = [col_name]  # what belongs inside of the collection was given in place of it
        pairs = ", ".join(f"'{name}': {name}" for name in names)
        super().__init__(message, cure=f"model.apply({{{pairs}}}, x)", **context)


class ScopeParamShapeError(
    FlaxError, code="J712", title="a parameter has another shape than its initialiser makes"
):
    """A given parameter does not have the shape that its initialiser makes."""

    def __init__(
        self, param_name: str, scope_path: str, value_shape: Sequence[int],
        init_shape: Sequence[int],
    ) -> None:  # fmt: skip
        self.expected, self.found = tuple(init_shape), tuple(value_shape)
        super().__init__(
            f"the parameter `{param_name}` of {scope_path} has shape {self.found}, where the "
            f"module as it is called here makes {self.expected}",
            help="variables = model.init(key, x)   with the settings of this model and an `x` of "
            "the shape that `apply` gets",
        )


class InvalidRngError(FlaxError, code="J713", title="a module lacks random numbers"):
    """A key is missing, or is none."""

    def __init__(self, msg: str, help: str | Sequence[str] = ()) -> None:
        super().__init__(msg, help=help)


class NameInUseError(FlaxError, code="J714", title="a name in a module is taken"):
    """A submodule, parameter or variable would get a name that another has."""

    def __init__(self, key_type: str, value: str, module_name: str) -> None:
        super().__init__(
            f"the {key_type} `{value}` of {module_name} gets a name that is taken there",
            help="give it a name of its own; a module that is used twice is made once, before",
        )


class ReservedModuleAttributeError(NameInUseError):
    """A class of modules has a field `parent` or `name`."""

    def __init__(self, annotations: Any) -> None:
        names = " and ".join(f"`{n}`" for n in ("name", "parent") if n in annotations)
        FlaxError.__init__(
            self,
            f"every module has the fields `name` and `parent`; this class declares {names} anew",
            help="call the field something else, such as `label`",
        )


class ModifyScopeVariableError(FlaxError, code="J715", title="a collection is not mutable"):
    """A variable of a collection that `apply` was not told to change is written."""

    def __init__(self, col: str, variable_name: str, scope_path: str) -> None:
        super().__init__(
            f"`{variable_name}` of {scope_path} is written, but the collection `{col}` is not "
            "mutable in this call",
            help=f"output, updated = model.apply(variables, x, mutable=['{col}'])",
        )


class ImmutableVariableError(ModifyScopeVariableError):
    """A variable is not to be written."""

    def __init__(self, message: str) -> None:
        FlaxError.__init__(self, message)


class SetAttributeFrozenModuleError(
    FlaxError, AttributeError, code="J716", title="a module's attribute is set outside of `setup`"
):
    """An attribute of a module is set outside of `setup`."""

    def __init__(self, module_cls: str, attr_name: str, attr_val: Any) -> None:
        super().__init__(
            f"a {module_cls} is not changed once it is made, so `{attr_name}` cannot be set",
            label=f"is {getattr(attr_val, 'aval', None) or type(attr_val).__name__}",
            help=[
                f"self.sow('intermediates', '{attr_name}', value)   hands a value out of `apply`",
                f"{attr_name} = self.variable('state', '{attr_name}', lambda: first_value)   "
                "keeps a value from call to call",
                f"other = model.copy({attr_name}=value)   makes a module with another field",
            ],
        )


class SetAttributeInModuleSetupError(SetAttributeFrozenModuleError):
    """`setup` sets a field of the dataclass."""

    def __init__(self, module_cls: str = "module", attr_name: str = "name") -> None:
        FlaxError.__init__(
            self,
            f"`setup` sets `{attr_name}`, which is a field of {module_cls} and given when it is "
            "made",
            help=f"self._{attr_name} = ...   is an attribute that is no field",
        )


class UnboundModuleError(FlaxError, ValueError, code="J717", title="a module without variables"):
    """A module that has no variables at the moment is used as if it had."""

    def __init__(self, message: str, help: str | Sequence[str] = _APPLY) -> None:
        super().__init__(message, help=help)


def _unbound(name: str, doc: str, message: str, help: str | Sequence[str] = _APPLY) -> Any:
    """One of the errors for modules without variables; all take what is to be named."""

    def __init__(self: Any, cls: str = "module") -> None:
        UnboundModuleError.__init__(self, message.format(cls), help)

    return type(name, (UnboundModuleError,), {"__init__": __init__, "__doc__": doc})


CallCompactUnboundModuleError = _unbound(
    "CallCompactUnboundModuleError", "A method is called outside of `init` and `apply`.",
    "a {} is called outside of `init` and `apply`, where it has no variables",
    [_APPLY, "model = model.bind(variables)   gives a module that can be called directly"],
)  # fmt: skip
CallSetupUnboundModuleError = _unbound(
    "CallSetupUnboundModuleError", "`setup` is called by hand.",
    "`setup` of a {} is called by hand; `init` and `apply` call it",
)  # fmt: skip
CallUnbindOnUnboundModuleError = _unbound(
    "CallUnbindOnUnboundModuleError", "`unbind` of a module without variables.",
    "`unbind` takes apart a bound module, and this {} is not bound",
    "model, variables = model.bind(variables).unbind()",
)  # fmt: skip
CallShareScopeOnUnboundModuleError = _unbound(
    "CallShareScopeOnUnboundModuleError", "`share_scope` of a module without variables.",
    "`share_scope` shares variables, and a {} has none yet",
    "call it in `setup`, or in a method that is `compact`",
)  # fmt: skip
AssignSubModuleError = _unbound(
    "AssignSubModuleError", "A submodule is made in a method that is not `compact`.",
    "a {} is made in a method that is neither `setup` nor `compact`",
    ["@nn.compact   above the method", "self.layer = ...   in `setup`"],
)  # fmt: skip
DescriptorAttributeError = _unbound(
    "DescriptorAttributeError", "A property reads an attribute that is not there.",
    "a property of a {} reads an attribute that does not exist",
    "attributes made in `setup` exist inside of `init` and `apply` only",
)  # fmt: skip


class InvalidScopeError(UnboundModuleError):
    """A module is used after the `init` or `apply` that it belongs to."""

    def __init__(self, scope_name: str) -> None:
        super().__init__(
            f"{scope_name} is used after the `init` or `apply` that it belongs to has ended",
            "return arrays from `apply`, not modules; model.bind(variables) gives one that lasts",
        )


class ApplyScopeInvalidVariablesTypeError(
    FlaxError, TypeError, code="J718", title="an argument of a module's method is unusable"
):
    """The variables are not a dict of dicts."""

    def __init__(self, message: str = "", help: str | Sequence[str] = ()) -> None:
        super().__init__(
            message or "the variables of a module are a dict of collections, each with string keys",
            help=help or "model.apply({'params': params}, x)",
        )


class ApplyScopeInvalidVariablesStructureError(ApplyScopeInvalidVariablesTypeError):
    """The variables have `params` inside `params`."""

    def __init__(self, variables: Any) -> None:
        super().__init__(
            "the variables have a collection `params` inside of `params`",
            "model.apply(variables, x)   where `variables` is what `init` gave",
        )


class ApplyModuleInvalidMethodError(ApplyScopeInvalidVariablesTypeError):
    """What `method=` gives is no method."""

    def __init__(self, method: Any) -> None:
        super().__init__(
            f"`method` is {method!r}, which is neither a method nor the name of one",
            "model.apply(variables, x, method='encode')",
        )


class InvalidInstanceModuleError(ApplyScopeInvalidVariablesTypeError):
    """A method is called on the class, not on a module."""

    def __init__(self) -> None:
        message = "`init` and `apply` are methods of a module, and were called on the class"
        super().__init__(message, "model = Model()")


class IncorrectPostInitOverrideError(ApplyScopeInvalidVariablesTypeError):
    """A `__post_init__` does not call the one of `Module`."""

    def __init__(self) -> None:
        message = "`__post_init__` of this class does not call the one of `Module`"
        super().__init__(message, "super().__post_init__()   as the last line of it")


class InvalidFilterError(ApplyScopeInvalidVariablesTypeError):
    """A filter of collections is none."""

    def __init__(self, filter_like: Any) -> None:
        super().__init__(
            f"{filter_like!r} does not choose collections: a name, a list of names, or True does",
            "mutable=['batch_stats']",
        )


class LazyInitError(ApplyScopeInvalidVariablesTypeError):
    """A variable depends on an argument of which only the shape is known."""

    def __init__(self, partial_val: Any) -> None:
        super().__init__(
            f"a variable of type {partial_val} depends on the values of an argument that "
            "`lazy_init` knows by shape only",
            "variables = model.init(key, x)   with the array itself",
        )


class PartitioningUnspecifiedError(ApplyScopeInvalidVariablesTypeError):
    """A new axis of a boxed variable gets no name."""

    def __init__(self, target: Any) -> None:
        super().__init__(
            f"a transform adds an axis to {target}, and does not say how the axis is called",
            "metadata_params={nn.PARTITION_NAME: 'layers'}",
        )


class JaxTransformError(FlaxError, code="J719", title="a transform and modules do not fit"):
    """A variable is made or written inside a transform that knows nothing of modules."""

    def __init__(self, message: str = "", help: str | Sequence[str] = ()) -> None:
        super().__init__(
            message or "a variable is written inside a transform that knows nothing of modules",
            help=help or "nn.scan, nn.vmap, nn.jit, ... carry the variables of modules along",
        )


class TraceContextError(JaxTransformError):
    """A variable of another trace is written."""


class TransformTargetError(JaxTransformError):
    """What a transform gets is neither a class of modules nor a function of one."""

    def __init__(self, target: Any) -> None:
        super().__init__(
            "a transform of modules takes a class of modules, or a function whose first argument "
            f"is a module, but got {target!r}",
            "nn.vmap(nn.Dense, ...)(features=3)",
        )


class TransformedMethodReturnValueError(JaxTransformError):
    """A transformed method returns a module or a variable."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the transformed method `{name}` returns a module or a variable",
            "return variable.value",
        )
