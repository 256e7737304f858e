"""The Python array API standard, 2024.12: every function is there, is called so, and is right.

The standard: https://data-apis.org/array-api/2024.12/.
"""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import jib
import jib.numpy as jnp

# Each function with its parameters: the ones before "/" are given by position alone.
STANDARD = """
abs(x, /)
acos(x, /)
acosh(x, /)
add(x1, x2, /)
all(x, /, *, axis, keepdims)
any(x, /, *, axis, keepdims)
arange(start, /, stop, step, *, dtype, device)
argmax(x, /, *, axis, keepdims)
argmin(x, /, *, axis, keepdims)
argsort(x, /, *, axis, descending, stable)
asarray(obj, /, *, dtype, device, copy)
asin(x, /)
asinh(x, /)
astype(x, dtype, /, *, copy, device)
atan(x, /)
atan2(x1, x2, /)
atanh(x, /)
bitwise_and(x1, x2, /)
bitwise_invert(x, /)
bitwise_left_shift(x1, x2, /)
bitwise_or(x1, x2, /)
bitwise_right_shift(x1, x2, /)
bitwise_xor(x1, x2, /)
broadcast_arrays(*arrays)
broadcast_shapes(*shapes)
broadcast_to(x, /, shape)
can_cast(from_, to, /)
ceil(x, /)
clip(x, /, min, max)
concat(arrays, /, *, axis)
conj(x, /)
copysign(x1, x2, /)
cos(x, /)
cosh(x, /)
count_nonzero(x, /, *, axis, keepdims)
cumulative_prod(x, /, *, axis, dtype, include_initial)
cumulative_sum(x, /, *, axis, dtype, include_initial)
diff(x, /, *, axis, n, prepend, append)
divide(x1, x2, /)
empty(shape, *, dtype, device)
empty_like(x, /, *, dtype, device)
equal(x1, x2, /)
exp(x, /)
expand_dims(x, /, axis)
expm1(x, /)
eye(n_rows, n_cols, /, *, k, dtype, device)
finfo(type, /)
flip(x, /, *, axis)
floor(x, /)
floor_divide(x1, x2, /)
from_dlpack(x, /, *, device, copy)
full(shape, fill_value, *, dtype, device)
full_like(x, /, fill_value, *, dtype, device)
greater(x1, x2, /)
greater_equal(x1, x2, /)
hypot(x1, x2, /)
iinfo(type, /)
imag(x, /)
isdtype(dtype, kind)
isfinite(x, /)
isin(x1, x2, /, *, invert)
isinf(x, /)
isnan(x, /)
less(x1, x2, /)
less_equal(x1, x2, /)
linspace(start, stop, /, num, *, dtype, device, endpoint)
log(x, /)
log10(x, /)
log1p(x, /)
log2(x, /)
logaddexp(x1, x2, /)
logical_and(x1, x2, /)
logical_not(x, /)
logical_or(x1, x2, /)
logical_xor(x1, x2, /)
matmul(x1, x2, /)
matrix_transpose(x, /)
max(x, /, *, axis, keepdims)
maximum(x1, x2, /)
mean(x, /, *, axis, keepdims)
meshgrid(*arrays, indexing)
min(x, /, *, axis, keepdims)
minimum(x1, x2, /)
moveaxis(x, source, destination, /)
multiply(x1, x2, /)
negative(x, /)
nextafter(x1, x2, /)
nonzero(x, /)
not_equal(x1, x2, /)
ones(shape, *, dtype, device)
ones_like(x, /, *, dtype, device)
permute_dims(x, /, axes)
positive(x, /)
pow(x1, x2, /)
prod(x, /, *, axis, dtype, keepdims)
real(x, /)
reciprocal(x, /)
remainder(x1, x2, /)
repeat(x, repeats, /, *, axis)
reshape(x, /, shape, *, copy)
result_type(*arrays_and_dtypes)
roll(x, /, shift, *, axis)
round(x, /)
searchsorted(x1, x2, /, *, side, sorter)
sign(x, /)
signbit(x, /)
sin(x, /)
sinh(x, /)
sort(x, /, *, axis, descending, stable)
sqrt(x, /)
square(x, /)
squeeze(x, /, axis)
stack(arrays, /, *, axis)
std(x, /, *, axis, correction, keepdims)
subtract(x1, x2, /)
sum(x, /, *, axis, dtype, keepdims)
take(x, indices, /, *, axis)
take_along_axis(x, indices, /, *, axis)
tan(x, /)
tanh(x, /)
tensordot(x1, x2, /, *, axes)
tile(x, repetitions, /)
tril(x, /, *, k)
triu(x, /, *, k)
trunc(x, /)
unique_all(x, /)
unique_counts(x, /)
unique_inverse(x, /)
unique_values(x, /)
unstack(x, /, *, axis)
var(x, /, *, axis, correction, keepdims)
vecdot(x1, x2, /, *, axis)
where(condition, x1, x2, /)
zeros(shape, *, dtype, device)
zeros_like(x, /, *, dtype, device)
linalg.cholesky(x, /, *, upper)
linalg.cross(x1, x2, /, *, axis)
linalg.det(x, /)
linalg.diagonal(x, /, *, offset)
linalg.eigh(x, /)
linalg.eigvalsh(x, /)
linalg.inv(x, /)
linalg.matmul(x1, x2, /)
linalg.matrix_norm(x, /, *, keepdims, ord)
linalg.matrix_power(x, n, /)
linalg.matrix_rank(x, /, *, rtol)
linalg.matrix_transpose(x, /)
linalg.outer(x1, x2, /)
linalg.pinv(x, /, *, rtol)
linalg.qr(x, /, *, mode)
linalg.slogdet(x, /)
linalg.solve(x1, x2, /)
linalg.svd(x, /, *, full_matrices)
linalg.svdvals(x, /)
linalg.tensordot(x1, x2, /, *, axes)
linalg.trace(x, /, *, offset, dtype)
linalg.vecdot(x1, x2, /, *, axis)
linalg.vector_norm(x, /, *, axis, keepdims, ord)
fft.fft(x, /, *, n, axis, norm)
fft.fftfreq(n, /, *, d, dtype, device)
fft.fftn(x, /, *, s, axes, norm)
fft.fftshift(x, /, *, axes)
fft.hfft(x, /, *, n, axis, norm)
fft.ifft(x, /, *, n, axis, norm)
fft.ifftn(x, /, *, s, axes, norm)
fft.ifftshift(x, /, *, axes)
fft.ihfft(x, /, *, n, axis, norm)
fft.irfft(x, /, *, n, axis, norm)
fft.irfftn(x, /, *, s, axes, norm)
fft.rfft(x, /, *, n, axis, norm)
fft.rfftfreq(n, /, *, d, dtype, device)
fft.rfftn(x, /, *, s, axes, norm)
""".strip().splitlines()

