"""Recurrent layers: cells that do one step, and `RNN`, which runs a cell over sequences."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from jib import lax, numpy as jnp, tree
from jib.errors import ArgumentTypeError, ArgumentValueError
from jib.nn import functional as F, initializers, sigmoid
from jib.nn.functional import flip_sequences as flip_sequences
from jib.nn.initializers import Initializer
from jib.nnx._filters import All, Filter
from jib.nnx._graphs import merge, split, update
from jib.nnx._layers import NOTHING, Layer, promote_dtype as _promote
from jib.nnx._linear import Linear
from jib.nnx._modules import Module
from jib.nnx._pytrees import data
from jib.nnx._random import Rngs, RngStream
from jib.nnx._variables import RngState
from jib.typing import Array, ArrayLike, DTypeLike

__all__ = [
    "RNN", "Bidirectional", "GRUCell", "LSTMCell", "OptimizedLSTMCell", "RNNCellBase", "SimpleCell",
    "flip_sequences",
]  # fmt: skip

tanh = jnp.tanh
_orthogonal = initializers.orthogonal()


class RNNCellBase(Module):
    """The base of recurrent cells: `carry, output = cell(carry, inputs)`."""

    def initialize_carry(
        self, input_shape: tuple[int, ...], rngs: Rngs | RngStream | None = None,
        carry_init: Initializer | None = None,
    ) -> Any:  # fmt: skip
        """The first carry for inputs of that shape: batch axes, features."""
        raise _missing(self, "how its carry starts", "def initialize_carry(self, input_shape, ...)")

    def __call__(self, carry: Any, inputs: Array) -> tuple[Any, Array]:
        """The next carry and the output."""
        raise _missing(self, "what a step does", "def __call__(self, carry, inputs)")

    @property
    def num_feature_axes(self) -> int:
        """How many of the inputs' last axes are not batch axes."""
        raise _missing(self, "how many axes of features its inputs have", "num_feature_axes = 1")


def _missing(cell: Any, what: str, help: str) -> ArgumentTypeError:
    return ArgumentTypeError(f"{type(cell).__name__} does not say {what}", help=help)


