"""Power iteration, inverse roots and non-negative least squares; normal densities and scaling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jib.numpy as jnp
from jib import lax, random, tree as trees
from jib.errors import ArgumentValueError, ShapeError
from jib.optim._trees import like, tree_norm, tree_scale, tree_sub, tree_vdot
from jib.scipy.stats import norm
from jib.transforms.custom_jvp import custom_jvp
from jib.typing import Array, ArrayLike

__all__ = [
    "matrix_inverse_pth_root", "multi_normal", "nnls", "power_iteration", "scale_gradient",
]  # fmt: skip


def power_iteration(
    matrix: Any,
    *,
    v0: Any = None,
    num_iters: ArrayLike = 100,
    error_tolerance: ArrayLike = 1e-06,
    precision: Any = lax.Precision.HIGHEST,
    key: Any = None,
) -> tuple[Array, Any]:
    """The eigenvalue of largest size of a symmetric matrix, and its unit eigenvector.

    Args:
        matrix: `(n, n)`, or a function that multiplies a tree by it.
        v0: the first vector; drawn from `key` when None and the matrix is an array.
        num_iters: the most products.
        error_tolerance: relative residual at which to stop.
        precision: of the products with an array.
        key: 0 when None.

    Raises:
        ArgumentValueError: `matrix` is a function and there is no `v0`.
    """
    multiply: Callable[[Any], Any] = matrix
    if not callable(matrix):
        matrix = jnp.asarray(matrix)
        multiply = lambda v: jnp.matmul(matrix, v, precision=precision)  # noqa: E731
        if v0 is None:
            key = random.PRNGKey(0) if key is None else key
            v0 = random.uniform(key, matrix.shape[-1:], matrix.dtype, -1, 1)
    elif v0 is None:
        raise ArgumentValueError(
            "`power_iteration` of a function needs the first vector", help="v0=jib.numpy.ones(n)"
        )

    def unit(v: Any) -> Any:
        size = tree_norm(v)
        return tree_scale(1 / jnp.where(size == 0, 1, size), v)

    def unfinished(state: Any) -> Array:
        vector, product, value, count = state
        residual = tree_norm(tree_sub(product, tree_scale(value, vector)))
        converged = (residual <= error_tolerance * jnp.abs(value)) & (count > 0)
        return ~converged & (count < num_iters)

    def multiply_again(state: Any) -> Any:
        vector = unit(state[1])
        product = multiply(vector)
        return vector, product, jnp.real(tree_vdot(vector, product)), state[3] + 1

    vector = unit(v0)
    product = multiply(vector)
    zero = jnp.zeros_like(jnp.real(tree_vdot(vector, product)))
    start = vector, product, zero, jnp.zeros((), "int32")
    _, product, value, _ = lax.while_loop(unfinished, multiply_again, start)
    return value, unit(product)


def matrix_inverse_pth_root(
    matrix: ArrayLike,
    p: int,
    num_iters: ArrayLike = 100,
    ridge_epsilon: ArrayLike = 1e-06,
    error_tolerance: ArrayLike = 1e-06,
    precision: Any = lax.Precision.HIGHEST,
) -> tuple[Array, Array]:
    """`matrix ** (-1 / p)` of a positive semidefinite matrix, and how far it is from that.

    Coupled Newton iterations; Guo and Higham, "A Schur-Newton method for the matrix p-th root",
    2006. A share of the largest eigenvalue is added to the diagonal.

    Args:
        matrix: `(n, n)`.
        p: a whole number of at least 1.
        num_iters: the most iterations.
        ridge_epsilon: the share.
        error_tolerance: where to stop.
        precision: of the products.
    """
    a = jnp.asarray(matrix)
    if a.ndim != 2 or a.shape[0] != a.shape[1]:
        raise ShapeError(f"`matrix_inverse_pth_root` takes a square matrix, not shape {a.shape}")
    dtype, identity = a.dtype, jnp.eye(a.shape[0], dtype=jnp.promote_types(a.dtype, jnp.float32))
    a = a.astype(identity.dtype)
    largest, _ = power_iteration(a, precision=precision)
    ridge = like(jnp.asarray(ridge_epsilon), a) * jnp.maximum(largest, 1e-16)
    if a.shape[0] == 1:
        return ((a + ridge) ** (-1 / p)).astype(dtype), jnp.zeros((), a.dtype)
    damped = a + ridge * identity
    scale = (1 + p) / (2 * jnp.linalg.norm(damped))

    def product(x: Array, y: Array) -> Array:
        return jnp.matmul(x, y, precision=precision)

    def power(x: Array) -> Array:
        result, count = None, p
        while count:
            if count % 2:
                result = x if result is None else product(result, x)
            count //= 2
            x = product(x, x) if count else x
        return identity if result is None else result

    def unfinished(state: Any) -> Array:
        count, _, _, _, error, better = state
        return (count < num_iters) & (error > error_tolerance) & better

    def improve(state: Any) -> Any:
        count, m, root, _, error, _ = state
        step = identity + (identity - m) / p
        m, new = product(power(step), m), product(root, step)
        new_error = jnp.max(jnp.abs(m - identity))
        return count + 1, m, new, root, new_error, new_error < 1.2 * error

    first = damped * scale
    root = identity * scale ** (1 / p)
    start = 0, first, root, root, jnp.max(jnp.abs(first - identity)), jnp.asarray(True)
    _, _, root, previous, error, better = lax.while_loop(unfinished, improve, start)
    return jnp.where(better, root, previous).astype(dtype), error


def nnls(
    A: ArrayLike, b: ArrayLike, iters: int, unroll: int | bool = 1, L: ArrayLike | None = None
) -> Array:
    """The non-negative x with the least `norm(A @ x - b)`, nearly.

    Accelerated projected gradients; Beck and Teboulle, "FISTA", 2009.

    Args:
        A: `(m, n)`.
        b: `(m,)` or `(m, k)`.
        iters: how many steps.
        unroll: as in `jib.lax.scan`.
        L: a bound of the largest eigenvalue of `A.T @ A`; from norms when None.

    Raises:
        ShapeError: the shapes do not fit.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import optim
        >>> optim.nnls(jnp.eye(2), jnp.array([1.0, -1.0]), iters=10).tolist()
        [1.0, 0.0]
    """
    matrix, right = jnp.asarray(A), jnp.asarray(b)
    if matrix.ndim != 2 or right.ndim not in (1, 2) or right.shape[0] != matrix.shape[0]:
        raise ShapeError(
            f"`nnls` takes A of shape (m, n) and b of shape (m,) or (m, k), not {matrix.shape} "
            f"and {right.shape}"
        )
    gram, target = matrix.T @ matrix, matrix.T @ right
    if L is None:
        sums = jnp.max(jnp.sum(jnp.abs(gram), axis=0)) if gram.size else 0
        L = jnp.minimum(tree_norm(gram), sums)
    bound = jnp.where(jnp.asarray(L) == 0, 1, L).astype(gram.dtype)

    def step(state: Any, _: Any) -> Any:
        x, ahead, c = state
        new = jnp.maximum(ahead - (gram @ ahead - target) / bound, 0)
        next_c = (1 + jnp.sqrt(1 + 4 * c * c)) / 2
        return (new, new + (c - 1) / next_c * (new - x), next_c), None

    x = jnp.zeros_like(target)
    start = x, x, jnp.zeros((), gram.dtype)
    return lax.scan(step, start, length=iters, unroll=unroll)[0][0]


class _MultiNormal:
    """Independent normal variables, given by their means and log deviations."""

    def __init__(self, loc: ArrayLike, log_scale: ArrayLike) -> None:
        self.params = [jnp.asarray(loc), jnp.asarray(log_scale)]

    @property
    def log_scale(self) -> Array:
        """The log deviations."""
        return self.params[1]

    def sample(self, shape: Any, key: Any) -> Array:
        """Draws of a shape, which leads."""
        mean, log_scale = self.params
        whole = (*shape, *jnp.broadcast_shapes(mean.shape, log_scale.shape))
        return mean + jnp.exp(log_scale) * random.normal(key, whole, mean.dtype)

    def log_prob(self, x: ArrayLike) -> Array:
        """The log density of each draw."""
        mean, log_scale = self.params
        rank = len(jnp.broadcast_shapes(mean.shape, log_scale.shape))
        density = norm.logpdf(x, mean, jnp.exp(log_scale))
        return jnp.sum(density, axis=tuple(range(-rank, 0)))


def multi_normal(loc: ArrayLike, log_scale: ArrayLike) -> _MultiNormal:
    """Independent normal variables: `sample(shape, key)`, `log_prob(x)`, `params`.

    Args:
        loc: the means.
        log_scale: the logarithms of the deviations.
    """
    return _MultiNormal(loc, log_scale)


@custom_jvp
def _scaled(x: Array, scale: Array) -> Array:
    del scale
    return x


_scaled.defjvp(lambda primals, tangents: (primals[0], primals[1] * tangents[0]))


def scale_gradient(inputs: Any, scale: ArrayLike) -> Any:
    """The inputs, with derivatives through them multiplied by `scale`.

    Example:
        >>> import jib
        >>> from jib import optim
        >>> jib.grad(lambda x: optim.scale_gradient(x, 0.5) ** 2)(3.0).item()
        3.0
    """

    return trees.map(lambda x: _scaled(jnp.asarray(x), like(jnp.asarray(scale), x)), inputs)
