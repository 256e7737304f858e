"""What all architectures share: from a folder, to a folder, and which architecture a folder is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from jib import nnx
from jib.models._folder import ModelFolderError, Names, fill, read_config, read_weights, write
from jib.typing import DTypeLike

__all__ = ["Pretrained", "from_pretrained"]

_Model = TypeVar("_Model", bound="Pretrained")

_architectures: dict[str, list[type[Pretrained]]] = {}


class Pretrained(nnx.Module):
    """A model that is described by `config.json` and whose weights have names in files."""

    names: ClassVar[Names]
    ignored: ClassVar[str] = r"$^"  # tensors of files that are no parameters
    model_types: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in cls.__dict__.get("model_types", ()):
            _architectures.setdefault(name, []).append(cls)

    def __init__(self, config: Mapping[str, Any], *, rngs: nnx.Rngs, dtype: Any = None) -> None:
        self.config = nnx.static(dict(config))

    @classmethod
    def from_pretrained(
        cls: type[_Model], folder: Any, *, dtype: DTypeLike | None = None,
        param_dtype: DTypeLike | None = None,
    ) -> _Model:  # fmt: skip
        """The model of a folder with `config.json` and `model.safetensors`.

        Args:
            folder: where they are; nothing is fetched.
            dtype: in which is computed; that of the parameters by default.
            param_dtype: of the parameters; float32 by default.

        Raises:
            ModelFolderError: a file is missing, or the folder holds another architecture.
            WeightsMismatchError: the weights do not fit the configuration.
        """
        config = read_config(folder)
        kind = config.get("model_type")
        if kind not in cls.model_types:
            raise ModelFolderError(
                f"{folder} holds a model of type {kind!r}, and {cls.__name__} reads "
                f"{', '.join(cls.model_types)}",
                help="model = jib.models.from_pretrained(folder)",
            )
        weights = read_weights(folder)
        options = {"dtype": dtype, **cls.options_of(weights)}
        model = nnx.eval_shape(lambda: cls(config, rngs=nnx.Rngs(0), **options))
        fill(model, model.file_names(), weights, cls.ignored, param_dtype)
        return model

    @classmethod
    def options_of(cls, weights: Mapping[str, Any]) -> dict[str, Any]:
        """What only the weights tell of how the model is built."""
        return {}

    def save_pretrained(self, folder: Any) -> None:
        """Write `config.json` and `model.safetensors`, which other libraries read as well."""
        write(folder, self.config, self, self.file_names())

    def file_names(self) -> Names:
        """How the variables are called in files."""
        return self.names


def from_pretrained(
    folder: Any, *, dtype: DTypeLike | None = None, param_dtype: DTypeLike | None = None
) -> Any:
    """The model of a Hugging Face folder, of the class that its `config.json` asks for.

    The architecture is that of `model_type`, with the head that `architectures` names.

    Args:
        folder: with `config.json` and `model.safetensors` (or several with an index).
        dtype: in which is computed.
        param_dtype: of the parameters; float32 by default.

    Raises:
        ModelFolderError: a file is missing, or the architecture is not there.
        WeightsMismatchError: the weights do not fit the configuration.
    """
    config = read_config(folder)
    kind, wanted = config.get("model_type"), config.get("architectures") or ()
    if kind not in _architectures:
        raise ModelFolderError(
            f"there is no architecture {kind!r}; there are {', '.join(sorted(_architectures))}"
        )
    classes = _architectures[kind]
    cls = next((c for c in classes if c.__name__ in wanted), classes[0])
    return cls.from_pretrained(folder, dtype=dtype, param_dtype=param_dtype)
