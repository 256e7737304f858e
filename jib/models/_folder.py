"""A folder as the Hugging Face hub keeps it: `config.json`, `*.safetensors`, `tokenizer.json`."""

from __future__ import annotations

import difflib
import importlib
import json
import pathlib
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from jib import ckpt, nnx, numpy as jnp
from jib.errors import JibError
from jib.typing import DTypeLike

__all__ = ["ModelFolderError", "WeightsMismatchError", "load_tokenizer"]

CONFIG, WEIGHTS = "config.json", "model.safetensors"


class ModelFolderError(JibError, ValueError, code="J761", title="a model cannot be read"):
    """The folder lacks a file, a file is no JSON, or the architecture is not there."""


class WeightsMismatchError(JibError, ValueError, code="J762", title="weights do not fit a model"):
    """Tensors are missing, left over, or of another shape than the configuration says."""


def read_config(folder: Any) -> dict[str, Any]:
    """What `config.json` says."""
    path = pathlib.Path(folder) / CONFIG
    if not path.is_file():
        there = sorted(p.name for p in path.parent.glob("*")) if path.parent.is_dir() else None
        raise ModelFolderError(
            f"{path.parent} is not a folder" if there is None
            else f"{path.parent} has no {CONFIG}; it has {', '.join(there) or 'nothing'}",
            help="give the folder that holds config.json and model.safetensors",
        )  # fmt: skip
    try:
        return json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ModelFolderError(f"{path} is not JSON: {error}") from None


def read_weights(folder: Any) -> dict[str, np.ndarray]:
    """All tensors of a folder by name, from one file or from the several that an index lists."""
    folder = pathlib.Path(folder)
    index = folder / f"{WEIGHTS}.index.json"
    if index.is_file():
        names = sorted(set(json.loads(index.read_text("utf-8"))["weight_map"].values()))
    else:
        names = [WEIGHTS]
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        others = sorted(p.name for p in folder.glob("*.bin"))
        raise ModelFolderError(
            f"{folder} has no {', '.join(missing)}"
            + f"; it has {', '.join(others)}" * bool(others),
            help="save the model as safetensors: model.save_pretrained(folder)",
        )
    weights: dict[str, np.ndarray] = {}
    for name in names:
        weights |= ckpt.load_safetensors(folder / name, nested=False)
    return weights


class Names:
    """How an architecture's variables are called in files, and back.

    `modules` maps our module paths to the files' ones; `{}` stands for a layer's number. The last
    part of a path is renamed alike in all: a `kernel` is a transposed `weight`, unless the file
    keeps it as `(in, out)`, as GPT-2's do.
    """

    def __init__(
        self, modules: Mapping[str, str], prefix: str = "", kernels_as_ours: bool = False
    ) -> None:
        self.modules, self.prefix, self.kernels_as_ours = dict(modules), prefix, kernels_as_ours

    def in_file(self, path: tuple[Any, ...]) -> str:
        """The file's name of the variable at `path`."""
        *module, last = path
        numbers = [str(p) for p in module if isinstance(p, int) or str(p).isdigit()]
        key = ".".join("{}" if str(p).isdigit() else str(p) for p in module)
        leaf = "bias" if last == "bias" else "weight"
        return f"{self.modules[key]}.{leaf}".format(*numbers)

    def turned(self, path: tuple[Any, ...], x: Any) -> Any:
        """A tensor as the other side lays it out."""
        return x.T if path[-1] == "kernel" and not self.kernels_as_ours else x

    def found(self, name: str, weights: Mapping[str, np.ndarray]) -> str | None:
        """The key of `weights` for a name, which may or may not have the prefix, or an old form."""
        for candidate in (name, f"{self.prefix}{name}"):
            old = candidate.replace("LayerNorm.weight", "LayerNorm.gamma")
            for spelling in (candidate, old.replace("LayerNorm.bias", "LayerNorm.beta")):
                if spelling in weights:
                    return spelling
        return None


def fill(
    model: Any,
    names: Names,
    weights: Mapping[str, np.ndarray],
    ignored: str = r"$^",
    param_dtype: DTypeLike | None = None,
) -> None:
    """Put the tensors of a file into a model whose variables are shapes only.

    Raises:
        WeightsMismatchError: naming each tensor that is missing, left over, or of another shape.
    """
    unused, missing, problems = set(weights), [], []
    state = nnx.state(model, nnx.Param)
    for path, variable in nnx.to_flat_state(state):
        wanted = names.in_file(path)
        key = names.found(wanted, weights)
        if key is None:
            missing.append(wanted)
            continue
        unused.discard(key)
        tensor = names.turned(path, weights[key])
        if tensor.shape != variable.get_value().shape:
            ours = names.turned(path, np.empty(variable.get_value().shape, np.bool_)).shape
            problems.append(f"{wanted}: {weights[key].shape} in the file, {ours} in the model")
            continue
        variable.set_value(jnp.asarray(tensor, param_dtype or jnp.float32))
    surplus = [name for name in sorted(unused) if not re.search(ignored, name)]
    for name in sorted(missing):
        near = difflib.get_close_matches(name, surplus, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        problems.append(f"{name}: missing{hint}")
    problems += [f"{name}: not in the model" for name in surplus]
    if problems:
        shown = "\n".join(f"  {line}" for line in problems[:12])
        more = f"\n  ... and {len(problems) - 12} more" if len(problems) > 12 else ""
        raise WeightsMismatchError(
            f"{len(problems)} tensor(s) do not fit the model of config.json\n{shown}{more}",
            help="check that config.json and the weights are from one model",
        )
    nnx.update(model, state)


def write(folder: Any, config: Mapping[str, Any], model: Any, names: Names) -> None:
    """Write `config.json` and `model.safetensors` under the names that other libraries read."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    flat = {
        names.in_file(path): np.ascontiguousarray(names.turned(path, np.asarray(v.get_value())))
        for path, v in nnx.to_flat_state(nnx.state(model, nnx.Param))
    }
    ckpt.save_safetensors(folder / WEIGHTS, flat, metadata={"format": "pt"})
    text = json.dumps(dict(config), indent=2, sort_keys=True)
    (folder / CONFIG).write_text(text + "\n", "utf-8")


def load_tokenizer(folder: Any) -> Any:
    """The `tokenizers.Tokenizer` of a folder, from its `tokenizer.json`.

    Raises:
        ModelFolderError: the file, or the package `tokenizers`, is not there.
    """
    path = pathlib.Path(folder) / "tokenizer.json"
    if not path.is_file():
        raise ModelFolderError(f"{path.parent} has no {path.name}")
    try:
        tokenizers = importlib.import_module("tokenizers")
    except ImportError:
        raise ModelFolderError(
            "reading tokenizer.json needs the package `tokenizers`", help="pip install tokenizers"
        ) from None
    return tokenizers.Tokenizer.from_file(str(path))