class _GatedCell(Layer, RNNCellBase):
    """A cell whose gates each have a matrix for the inputs and one for the last output."""

    step: ClassVar[Callable[..., Any]]
    options: ClassVar[dict[str, str]] = {"gate": "gate_fn", "activation": "activation_fn"}
    count: ClassVar[int] = 1
    arrays: ClassVar[int] = 1
    layers: ClassVar[tuple[tuple[str, ...], tuple[str, ...]]] = (("dense_i",), ("dense_h",))

    def _start(self, arguments: Mapping[str, Any]) -> tuple[Callable, Callable]:
        """Keep the arguments; what makes the linear layers for inputs, and for the last output."""
        self._keep(arguments)
        self.carry_init = arguments["carry_init"]
        rngs = arguments["rngs"]
        if arguments["keep_rngs"]:
            warnings.warn(
                "keep_rngs is deprecated: give rngs to initialize_carry", DeprecationWarning, 3
            )
        self.rngs: Any = rngs.carry.fork() if arguments["keep_rngs"] else data(None)

        def maker(ins: int, prefix: str) -> Callable[..., Linear]:
            def make(gates: int, use_bias: bool) -> Linear:
                return Linear(
                    ins, gates * self.hidden_features, use_bias=use_bias, dtype=self.dtype,
                    param_dtype=self.param_dtype, promote_dtype=self.promote_dtype, rngs=rngs,
                    kernel_init=arguments[f"{prefix}kernel_init"],
                    bias_init=arguments["bias_init"],
                    kernel_metadata=arguments[f"{prefix}kernel_metadata"],
                    bias_metadata=arguments["bias_metadata"] if use_bias else NOTHING,
                )  # fmt: skip

            return make

        return maker(self.in_features, ""), maker(self.hidden_features, "recurrent_")

    def _linears(self, side: int) -> list[Any]:
        return [getattr(self, name) for name in self.layers[side]]

    def _recurrence(self) -> F.Recurrence:
        options = tuple((name, getattr(self, field)) for name, field in self.options.items())
        return F.Recurrence(type(self).step, options, self.dtype, arrays=self.arrays)

    def __call__(self, carry: Any, inputs: Array) -> tuple[Any, Array]:
        """The next carry and the output, for inputs `[batch..., features]`."""
        state = F.check_carry(self, carry, [(self.hidden_features,)] * self.arrays)
        parts = [
            [part for layer in self._linears(side) for part in self._cut(layer(x), side)]
            for side, x in enumerate((inputs, state[-1]))
        ]
        new = self._recurrence()(tuple(state), *parts)
        return (new if self.arrays > 1 else new[0]), new[-1]

    def _cut(self, x: Any, side: int) -> list[Any]:
        """What a layer of several gates gives, by gate."""
        pieces = self.count // len(self.layers[side])
        return [None] * pieces if x is None else jnp.split(x, pieces, axis=-1)

    def run(self, carry: Any, steps: F.TimeSteps) -> tuple[Any, Any]:
        """The last carry and the outputs of all times; see `functional.apply_recurrence`."""
        weights: list[list] = [
            [
                pair
                for layer in self._linears(side)
                for pair in zip(
                    self._cut(layer.kernel[...], side),
                    self._cut(None if layer.bias is None else layer.bias[...], side),
                    strict=True,
                )
            ]
            for side in (0, 1)
        ]
        return F.apply_recurrence(self._recurrence(), carry, steps, weights[0], weights[1], self)

    @property
    def is_plain(self) -> bool:
        """Whether the layers are those that the cell was made with, so that `run` may be used."""
        layers = [*self._linears(0), *self._linears(1)]
        return self.promote_dtype is _promote and all(type(layer) is Linear for layer in layers)

    def initialize_carry(
        self, input_shape: tuple[int, ...], rngs: Rngs | RngStream | None = None,
        carry_init: Initializer | None = None,
    ) -> Any:  # fmt: skip
        """The first carry for inputs of that shape; zeros unless there is a `carry_init`.

        Raises:
            ArgumentValueError: if there is a `carry_init` and no keys for it.
        """
        init = carry_init or self.carry_init
        rngs = self.rngs if rngs is None else rngs
        stream = rngs.carry if isinstance(rngs, Rngs) else rngs
        if stream is None and init is not None:
            raise ArgumentValueError(
                f"`{F.layer_text(self)}` starts its carry at random, but was given no keys",
                help="cell.initialize_carry(x.shape, nnx.Rngs(carry=0))",
            )
        shape = (*input_shape[:-1], self.hidden_features)
        start: Any = init or initializers.zeros
        keys = [None if stream is None else stream() for _ in range(self.arrays)]
        made = [start(key, shape, self.param_dtype) for key in keys]
        return tuple(made) if self.arrays > 1 else made[0]

    @property
    def num_feature_axes(self) -> int:
        """1."""
        return 1


class SimpleCell(_GatedCell):
    """`h' = tanh(W x + b + V h)` (Elman, 1990).

    Args:
        in_features, hidden_features: how many numbers go in and come out.
        dtype: in which products are computed; None for what inputs and parameters promote to.
        param_dtype: of the parameters and the carry.
        carry_init: the first carry.
        residual: whether `h` is added inside (Yue et al., 2018, arXiv:1801.06105).
        activation_fn: in place of tanh.
        kernel_init, recurrent_kernel_init, bias_init: first values of W, V and b.
        promote_dtype: a function of a tuple of arrays that gives them one dtype.
        keep_rngs: whether the cell keeps a stream of keys for carries (deprecated).
        rngs: streams of keys, of which `params` is used.
        kernel_metadata, recurrent_kernel_metadata, bias_metadata: of the variables.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import nnx
        >>> cell = nnx.SimpleCell(3, 4, rngs=nnx.Rngs(0))
        >>> carry, out = cell(cell.initialize_carry((2, 3)), jnp.ones((2, 3)))
        >>> out.shape
        (2, 4)
    """

    step: ClassVar = F.simple_step
    options: ClassVar = {"activation": "activation_fn", "residual": "residual"}

    def __init__(
        self, in_features: int, hidden_features: int, *, dtype: DTypeLike | None = jnp.float32,
        param_dtype: DTypeLike = jnp.float32, carry_init: Initializer | None = None,
        residual: bool = False, activation_fn: Callable[..., Any] = tanh,
        kernel_init: Initializer = F.default_kernel_init,
        recurrent_kernel_init: Initializer = _orthogonal,
        bias_init: Initializer = initializers.zeros, promote_dtype: Callable[..., Any] = _promote,
        keep_rngs: bool = False, rngs: Rngs, kernel_metadata: Mapping[str, Any] = NOTHING,
        recurrent_kernel_metadata: Mapping[str, Any] = NOTHING,
        bias_metadata: Mapping[str, Any] = NOTHING,
    ) -> None:  # fmt: skip
        for_inputs, for_output = self._start(locals())
        self.dense_h = for_output(1, use_bias=False)
        self.dense_i = for_inputs(1, use_bias=True)


