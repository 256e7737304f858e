"""The layers of linen and nnx that compute the same: one list, which all their tests go over.

A case names the class in linen and its arguments, the shape of an input, the class in nnx, and its
arguments apart from those of linen. It says nothing in words of jib, so that the field's reference
could compute `tests/golden/layers/family1.npz` from the same list.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["CASES", "Case", "example", "shifted"]


@dataclass(frozen=True, eq=False)
class Case:
    """One layer, as linen and nnx make it."""

    name: str
    linen: str
    shape: tuple[int, ...]
    options: dict[str, Any] = field(default_factory=dict)
    nnx: str = ""
    sizes: dict[str, Any] = field(default_factory=dict)
    drop: tuple[str, ...] = ("features",)
    call: dict[str, Any] = field(default_factory=dict)

    @property
    def nnx_options(self) -> dict[str, Any]:
        """The arguments of the class in nnx."""
        rest = {k: v for k, v in self.options.items() if k not in self.drop}
        return rest | self.sizes


def _conv(name: str, linen: str, shape: tuple[int, ...], features: int, **options: Any) -> Case:
    sizes = {"in_features": shape[-1], "out_features": features}
    return Case(name, linen, shape, {"features": features, **options}, linen, sizes)


def _norm(name: str, linen: str, shape: tuple[int, ...], **options: Any) -> Case:
    return Case(name, linen, shape, options, linen, {"num_features": shape[-1]})


_IMAGE = (2, 5, 6, 4)

CASES = [
    Case("dense", "Dense", (2, 3), {"features": 4}, "Linear",
         {"in_features": 3, "out_features": 4}),
    Case("dense_bare", "Dense", (2, 5, 3), {"features": 4, "use_bias": False}, "Linear",
         {"in_features": 3, "out_features": 4}),
    Case("dense_general", "DenseGeneral", (2, 3, 5, 4), {"features": (2, 3), "axis": (1, -1)},
         "LinearGeneral", {"in_features": (3, 4), "out_features": (2, 3)}),
    Case("dense_general_batch", "DenseGeneral", (2, 3, 4),
         {"features": 5, "axis": -1, "batch_dims": (0,)}, "LinearGeneral",
         {"in_features": 4, "out_features": 5, "batch_axis": {0: 2}}, ("features", "batch_dims")),
    Case("einsum", "Einsum", (3, 4, 5), {"shape": (5, 6, 2), "einsum_str": "abc,cde->abde"},
         "Einsum", {"kernel_shape": (5, 6, 2), "bias_shape": (6, 2)}, ("shape",)),
    Case("einsum_dots", "Einsum", (2, 3, 5), {"shape": (5, 4), "einsum_str": "...i,io->...o"},
         "Einsum", {"kernel_shape": (5, 4), "bias_shape": (4,)}, ("shape",)),
    _conv("conv", "Conv", _IMAGE, 3, kernel_size=(3, 2)),
    _conv("conv_strided", "Conv", _IMAGE, 6, kernel_size=(3, 3), strides=2, padding=1,
          feature_group_count=2),
    _conv("conv_depthwise", "Conv", _IMAGE, 4, kernel_size=(3, 3), feature_group_count=4),
    _conv("conv_circular", "Conv", _IMAGE, 3, kernel_size=(3, 4), padding="CIRCULAR",
          kernel_dilation=(1, 2), use_bias=False),
    _conv("conv_reflect", "Conv", (3, 2, 7, 4), 3, kernel_size=3, padding="REFLECT"),
    _conv("conv_causal", "Conv", (7, 4), 3, kernel_size=(3,), padding="CAUSAL",
          kernel_dilation=2),
    _conv("conv_dilated", "Conv", (2, 5, 4), 3, kernel_size=(2,), input_dilation=2,
          padding=((1, 2),)),
    Case("conv_local", "ConvLocal", (2, 5, 4, 3), {"features": 2, "kernel_size": (3, 2)}),
    _conv("conv_transpose", "ConvTranspose", _IMAGE, 3, kernel_size=(3, 2), strides=(2, 3)),
    _conv("conv_transpose_valid", "ConvTranspose", (5, 4), 3, kernel_size=(3,), strides=(2,),
          padding="VALID", transpose_kernel=True),
    _conv("conv_transpose_circular", "ConvTranspose", _IMAGE, 3, kernel_size=(3, 2),
          strides=(2, 2), padding="CIRCULAR"),
    _norm("batch_norm", "BatchNorm", (6, 4), use_running_average=False),
    _norm("batch_norm_image", "BatchNorm", _IMAGE, use_running_average=False, momentum=0.9,
          use_fast_variance=False),
    _norm("batch_norm_stored", "BatchNorm", (6, 4), use_running_average=True, epsilon=1e-3),
    _norm("layer_norm", "LayerNorm", (2, 5, 4)),
    _norm("layer_norm_bare", "LayerNorm", (2, 5, 4), use_bias=False, use_scale=False,
          use_fast_variance=False),
    _norm("rms_norm", "RMSNorm", (2, 5, 4)),
    _norm("group_norm", "GroupNorm", (2, 3, 5, 4), num_groups=2),
    _norm("group_norm_sized", "GroupNorm", (2, 5, 4), num_groups=None, group_size=4),
    _norm("instance_norm", "InstanceNorm", (2, 5, 4)),
    Case("prelu", "PReLU", (2, 3), {}, "PReLU", {}),
]  # fmt: skip


def example(shape: tuple[int, ...]) -> np.ndarray:
    """Numbers from -1 to 1 that are the same everywhere, without rounding."""
    size = int(np.prod(shape))
    return ((np.arange(size) * 389 % 1024 - 512) / 512).astype(np.float32).reshape(shape)


def shifted(value: np.ndarray) -> np.ndarray:
    """A parameter moved off its first value, so that no scale is 1 and no bias 0."""
    return value + example(value.shape) / np.float32(8)