X = np.array([[0.5, -0.25, 0.75], [0.125, 1.0, -0.5], [0.25, 0.5, 1.0]], np.float32)
Y = np.array([[2.0, 0.5, -1.0], [1.0, 2.0, 0.25], [0.5, 1.0, 3.0]], np.float32)
WHOLE, J = np.array([[1, 2, 3], [4, 5, 6]], np.int32), np.array([[3, 1, 2], [2, 2, 1]], np.int32)
B = X > 0.3
POSITIVE = (X @ X.T + 3 * np.eye(3)).astype(np.float32)

# The arguments of one sample, where two arrays (or one) of real numbers will not do.
SAMPLES: dict[str, tuple] = {
    "acosh": (np.abs(Y) + 1,),
    "arange": (1, 7, 2),
    "asarray": ([1.0, 2.0],),
    "astype": (X, np.dtype("int32")),
    "bitwise_and": (WHOLE, J),
    "bitwise_invert": (WHOLE,),
    "bitwise_left_shift": (WHOLE, J),
    "bitwise_or": (WHOLE, J),
    "bitwise_right_shift": (WHOLE, J),
    "bitwise_xor": (WHOLE, J),
    "broadcast_shapes": ((2, 1), (1, 3)),
    "broadcast_to": (X, (2, 3, 3)),
    "can_cast": (np.dtype("int8"), np.dtype("int32")),
    "clip": (X, -0.25, 0.5),
    "concat": ([X, Y],),
    "cumulative_prod": (X[0],),
    "cumulative_sum": (X[0],),
    "empty": ((2, 0),),
    "empty_like": (X[:0],),
    "expand_dims": (X, 1),
    "eye": (2, 3),
    "finfo": (np.dtype("float32"),),
    "full": ((2,), 3.0),
    "full_like": (X, 2.0),
    "iinfo": (np.dtype("int16"),),
    "isdtype": (np.dtype("float32"), "real floating"),
    "linspace": (0.0, 1.0, 5),
    "log": (np.abs(Y),),
    "log10": (np.abs(Y),),
    "log1p": (np.abs(Y),),
    "log2": (np.abs(Y),),
    "logical_and": (B, ~B),
    "logical_not": (B,),
    "logical_or": (B, ~B),
    "logical_xor": (B, ~B),
    "atanh": (X / 2,),
    "meshgrid": (X[0], Y[0]),
    "moveaxis": (X, 0, 1),
    "ones": ((2,),),
    "permute_dims": (X, (1, 0)),
    "pow": (np.abs(X), Y),
    "repeat": (X[0], 2),
    "reshape": (X, (9,)),
    "result_type": (np.dtype("int32"), np.dtype("int8")),
    "roll": (X, 1),
    "searchsorted": (np.sort(X[0]), Y[0]),
    "sqrt": (np.abs(X),),
    "squeeze": (X[None], 0),
    "stack": ([X, Y],),
    "take": (X[0], J[0] - 1),
    "take_along_axis": (X, J[:1] - 1, 0),
    "tile": (X, (2, 1)),
    "where": (B, X, Y),
    "zeros": ((2,),),
    "linalg.cholesky": (POSITIVE,),
    "linalg.eigvalsh": (POSITIVE,),
    "linalg.eigh": (POSITIVE,),
    "linalg.matrix_power": (X, 3),
    "linalg.outer": (X[0], Y[0]),
    "linalg.solve": (POSITIVE, Y),
    "fft.fftfreq": (5,),
    "fft.rfftfreq": (5,),
    "fft.irfft": (X + 0j,),
    "fft.irfftn": (X + 0j,),
    "fft.hfft": (X + 0j,),
}
# Decompositions are checked by what they recompose to; from_dlpack has tests of its own.
UNCOMPARED = {"from_dlpack", "linalg.eigh", "linalg.qr", "linalg.svd", "finfo", "iinfo"}


