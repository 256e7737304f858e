"""Recurrent cells as functions of arrays: one step, and whole sequences in one quick loop."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from jib import lax, numpy as jnp, tree
from jib.core.tracing import aval_of
from jib.core.zeros import Zero
from jib.errors import ShapeError
from jib.nn import _activations as activations
from jib.nn.functional._linear import dense
from jib.nn.functional._promoting import canonicalize_dtype, layer_text
from jib.passes.jvp import jvp as push_forward
from jib.transforms.abstract import eval_shape
from jib.transforms.custom_jvp import custom_jvp
from jib.typing import Array, ArrayLike, DTypeLike

__all__ = [
    "Recurrence", "TimeSteps", "apply_recurrence", "check_carry", "flip_sequences", "gru_step",
    "lstm_step", "mgu_step", "over_sequence", "simple_step",
]  # fmt: skip

State = tuple[Array, ...]
_Function = Callable[..., Any]

# Functions whose derivative at one element needs no other element.
_ELEMENTWISE = frozenset({jnp.tanh, lax.tanh, lax.logistic}) | {
    getattr(activations, name)
    for name in [
        "celu",
        "elu",
        "gelu",
        "hard_sigmoid",
        "hard_silu",
        "hard_swish",
        "hard_tanh",
        "leaky_relu",
        "log_sigmoid",
        "mish",
        "relu",
        "relu6",
        "selu",
        "sigmoid",
        "silu",
        "soft_sign",
        "softplus",
        "sparse_plus",
        "sparse_sigmoid",
        "squareplus",
        "swish",
    ]
    if hasattr(activations, name)
}


# ------------------------------------------------------------------------------ what a step does


def simple_step(
    state: State, given: Sequence[Array], recalled: Sequence[Array],
    activation: _Function = jnp.tanh, residual: bool = False,
) -> State:  # fmt: skip
    """`h' = tanh(given + recalled)`, with `+ h` inside if `residual` (Elman, 1990).

    Args:
        state: what is remembered; here, and in all steps, the output is its last array.
        given: for each gate the part that comes from the inputs.
        recalled: for each gate the part that comes from the last output.
        activation: of the new state.
        residual: whether the state is added as it is (Yue et al., 2018, arXiv:1801.06105).
    """
    (h,) = state
    total = given[0] + recalled[0]
    return (activation(total + h if residual else total),)


def lstm_step(
    state: State, given: Sequence[Array], recalled: Sequence[Array],
    gate: _Function = activations.sigmoid, activation: _Function = jnp.tanh,
) -> State:  # fmt: skip
    """Long short-term memory (Hochreiter and Schmidhuber, 1997); gates are i, f, g, o.

    The state is the memory and the output.
    """
    i, f, g, o = (a + b for a, b in zip(given, recalled, strict=True))
    memory = gate(f) * state[0] + gate(i) * activation(g)
    return memory, gate(o) * activation(memory)


def gru_step(
    state: State, given: Sequence[Array], recalled: Sequence[Array],
    gate: _Function = activations.sigmoid, activation: _Function = jnp.tanh,
) -> State:  # fmt: skip
    """Gated recurrent unit (Cho et al., 2014, arXiv:1406.1078); gates are r, z, n.

    The reset gate stands after the product, as in cuDNN.
    """
    (h,) = state
    reset, update = (gate(a + b) for a, b in zip(given[:2], recalled[:2], strict=True))
    candidate = activation(given[2] + reset * recalled[2])
    return ((1.0 - update) * candidate + update * h,)


def mgu_step(
    state: State, given: Sequence[Array], recalled: Sequence[Array],
    gate: _Function = activations.sigmoid, activation: _Function = jnp.tanh,
    reset_gate: bool = True,
) -> State:  # fmt: skip
    """Minimal gated unit (Zhou et al., 2016, arXiv:1603.09420); gates are f, n."""
    (h,) = state
    forget = gate(given[0] + recalled[0])
    candidate = activation(given[1] + (forget * recalled[1] if reset_gate else recalled[1]))
    return ((1.0 - forget) * candidate + forget * h,)


# --------------------------------------------------------------------------------- what runs it


@dataclasses.dataclass(frozen=True)
class Recurrence:
    """A step with its options, which must be hashable, and how it is run.

    Args:
        step: one of the steps above, or a function like them.
        options: names and values of the step's further arguments.
        dtype: in which products are computed; None for what the operands promote to.
        unroll: how many steps stand in one turn of the loop.
        history: whether a run returns the states of all steps, not the outputs alone.
        arrays: how many arrays the state has.
    """

    step: Callable[..., State]
    options: tuple[tuple[str, Any], ...] = ()
    dtype: DTypeLike | None = None
    unroll: int | bool = 1
    history: bool = False
    arrays: int = 1

    def __call__(self, state: State, given: Sequence[Array], recalled: Sequence[Array]) -> State:
        """The next state."""
        return self.step(state, given, recalled, **dict(self.options))

    @property
    def elementwise(self) -> bool:
        """Whether each element of the next state depends on the same element of all else alone."""
        known = {simple_step, lstm_step, gru_step, mgu_step}
        functions = [f for _, f in self.options if callable(f)]
        return self.step in known and all(f in _ELEMENTWISE for f in functions)


@dataclasses.dataclass(frozen=True)
class TimeSteps:
    """Inputs of all times, along the first axis, for a cell to run over in one call.

    Args:
        inputs: time, batch axes, features.
        unroll, history: as in `Recurrence`.
    """

    inputs: Array
    unroll: int | bool = 1
    history: bool = False


def check_carry(layer: Any, carry: Any, wanted: Sequence[tuple[int, ...]]) -> list[Array]:
    """The arrays of a carry.

    Raises:
        ShapeError: if they are not of the wanted shapes; of a wanted shape with one axis, only the
            last axis counts.
    """
    leaves = tree.leaves(carry)
    shapes = [tuple(jnp.shape(x)) for x in leaves]
    fits = len(shapes) == len(wanted) and all(
        s[-1:] == w if len(w) == 1 else s == w for s, w in zip(shapes, wanted, strict=True)
    )
    if not fits:
        of = ", ".join("[..., {}]".format(*w) if len(w) == 1 else str(list(w)) for w in wanted)
        found = ", ".join(str(list(s)) for s in shapes)
        raise ShapeError(
            f"`{layer_text(layer)}` carries {of} from step to step, but was given a carry of "
            f"{found or 'no array'}",
            help="carry = cell.initialize_carry(key, x.shape)   # x: one step, [batch, features]",
        )
    return leaves


def apply_recurrence(
    cell: Recurrence, carry: Any, inputs: Array | TimeSteps, given: Sequence[tuple[Any, Any]],
    recalled: Sequence[tuple[Any, Any]], layer: Any = "recurrence",
) -> tuple[Any, Any]:  # fmt: skip
    """One step of a cell, or a run over `TimeSteps`, whose input products are hoisted.

    In a run, the products with the inputs of all times are made at once before the loop. The way
    back runs the loop for the cotangents of the states alone: every factor in it, and every
    gradient of a weight, is again computed at once for all times.

    Args:
        cell: what a step does.
        carry: the state, an array or a tuple of arrays; the last one is the output.
        inputs: batch axes, features; or `TimeSteps`.
        given: the kernel and the bias, or None, of each gate for the inputs.
        recalled: the same for the last output.
        layer: what messages call the layer.

    Returns:
        The last carry, and the outputs; with `history`, the outputs and the carries of all steps.

    Raises:
        ShapeError: if the carry has not the shapes that a step gives.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib.nn import functional as F
        >>> steps = F.TimeSteps(jnp.ones((5, 2, 3)))
        >>> kernels = [(jnp.ones((3, 4)), None)], [(jnp.ones((4, 4)), None)]
        >>> _, outputs = F.apply_recurrence(
        ...     F.Recurrence(F.simple_step), jnp.zeros((2, 4)), steps, *kernels)
        >>> outputs.shape
        (5, 2, 4)
    """
    many = isinstance(inputs, TimeSteps)
    x = inputs.inputs if many else jnp.asarray(inputs)
    width = recalled[0][0].shape[-1]
    leaves, structure = tree.flatten(carry)
    shape = (*x.shape[1:-1], width) if many else (width,)
    state = tuple(map(jnp.asarray, check_carry(layer, leaves, [shape] * cell.arrays)))
    x, given = _promoted(x, given, cell.dtype)
    parts = [dense(x, kernel, bias) for kernel, bias in given]
    h, recalled = _promoted(state[-1], recalled, cell.dtype)
    kernels, biases = [k for k, _ in recalled], [b for _, b in recalled]
    if not many:
        state = cell(state, parts, [dense(h, k, b) for k, b in recalled])
        return structure.unflatten(state), state[-1]
    cell = dataclasses.replace(cell, unroll=inputs.unroll, history=inputs.history)
    if len(x):
        firsts = [p[0] for p in parts]
        types = eval_shape(lambda s: _step(cell, s, firsts, kernels, biases), state)
        state = tuple(s.astype(t.dtype) for s, t in zip(state, types, strict=True))
    real = all(jnp.issubdtype(s.dtype, jnp.floating) for s in (*state, *parts))
    run = _quick_run if cell.elementwise and real else _run
    last, found = run(cell, state, parts, kernels, biases)
    found = (found[-1], structure.unflatten(found)) if cell.history else found
    return structure.unflatten(last), found


def _promoted(x: Array, pairs: Sequence[tuple[Any, Any]], dtype: Any) -> tuple[Array, list]:
    dtype = canonicalize_dtype(x, *(p for pair in pairs for p in pair), dtype=dtype)
    cast = [tuple(None if p is None else jnp.asarray(p, dtype) for p in pair) for pair in pairs]
    return x.astype(dtype), cast


def _step(cell: Recurrence, state: State, given: Any, kernels: Any, biases: Any) -> State:
    """The next state; one product for all gates is the quickest forwards."""
    h = state[-1].astype(kernels[0].dtype)
    fused = kernels[0] if len(kernels) == 1 else jnp.concatenate(kernels, axis=-1)
    products = jnp.split(dense(h, fused), len(kernels), axis=-1)
    recalled = [p if b is None else p + b for p, b in zip(products, biases, strict=True)]
    return cell(state, given, recalled)


def _run(
    cell: Recurrence, state: State, given: list, kernels: list, biases: list
) -> tuple[State, Any]:
    """The last state, and the outputs or states of all steps."""

    def body(state: State, parts: list) -> tuple[State, Any]:
        new = _step(cell, state, parts, kernels, biases)
        return new, new if cell.history else new[-1]

    return lax.scan(body, state, given, unroll=cell.unroll)


def _quick_rule(cell: Recurrence, primals: Any, tangents: Any) -> tuple[Any, Any]:
    """Forward mode; reverse mode is its transpose.

    What a step does is linear in the tangents, with factors that are known for all times once the
    states are. The loop is over `dh' = A dh + sum of K (dh @ kernel) + u` alone.
    """
    state, given, kernels, biases = primals
    d_state, d_given, d_kernels, d_biases = tangents
    last, states = _run(dataclasses.replace(cell, history=True), state, given, kernels, biases)
    before = [jnp.concatenate([a[None], b[:-1]]) for a, b in zip(state, states, strict=True)]
    h = before[-1].astype(kernels[0].dtype)
    recalled = [dense(h, k, b) for k, b in zip(kernels, biases, strict=True)]
    extra = [dense(h, k, b) for k, b in zip(d_kernels, d_biases, strict=True)]
    m, n = len(state), len(given)

    def step(*leaves: Any) -> list[Any]:
        return list(cell(leaves[:m], leaves[m : m + n], leaves[m + n :]))

    factors = _partials(step, [*before, *given, *recalled])
    drive = [_combine(row[m:], [*d_given, *extra]) for row in factors]
    transposed = [k.T for k in kernels]  # as the way back needs them, once and not in each step
    loop_factors = [[*row[:m], *row[m + n :]] for row in factors]

    def body(state: State, now: Any) -> tuple[State, Any]:
        rows, pushed = now
        d_h = state[-1].astype(kernels[0].dtype)
        products = (
            lax.dot_general(d_h, k, (((d_h.ndim - 1,), (1,)), ((), ()))) for k in transposed
        )
        inner = [*state, *products]
        new = tuple(
            (_combine(row, inner) + u).astype(s.dtype)
            for row, u, s in zip(rows, pushed, state, strict=True)
        )
        return new, new if cell.history else new[-1]

    d_last, d_found = lax.scan(body, d_state, (loop_factors, drive), unroll=cell.unroll)
    return (last, states if cell.history else states[-1]), (d_last, d_found)


_quick_run: Any = custom_jvp(_run, nondiff_argnums=(0,))
_quick_run.defjvp(_quick_rule)


def _partials(f: Callable[..., list[Any]], leaves: list[Any]) -> list[list[Any]]:
    """For each result of an elementwise function its derivative by each argument; None if zero."""
    zeros = [Zero(aval_of(x)) for x in leaves]
    columns = []
    for i, x in enumerate(leaves):
        _, found = push_forward(f, leaves, [*zeros[:i], jnp.ones_like(x), *zeros[i + 1 :]])
        columns.append([None if type(t) is Zero else t for t in found])
    return [list(row) for row in zip(*columns, strict=True)]


def _combine(factors: Sequence[Any], values: Sequence[Any]) -> Any:
    terms = [k * x for k, x in zip(factors, values, strict=True) if k is not None]
    return sum(terms[1:], start=terms[0])


# ------------------------------------------------------------------------------ along sequences


def flip_sequences(
    inputs: ArrayLike, seq_lengths: ArrayLike | None, num_batch_dims: int, time_major: bool
) -> Array:
    """Sequences backwards, each over its own length; padding stays at the end.

    Args:
        inputs: batch axes, time, features; or time first.
        seq_lengths: integers, one for each place along the batch axes; None for full length.
        num_batch_dims: how many batch axes there are.
        time_major: whether time is the first axis.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib.nn import functional as F
        >>> x = jnp.array([[1, 0, 0], [2, 3, 0], [4, 5, 6]])
        >>> F.flip_sequences(x, jnp.array([1, 2, 3]), 1, False).tolist()
        [[1, 0, 0], [3, 2, 0], [6, 5, 4]]
    """
    x = jnp.asarray(inputs)
    axis = 0 if time_major else num_batch_dims
    if seq_lengths is None:
        return jnp.flip(x, axis)
    steps = x.shape[axis]
    backwards = jnp.arange(steps - 1, -1, -1)
    backwards = backwards.reshape(-1, *(1,) * num_batch_dims) if time_major else backwards
    index = (backwards + jnp.expand_dims(jnp.asarray(seq_lengths), axis)) % steps
    return jnp.take_along_axis(x, _with_rank(index, x.ndim), axis=axis)


def _with_rank(x: Array, ndim: int) -> Array:
    return x.reshape(x.shape + (1,) * (ndim - x.ndim))


def over_sequence(
    run: Callable[[Any, Array, bool], tuple[Any, Any]], carry: Any, inputs: Array, *,
    feature_axes: int = 1, seq_lengths: ArrayLike | None = None, return_carry: bool = False,
    time_major: bool = False, reverse: bool = False, keep_order: bool = False,
) -> Any:  # fmt: skip
    """Run a cell over sequences of any layout, direction and lengths.

    Args:
        run: `(carry, time-major inputs, history)` to the last carry, and the outputs, or with
            `history` the outputs and the carries of all steps.
        carry: the first carry.
        inputs: batch axes, time, features; time first if `time_major`.
        feature_axes: how many axes of features there are.
        seq_lengths: the lengths without padding, one for each place along the batch axes.
        return_carry: whether the carry after the last step of each sequence is returned.
        reverse, keep_order: whether to run backwards, and whether outputs then stand in the order
            of the inputs.

    Returns:
        The outputs, or the carry and the outputs. Outputs for padding are not zeroed.
    """
    batch_axes = inputs.ndim - feature_axes - 1
    axis = 0 if time_major else batch_axes

    def flip(x: Array) -> Array:
        return flip_sequences(x, seq_lengths, batch_axes, True)

    steps = jnp.moveaxis(inputs, axis, 0)
    history = seq_lengths is not None and return_carry
    last, outputs = run(carry, flip(steps) if reverse else steps, history)
    if history:
        lengths = jnp.asarray(seq_lengths)
        outputs, carries = outputs

        def pick(first: Array, states: Array) -> Array:
            index = _with_rank(jnp.maximum(lengths - 1, 0)[None], states.ndim)
            found = jnp.take_along_axis(states, index, axis=0)[0]
            return jnp.where(_with_rank(lengths, found.ndim) > 0, found, first)

        last = tree.map(pick, carry, carries)
    if reverse and keep_order:
        outputs = tree.map(flip, outputs)
    outputs = tree.map(lambda y: jnp.moveaxis(y, 0, axis), outputs)
    return (last, outputs) if return_carry else outputs