class LSTMCell(_GatedCell):
    """Long short-term memory (Hochreiter and Schmidhuber, 1997), with a layer for each gate.

    The carry is `(memory, output)`. The layers are `ii`, `if_`, `ig`, `io` for inputs, and `hi`,
    `hf`, `hg`, `ho` for the last output.

    Args:
        gate_fn: in place of the sigmoid.

    The others are those of `SimpleCell`.
    """

    step: ClassVar = F.lstm_step
    count: ClassVar = 4
    arrays: ClassVar = 2
    layers: ClassVar = (("ii", "if_", "ig", "io"), ("hi", "hf", "hg", "ho"))

    def __init__(
        self, in_features: int, hidden_features: int, *, gate_fn: Callable[..., Any] = sigmoid,
        activation_fn: Callable[..., Any] = tanh, kernel_init: Initializer = F.default_kernel_init,
        recurrent_kernel_init: Initializer = _orthogonal,
        bias_init: Initializer = initializers.zeros, dtype: DTypeLike | None = None,
        param_dtype: DTypeLike = jnp.float32, carry_init: Initializer | None = None,
        promote_dtype: Callable[..., Any] = _promote, keep_rngs: bool = False, rngs: Rngs,
        kernel_metadata: Mapping[str, Any] = NOTHING,
        recurrent_kernel_metadata: Mapping[str, Any] = NOTHING,
        bias_metadata: Mapping[str, Any] = NOTHING,
    ) -> None:  # fmt: skip
        for_inputs, for_output = self._start(locals())
        self.ii, self.if_, self.ig, self.io = (for_inputs(1, use_bias=False) for _ in range(4))
        self.hi, self.hf, self.hg, self.ho = (for_output(1, use_bias=True) for _ in range(4))


class OptimizedLSTMCell(_GatedCell):
    """`LSTMCell` with one layer for all gates i, f, g, o: `dense_i` for inputs and `dense_h`.

    Arguments are those of `LSTMCell`.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import nnx
        >>> lstm = nnx.RNN(nnx.OptimizedLSTMCell(3, 4, rngs=nnx.Rngs(0)))
        >>> lstm(jnp.ones((2, 5, 3))).shape
        (2, 5, 4)
    """

    step: ClassVar = F.lstm_step
    count: ClassVar = 4
    arrays: ClassVar = 2

    def __init__(
        self, in_features: int, hidden_features: int, *, gate_fn: Callable[..., Any] = sigmoid,
        activation_fn: Callable[..., Any] = tanh, kernel_init: Initializer = F.default_kernel_init,
        recurrent_kernel_init: Initializer = _orthogonal,
        bias_init: Initializer = initializers.zeros, dtype: DTypeLike | None = None,
        param_dtype: DTypeLike = jnp.float32, carry_init: Initializer | None = None,
        promote_dtype: Callable[..., Any] = _promote, keep_rngs: bool = False, rngs: Rngs,
        kernel_metadata: Mapping[str, Any] = NOTHING,
        recurrent_kernel_metadata: Mapping[str, Any] = NOTHING,
        bias_metadata: Mapping[str, Any] = NOTHING,
    ) -> None:  # fmt: skip
        for_inputs, for_output = self._start(locals())
        self.dense_i = for_inputs(4, use_bias=False)
        self.dense_h = for_output(4, use_bias=True)