def _find(module, name: str):
    for part in name.split("."):
        module = getattr(module, part)
    return module


def _split(line: str) -> tuple[str, list[str]]:
    name, _, rest = line.partition("(")
    return name, [part for part in rest.rstrip(")").split(", ") if part]


@pytest.mark.parametrize("line", STANDARD, ids=lambda line: line.partition("(")[0])
def test_a_function_takes_the_parameters_of_the_standard(line):
    name, wanted = _split(line)
    found = inspect.signature(_find(jnp, name)).parameters
    positional = [p.name for p in found.values() if p.kind in (0, 1)]
    by_name = {p.name for p in found.values() if p.kind in (1, 3)}
    anything = {p.kind for p in found.values()}
    count = 0
    only_by_position = wanted[: wanted.index("/")] if "/" in wanted else []
    for parameter in wanted:
        if parameter.startswith("*"):
            assert parameter == "*" or 2 in anything
            count = -100
        elif parameter != "/":
            assert count < 0 or count < len(positional) or 2 in anything, parameter
            assert parameter in only_by_position or parameter in by_name, parameter
            count += 1


def _arguments(line: str) -> tuple:
    name, wanted = _split(line)
    if name in SAMPLES:
        return SAMPLES[name]
    return (X, Y) if "x2" in wanted or "*arrays" in wanted else (X,)


def _on_device(x):
    if isinstance(x, np.ndarray):
        return jnp.asarray(x)
    return [_on_device(v) for v in x] if isinstance(x, list) else x


@pytest.mark.parametrize("line", STANDARD, ids=lambda line: line.partition("(")[0])
def test_a_function_agrees_with_numpy(line):
    name, _ = _split(line)
    arguments = _arguments(line)
    found = _find(jnp, name)(*map(_on_device, arguments))
    if name in UNCOMPARED:
        return
    expected = _find(np, name)(*arguments)
    found, expected = jib.tree.leaves(found), jib.tree.leaves(expected)
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert np.shape(one) == np.shape(other)
        if isinstance(other, np.ndarray | np.generic | float):
            np.testing.assert_allclose(np.asarray(one), other, rtol=2e-5, atol=2e-6)
        else:
            assert one == other


def test_the_namespace_says_what_it_is():
    x = jnp.ones(3)
    assert x.__array_namespace__(api_version="2024.12") is jnp
    assert jnp.__array_api_version__ == "2024.12"
    info = jnp.__array_namespace_info__()
    assert info.default_device() in info.devices()
    assert set(info.dtypes(kind="bool")) == {"bool"}
    assert info.dtypes(kind=("bool", "real floating"))["float32"] == jnp.float32
    assert info.default_dtypes()["integral"] == np.int32
    assert set(info.capabilities()) == {
        "boolean indexing", "data-dependent shapes", "max dimensions",
    }  # fmt: skip
    assert x.to_device(x.device).device == x.device
    for constant in ("e", "inf", "nan", "newaxis", "pi"):
        assert hasattr(jnp, constant)
