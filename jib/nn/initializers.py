"""First values of parameters: functions `(key, shape, dtype) -> array`, and what makes them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np

from jib import dtypes, lax, numpy as jnp, random
from jib.errors import ArgumentValueError, ShapeError
from jib.passes.eager import compiled
from jib.typing import Array, ArrayLike, DTypeLike, Shape

__all__ = [
    "Initializer", "constant", "delta_orthogonal", "glorot_normal", "glorot_uniform", "he_normal",
    "he_uniform", "kaiming_normal", "kaiming_uniform", "lecun_normal", "lecun_uniform", "normal",
    "ones", "ones_init", "orthogonal", "truncated_normal", "uniform", "variance_scaling",
    "xavier_normal", "xavier_uniform", "zeros", "zeros_init",
]  # fmt: skip

# Standard deviation of a standard normal number, given that it lies between -2 and 2; and of a
# complex one, given that its absolute value is at most 2.
_TRUNCATED_DEVIATION = 0.87962566103423978
_TRUNCATED_COMPLEX_DEVIATION = 0.95311164380491208


@runtime_checkable
class Initializer(Protocol):
    """A function that makes the first value of a parameter."""

    def __call__(
        self, key: Any, shape: Shape, dtype: DTypeLike | None = None, out_sharding: Any = None
    ) -> Array:
        """An array of the given shape, drawn with `key`."""
        ...


def _parsed(dtype: DTypeLike | None) -> Any:
    return dtypes.default_float_dtype() if dtype is None else dtypes.parse(dtype)


def _initializer(draw: Callable[..., Array], dtype: DTypeLike | None) -> Initializer:
    """An initializer from `draw(key, shape, dtype)`, and the dtype that it has by default."""
    default = dtype

    def init(key: Any, shape: Shape, dtype: Any = default, out_sharding: Any = None) -> Array:
        return draw(key, tuple(int(d) for d in shape), _parsed(dtype))

    return init


def zeros(
    key: Any, shape: Shape, dtype: DTypeLike | None = None, out_sharding: Any = None
) -> Array:
    """Zeros; the key is not used.

    Example:
        >>> import jib
        >>> jib.nn.initializers.zeros(None, (2,)).tolist()
        [0.0, 0.0]
    """
    return jnp.zeros(shape, _parsed(dtype))


def ones(key: Any, shape: Shape, dtype: DTypeLike | None = None, out_sharding: Any = None) -> Array:
    """Ones; the key is not used."""
    return jnp.ones(shape, _parsed(dtype))


def zeros_init() -> Initializer:
    """The initializer of zeros.

    Example:
        >>> import jib
        >>> jib.nn.initializers.zeros_init()(jib.random.key(0), (2,)).tolist()
        [0.0, 0.0]
    """
    return zeros


def ones_init() -> Initializer:
    """The initializer of ones."""
    return ones


def constant(value: ArrayLike, dtype: DTypeLike | None = None) -> Initializer:
    """An initializer that fills arrays with a value.

    Example:
        >>> import jib
        >>> jib.nn.initializers.constant(7.0)(None, (2,)).tolist()
        [7.0, 7.0]
    """
    return _initializer(lambda key, shape, dtype: jnp.full(shape, value, dtype), dtype)


# ------------------------------------------------------------------------------ random numbers


def _sample(kind: str, key: Any, limits: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    if kind == "normal":
        return random.normal(key, shape, dtype)
    if dtype.kind == "c":
        return _complex_sample(kind, key, shape, dtype)
    if kind == "truncated_normal":
        return random.truncated_normal(key, limits[0], limits[1], shape, dtype)
    return random.uniform(key, shape, dtype, limits[0], limits[1])


def _complex_sample(kind: str, key: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    """Uniform or normal in a disc, by radius and angle."""
    radius_key, angle_key = (k for k in random.split(key))
    real = np.zeros((), dtype).real.dtype
    u = random.uniform(radius_key, shape, real)
    if kind == "uniform":
        radius = jnp.sqrt(2 * u)
    else:
        radius = jnp.sqrt(-jnp.log1p(-(1 - math.exp(-4)) * u))
    angle = 2 * math.pi * random.uniform(angle_key, shape, real)
    return lax.complex(radius * jnp.cos(angle), radius * jnp.sin(angle))


@compiled(static=("kind", "shape", "dtype"))
def _drawn(key: Any, limits: Any, kind: str, shape: tuple[int, ...], dtype: Any) -> Any:
    return _sample(kind, key, limits, shape, dtype)


def _random(kind: str, factor: Any, limits: Any, dtype: DTypeLike | None) -> Initializer:
    """An initializer that draws numbers and multiplies them by a factor, perhaps of the shape."""

    def draw(key: Any, shape: tuple[int, ...], dtype: Any) -> Array:
        scale: Any = factor(shape, dtype) if callable(factor) else factor
        drawn = _drawn(key, limits, kind, shape, dtype)
        # A program of its own: fused with the draw, the product may differ in its last bit.
        return lax.mul(drawn, lax.convert_element_type(scale, dtype))

    return _initializer(draw, dtype)


def uniform(scale: ArrayLike = 1e-2, dtype: DTypeLike | None = None) -> Initializer:
    """An initializer with numbers that are equally likely in `[0, scale)`."""
    return _random("uniform", scale, (0.0, 1.0), dtype)


def normal(stddev: ArrayLike = 1e-2, dtype: DTypeLike | None = None) -> Initializer:
    """An initializer with normal numbers of mean 0 and deviation `stddev`.

    Example:
        >>> import jib
        >>> jib.nn.initializers.normal(0.1)(jib.random.key(0), (2, 3)).shape
        (2, 3)
    """
    return _random("normal", stddev, (), dtype)


def truncated_normal(
    stddev: ArrayLike = 1e-2, dtype: DTypeLike | None = None, lower: ArrayLike = -2.0,
    upper: ArrayLike = 2.0,
) -> Initializer:  # fmt: skip
    """An initializer with normal numbers between `lower` and `upper`, then times `stddev`."""
    return _random("truncated_normal", stddev, (lower, upper), dtype)


def _size(shape: Sequence[int], axes: int | Sequence[int]) -> int:
    return shape[axes] if isinstance(axes, int) else math.prod(shape[i] for i in axes)


def _fans(
    shape: Sequence[int], in_axis: Any, out_axis: Any, batch_axis: Any
) -> tuple[float, float]:
    """How many inputs an output has, and how many outputs an input has."""
    if isinstance(in_axis, int) and in_axis == -2 and len(shape) <= 1:
        raise ShapeError(
            f"an initializer scaled by its inputs needs two axes, but got shape {tuple(shape)}",
            help="init = jib.nn.initializers.normal()",
        )
    ins, outs = _size(shape, in_axis), _size(shape, out_axis)
    field = math.prod(shape) / ins / outs / _size(shape, batch_axis)
    return ins * field, outs * field


_MODES: dict[str, Callable[[float, float], float]] = {
    "fan_in": lambda fan_in, fan_out: fan_in,
    "fan_out": lambda fan_in, fan_out: fan_out,
    "fan_avg": lambda fan_in, fan_out: (fan_in + fan_out) / 2,
    "fan_geo_avg": lambda fan_in, fan_out: (fan_in * fan_out) ** 0.5,
}
_LIMITS = {"truncated_normal": (-2.0, 2.0), "normal": (), "uniform": (-1.0, 1.0)}


def variance_scaling(
    scale: float, mode: str, distribution: str, in_axis: int | Sequence[int] = -2,
    out_axis: int | Sequence[int] = -1, batch_axis: int | Sequence[int] = (),
    dtype: DTypeLike | None = None,
) -> Initializer:  # fmt: skip
    """An initializer whose variance is `scale` divided by the number of inputs or outputs.

    Args:
        scale: a positive number.
        mode: divide by "fan_in", "fan_out", "fan_avg" (their mean) or "fan_geo_avg".
        distribution: "truncated_normal", "normal" or "uniform".
        in_axis, out_axis, batch_axis: which axes of the shape are inputs, outputs, and neither; the
            others are the window of a convolution.

    Raises:
        ArgumentValueError: for another mode or distribution.
        ShapeError: when called for a shape without these axes.

    Source: Glorot, Bengio, "Understanding the difficulty of training deep feedforward neural
    networks", 2010; He et al., "Delving deep into rectifiers", 2015.

    Example:
        >>> import jib
        >>> init = jib.nn.initializers.variance_scaling(1.0, "fan_in", "uniform")
        >>> init(jib.random.key(0), (3, 4)).shape
        (3, 4)
    """
    ArgumentValueError.check("variance_scaling", "mode", mode, tuple(_MODES))
    ArgumentValueError.check("variance_scaling", "distribution", distribution, tuple(_LIMITS))

    def factor(shape: tuple[int, ...], found: Any) -> float:
        variance = scale / max(_MODES[mode](*_fans(shape, in_axis, out_axis, batch_axis)), 1e-38)
        if found.kind == "c":
            known = _TRUNCATED_COMPLEX_DEVIATION if distribution == "truncated_normal" else 1.0
            return math.sqrt(variance) / known
        rounded = found.type  # every step in the dtype of the numbers, as a program would
        if distribution == "truncated_normal":
            return float(np.sqrt(rounded(variance)) / rounded(_TRUNCATED_DEVIATION))
        times = 1 if distribution == "normal" else 3
        return float(np.sqrt(rounded(times) * rounded(variance)))

    return _random(distribution, factor, _LIMITS[distribution], dtype)


def _uniform_and_normal(
    name: str, scale: float, mode: str, variance: str
) -> tuple[Callable[..., Initializer], Callable[..., Initializer]]:
    """`variance_scaling` with the scale and mode that go by a name."""

    def made(distribution: str, words: str) -> Callable[..., Initializer]:
        def initializer(
            in_axis: int | Sequence[int] = -2, out_axis: int | Sequence[int] = -1,
            batch_axis: int | Sequence[int] = (), dtype: DTypeLike | None = None,
        ) -> Initializer:  # fmt: skip
            return variance_scaling(scale, mode, distribution, in_axis, out_axis, batch_axis, dtype)

        initializer.__name__ = f"{name}_{words.split()[-1].lower()}"
        initializer.__doc__ = f"{words} numbers with variance {variance}"
        return initializer

    return made("uniform", "Uniform"), made("truncated_normal", "Truncated normal")


glorot_uniform, glorot_normal = _uniform_and_normal(
    "glorot", 1.0, "fan_avg", "2 / (inputs + outputs), of Glorot and Bengio."
)
lecun_uniform, lecun_normal = _uniform_and_normal("lecun", 1.0, "fan_in", "1 / inputs, of LeCun.")
he_uniform, he_normal = _uniform_and_normal("he", 2.0, "fan_in", "2 / inputs, of He et al.")
xavier_uniform, xavier_normal = glorot_uniform, glorot_normal
kaiming_uniform, kaiming_normal = he_uniform, he_normal


# ------------------------------------------------------------------------- orthogonal matrices


def orthogonal(
    scale: float = 1.0, column_axis: int = -1, dtype: DTypeLike | None = None
) -> Initializer:
    """An initializer of orthonormal rows or columns (of the shorter side), times `scale`.

    Axes other than `column_axis` count as one. Source: Saxe et al. (2013),
    https://arxiv.org/abs/1312.6120.

    Raises:
        ShapeError: if the shape has fewer than two axes.

    Example:
        >>> import jib
        >>> jib.nn.initializers.orthogonal()(jib.random.key(0), (3, 2)).shape
        (3, 2)
    """

    def draw(key: Any, shape: tuple[int, ...], dtype: Any) -> Array:
        if len(shape) < 2:
            raise ShapeError(f"`orthogonal` makes matrices, but the shape is {shape}")
        if not math.prod(shape):
            return jnp.zeros(shape, dtype)
        columns = shape[column_axis]
        wide = jnp.promote_types(dtype, jnp.float32)  # half precision has no QR decomposition
        q = random.orthogonal(key, math.prod(shape) // columns, (), wide, columns).astype(dtype)
        rest = [d for i, d in enumerate(shape) if i != column_axis % len(shape)]
        q = jnp.moveaxis(jnp.reshape(q, (*rest, columns)), -1, column_axis)
        return lax.mul(q, lax.convert_element_type(scale, dtype))

    return _initializer(draw, dtype)


def delta_orthogonal(
    scale: float = 1.0, column_axis: int = -1, dtype: DTypeLike | None = None
) -> Initializer:
    """An initializer of convolutions: orthonormal in the middle of the window, zeros elsewhere.

    Source: Xiao et al. (2018), https://arxiv.org/abs/1806.05393.

    Raises:
        ShapeError: if the shape does not have three to five axes, or if the last is shorter than
            the one before it.
    """

    def draw(key: Any, shape: tuple[int, ...], dtype: Any) -> Array:
        if not 3 <= len(shape) <= 5 or shape[-1] < shape[-2]:
            raise ShapeError(
                "`delta_orthogonal` takes a shape (window..., inputs, outputs) of 3 to 5 axes with "
                f"no more inputs than outputs, but got {shape}"
            )
        matrix = orthogonal(scale, column_axis, dtype)(key, shape[-2:])
        middle = tuple((d - 1) // 2 for d in shape[:-2])
        return jnp.zeros(shape, dtype).at[middle].set(matrix)

    return _initializer(draw, dtype)