class GRUCell(_GatedCell):
    """Gated recurrent unit (Cho et al., 2014, arXiv:1406.1078); gates r, z, n in one layer.

    The reset gate stands after the product, as in cuDNN. Arguments are those of `LSTMCell`.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import nnx
        >>> gru = nnx.RNN(nnx.GRUCell(3, 4, rngs=nnx.Rngs(0)), return_carry=True)
        >>> carry, y = gru(jnp.ones((2, 5, 3)))
        >>> carry.shape, y.shape
        ((2, 4), (2, 5, 4))
    """

    step: ClassVar = F.gru_step
    count: ClassVar = 3

    def __init__(
        self, in_features: int, hidden_features: int, *, gate_fn: Callable[..., Any] = sigmoid,
        activation_fn: Callable[..., Any] = tanh, kernel_init: Initializer = F.default_kernel_init,
        recurrent_kernel_init: Initializer = _orthogonal,
        bias_init: Initializer = initializers.zeros, dtype: DTypeLike | None = None,
        param_dtype: DTypeLike = jnp.float32, carry_init: Initializer | None = None,
        promote_dtype: Callable[..., Any] = _promote, keep_rngs: bool = False, rngs: Rngs,
        kernel_metadata: Mapping[str, Any] = NOTHING,
        recurrent_kernel_metadata: Mapping[str, Any] = NOTHING,
        bias_metadata: Mapping[str, Any] = NOTHING,
    ) -> None:  # fmt: skip
        for_inputs, for_output = self._start(locals())
        self.dense_i = for_inputs(3, use_bias=True)
        self.dense_h = for_output(3, use_bias=False)


def _stream(layer: Any, rngs: Any, tag: str = "carry") -> Any:
    """The stream of keys that a layer keeps: True is one of its own, False none."""
    if rngs is True:
        return RngStream(0, tag=tag)
    if isinstance(rngs, Rngs):
        return rngs[tag].fork()
    if isinstance(rngs, RngStream):
        return rngs
    if rngs is False:
        return data(None)
    raise ArgumentTypeError(
        f"`{F.layer_text(layer)}` takes streams of keys, or True or False, but rngs is a "
        f"{type(rngs).__name__}",
        help="rngs=nnx.Rngs(carry=0)",
    )


class RNN(Module):
    """A cell run over sequences.

    The cells of this package are run with the products of all inputs made before the loop, and
    gradients of weights after it. Other cells are called step by step, and may change their
    variables.

    Args:
        cell: the cell.
        time_major: whether time is the first axis, not the one after the batch axes.
        return_carry: whether the last carry is returned too; with `seq_lengths` the one after the
            last step that is not padding.
        reverse: whether to run from the last step to the first; padding stays at the end.
        keep_order: whether outputs of a reversed run stand in the order of the inputs.
        unroll: how many steps stand in one turn of the loop.
        state_axes: None: variables of the cell go from step to step.
        broadcast_rngs: streams of keys that are the same in all steps.
        rngs: keys for the first carry; True is a stream of its own.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import nnx
        >>> rnn = nnx.RNN(nnx.GRUCell(32, 64, rngs=nnx.Rngs(0)))
        >>> rnn(jnp.ones((10, 50, 32)), seq_lengths=jnp.full((10,), 7)).shape
        (10, 50, 64)
    """

    def __init__(
        self, cell: Any, *, time_major: bool = False, return_carry: bool = False,
        reverse: bool = False, keep_order: bool = False, unroll: int = 1,
        state_axes: Mapping[Any, Any] | None = None, broadcast_rngs: Filter = None,
        rngs: Rngs | RngStream | bool = True,
    ) -> None:  # fmt: skip
        if state_axes is not None:
            raise ArgumentValueError(
                f"`{type(self).__name__}` hands all variables of a cell from step to step; other "
                "state_axes are for nnx.scan",
                help="nnx.scan(step, in_axes=(nnx.StateAxes({...}), nnx.Carry, 0))",
            )
        self.cell = cell
        self.time_major, self.return_carry = time_major, return_carry
        self.reverse, self.keep_order, self.unroll = reverse, keep_order, unroll
        self.broadcast_rngs = broadcast_rngs
        self.rngs = _stream(self, rngs)

    def __call__(
        self, inputs: Array, *, initial_carry: Any = None, seq_lengths: ArrayLike | None = None,
        return_carry: bool | None = None, time_major: bool | None = None,
        reverse: bool | None = None, keep_order: bool | None = None,
        rngs: Rngs | RngStream | None = None,
    ) -> Any:  # fmt: skip
        """The outputs, or the last carry and the outputs; arguments take the place of attributes.

        Args:
            inputs: batch axes, time, features.
            initial_carry: the first carry; by default `cell.initialize_carry` with `rngs`.
            seq_lengths: the length of each sequence without its padding.
        """
        given: Any = locals()
        names = ("return_carry", "time_major", "reverse", "keep_order")
        options = {n: getattr(self, n) if given[n] is None else given[n] for n in names}
        axes = self.cell.num_feature_axes
        if isinstance(self.cell, _GatedCell):
            F.check_features(self.cell, inputs, (-1,), (self.cell.in_features,))
        if initial_carry is None:
            axis = 0 if options["time_major"] else inputs.ndim - axes - 1
            shape = inputs.shape[:axis] + inputs.shape[axis + 1 :]
            keys = self.rngs if rngs is None else rngs
            keys = keys.carry.fork() if isinstance(keys, Rngs) else keys
            initial_carry = self.cell.initialize_carry(shape, keys)
        return F.over_sequence(
            self._run, initial_carry, inputs, feature_axes=axes, seq_lengths=seq_lengths, **options
        )

    def _run(self, carry: Any, steps: Array, history: bool) -> tuple[Any, Any]:
        cell = self.cell
        if type(cell) in _QUICK and cell.is_plain:
            return cell.run(carry, F.TimeSteps(steps, self.unroll, history))
        fixed = All(RngState, self.broadcast_rngs)
        graph, same, state = split(cell, fixed, ...)

        def step(carried: Any, x: Array) -> tuple[Any, Any]:
            state, carry = carried
            now = merge(graph, same, state)
            carry, y = now(carry, x)
            _, _, state = split(now, fixed, ...)
            return (state, carry), (y, carry) if history else y

        (state, last), found = lax.scan(step, (state, carry), steps, unroll=self.unroll)
        update(cell, state)
        return last, found


_QUICK = {SimpleCell, LSTMCell, OptimizedLSTMCell, GRUCell}


def _concatenate(a: Array, b: Array) -> Array:
    """Both side by side along the last axis."""
    return jnp.concatenate([a, b], axis=-1)


class Bidirectional(Module):
    """Two `RNN`s over the same sequences, one of them backwards, and their outputs merged.

    Args:
        forward_rnn, backward_rnn: the two.
        merge_fn: what makes one output of two; they are put side by side by default.
        time_major, return_carry: as of `RNN`; the carry is that of both.
        rngs: keys for the first carries; True is a stream of its own.

    Example:
        >>> import jib.numpy as jnp
        >>> from jib import nnx
        >>> cells = [nnx.GRUCell(3, 4, rngs=nnx.Rngs(i)) for i in range(2)]
        >>> layer = nnx.Bidirectional(nnx.RNN(cells[0]), nnx.RNN(cells[1]))
        >>> layer(jnp.ones((2, 5, 3))).shape
        (2, 5, 8)
    """

    merge_fn: Callable[[Array, Array], Array] = _concatenate
    time_major: bool = False
    return_carry: bool = False

    def __init__(
        self, forward_rnn: Any, backward_rnn: Any, *,
        merge_fn: Callable[[Array, Array], Array] = _concatenate, time_major: bool = False,
        return_carry: bool = False, rngs: Rngs | RngStream | bool = True,
    ) -> None:  # fmt: skip
        self.forward_rnn, self.backward_rnn, self.merge_fn = forward_rnn, backward_rnn, merge_fn
        self.time_major, self.return_carry = time_major, return_carry
        self.rngs = _stream(self, rngs)

    def __call__(
        self, inputs: Array, *, initial_carry: tuple[Any, Any] | None = None,
        rngs: Rngs | RngStream | None = None, seq_lengths: ArrayLike | None = None,
        return_carry: bool | None = None, time_major: bool | None = None,
        reverse: bool | None = None, keep_order: bool | None = None,
    ) -> Any:  # fmt: skip
        """The merged outputs in the order of the inputs, or both carries and the outputs."""
        if self.forward_rnn is self.backward_rnn:
            warnings.warn(
                "forward_rnn and backward_rnn are one module: both directions share parameters",
                stacklevel=2,
            )
        keys = self.rngs if rngs is None else rngs
        options = {
            "rngs": keys.carry if isinstance(keys, Rngs) else keys,
            "seq_lengths": seq_lengths,
            "return_carry": True,
            "time_major": self.time_major if time_major is None else time_major,
        }
        first, second = (None, None) if initial_carry is None else initial_carry
        ahead, outputs = self.forward_rnn(inputs, initial_carry=first, reverse=False, **options)
        back, others = self.backward_rnn(
            inputs, initial_carry=second, reverse=True, keep_order=True, **options
        )
        outputs = tree.map(self.merge_fn, outputs, others)
        wanted = self.return_carry if return_carry is None else return_carry
        return ((ahead, back), outputs) if wanted else outputs
