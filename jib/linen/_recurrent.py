"""Recurrent modules: cells that do one step, and `RNN`, which runs a cell over sequences."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from jib import numpy as jnp, random, tree
from jib.errors import ArgumentTypeError
from jib.linen._calls import compact, nowrap
from jib.linen._convolution import Conv
from jib.linen._module import Module
from jib.linen._transforms import scan
from jib.linen.core.frozen_dict import FrozenDict
from jib.nn import functional as F, initializers, sigmoid
from jib.nn.functional import flip_sequences as flip_sequences
from jib.nn.initializers import Initializer
from jib.typing import Array, ArrayLike, DTypeLike

__all__ = [
    "RNN", "Bidirectional", "ConvLSTMCell", "GRUCell", "LSTMCell", "MGUCell", "OptimizedLSTMCell",
    "RNNCellBase", "SimpleCell", "flip_sequences",
]  # fmt: skip

tanh = jnp.tanh


class RNNCellBase(Module):
    """The base of recurrent cells: `carry, output = cell(carry, inputs)`."""

    @nowrap
    def initialize_carry(self, rng: Any, input_shape: tuple[int, ...]) -> Any:
        """The first carry for inputs of that shape: batch axes, features."""
        raise ArgumentTypeError(
            f"{type(self).__name__} does not say how its carry starts",
            help="def initialize_carry(self, rng, input_shape): return jnp.zeros(...)",
        )

    @property
    def num_feature_axes(self) -> int:
        """How many of the inputs' last axes are not batch axes."""
        raise ArgumentTypeError(
            f"{type(self).__name__} does not say how many axes of features its inputs have",
            help="num_feature_axes = 1",
        )


class _Weights(Module):
    """A kernel and perhaps a bias, named as those of `Dense`."""

    @compact
    def __call__(self, ins: int, outs: int, kernel_init: Any, bias_init: Any, dtype: Any) -> Any:
        kernel = self.param("kernel", kernel_init, (ins, outs), dtype)
        bias = None if bias_init is None else self.param("bias", bias_init, (outs,), dtype)
        return kernel, bias


class _GatedCell(RNNCellBase):
    """A cell whose gates each have a matrix for the inputs and one for the last output."""

    gates: ClassVar[tuple[str, ...]]
    step: ClassVar[Callable[..., Any]]
    options: ClassVar[dict[str, str]] = {"gate": "gate_fn", "activation": "activation_fn"}
    arrays: ClassVar[int] = 1

    @compact
    def __call__(self, carry: Any, inputs: Any) -> tuple[Any, Any]:
        """The next carry and the output, for inputs `[batch..., features]`."""
        x: Any = inputs.inputs if isinstance(inputs, F.TimeSteps) else inputs
        kernels: Any = {"i": self.kernel_init, "h": self.recurrent_kernel_init}  # type: ignore
        features: int = self.features  # type: ignore
        param_dtype: Any = self.param_dtype  # type: ignore
        sizes = {"i": jnp.shape(x)[-1], "h": features}

        def weights(side: str) -> list[Any]:
            return [
                _Weights(name=side + gate)(
                    sizes[side], features, kernels[side], self._bias(side, gate), param_dtype
                )
                for gate in self.gates
            ]  # fmt: skip

        options = tuple((name, getattr(self, field)) for name, field in self.options.items())
        dtype: Any = self.dtype  # type: ignore
        cell = F.Recurrence(type(self).step, options, dtype, arrays=self.arrays)
        return F.apply_recurrence(cell, carry, inputs, weights("i"), weights("h"), self)

    @nowrap
    def _bias(self, side: str, gate: str) -> Initializer | None:
        """The initializer of a gate's bias; None where there is no bias."""
        return self.bias_init if side == "i" else None  # type: ignore

    @nowrap
    def initialize_carry(self, rng: Any, input_shape: tuple[int, ...]) -> Any:
        """The first carry for inputs of that shape."""
        shape = (*input_shape[:-1], self.features)  # type: ignore
        return _start(self, rng, shape, self.arrays)

    @property
    def num_feature_axes(self) -> int:
        """1."""
        return 1


def _start(cell: Any, rng: Any, shape: tuple[int, ...], arrays: int) -> Any:
    if arrays == 1:
        return cell.carry_init(rng, shape, cell.param_dtype)
    keys = random.split(rng, arrays)
    return tuple(cell.carry_init(key, shape, cell.param_dtype) for key in keys)


class SimpleCell(_GatedCell):
    """`h' = tanh(W x + b + V h)` (Elman, 1990).

    Attributes:
        features: how many numbers come out.
        activation_fn: in place of tanh.
        kernel_init, recurrent_kernel_init, bias_init: first values of W, V and b.
        dtype: in which products are computed; None for what inputs and parameters promote to.
        param_dtype: of the parameters and the carry.
        carry_init: the first carry.
        residual: whether `h` is added inside (Yue et al., 2018, arXiv:1801.06105).

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> from jib import linen as nn
        >>> cell, x = nn.SimpleCell(features=4), jnp.ones((2, 3))
        >>> carry = cell.initialize_carry(jib.random.key(1), x.shape)
        >>> variables = cell.init(jib.random.key(2), carry, x)
        >>> carry, out = cell.apply(variables, carry, x)
        >>> out.shape
        (2, 4)
    """

    features: int
    activation_fn: Callable[..., Any] = tanh
    kernel_init: Initializer = F.default_kernel_init
    recurrent_kernel_init: Initializer = initializers.orthogonal()
    bias_init: Initializer = initializers.zeros
    dtype: DTypeLike | None = None
    param_dtype: DTypeLike = jnp.float32
    carry_init: Initializer = initializers.zeros
    residual: bool = False

    gates: ClassVar = ("",)
    step: ClassVar = staticmethod(F.simple_step)
    options: ClassVar = {"activation": "activation_fn", "residual": "residual"}


class LSTMCell(_GatedCell):
    """Long short-term memory (Hochreiter and Schmidhuber, 1997).

    The carry is `(memory, output)`. The gates i, f, g, o have parameters `ii`, `hi` and so on,
    with the bias at the `h` part.

    Attributes:
        features: how many numbers come out.
        gate_fn: in place of the sigmoid.
        activation_fn: in place of tanh.

    The others are those of `SimpleCell`.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> from jib import linen as nn
        >>> lstm, x = nn.RNN(nn.LSTMCell(4)), jnp.ones((2, 5, 3))
        >>> lstm.apply(lstm.init(jib.random.key(0), x), x).shape
        (2, 5, 4)
    """

    features: int
    gate_fn: Callable[..., Any] = sigmoid
    activation_fn: Callable[..., Any] = tanh
    kernel_init: Initializer = F.default_kernel_init
    recurrent_kernel_init: Initializer = initializers.orthogonal()
    bias_init: Initializer = initializers.zeros
    dtype: DTypeLike | None = None
    param_dtype: DTypeLike = jnp.float32
    carry_init: Initializer = initializers.zeros

    gates: ClassVar = ("i", "f", "g", "o")
    step: ClassVar = staticmethod(F.lstm_step)
    arrays: ClassVar = 2

    @nowrap
    def _bias(self, side: str, gate: str) -> Initializer | None:
        return self.bias_init if side == "h" else None


class OptimizedLSTMCell(LSTMCell):
    """`LSTMCell` by another name, for models that use it: all cells here are equally quick."""


class GRUCell(_GatedCell):
    """Gated recurrent unit (Cho et al., 2014, arXiv:1406.1078); gates r, z, n.

    The reset gate stands after the product, as in cuDNN. Attributes are those of `LSTMCell`.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> from jib import linen as nn
        >>> gru, x = nn.RNN(nn.GRUCell(4), return_carry=True), jnp.ones((2, 5, 3))
        >>> carry, y = gru.apply(gru.init(jib.random.key(0), x), x)
        >>> carry.shape, y.shape
        ((2, 4), (2, 5, 4))
    """

    features: int
    gate_fn: Callable[..., Any] = sigmoid
    activation_fn: Callable[..., Any] = tanh
    kernel_init: Initializer = F.default_kernel_init
    recurrent_kernel_init: Initializer = initializers.orthogonal()
    bias_init: Initializer = initializers.zeros
    dtype: DTypeLike | None = None
    param_dtype: DTypeLike = jnp.float32
    carry_init: Initializer = initializers.zeros

    gates: ClassVar = ("r", "z", "n")
    step: ClassVar = staticmethod(F.gru_step)

    @nowrap
    def _bias(self, side: str, gate: str) -> Initializer | None:
        return self.bias_init if side == "i" or gate == "n" else None


class MGUCell(_GatedCell):
    """Minimal gated unit (Zhou et al., 2016, arXiv:1603.09420); gates f, n.

    Attributes:
        forget_bias_init: of the gate f; ones, so that gradients last from the start (Jozefowicz et
            al., ICML 2015).
        activation_bias_init: of n.
        reset_gate: whether f also gates what n sees of the last output.

    The others are those of `LSTMCell`.
    """

    features: int
    gate_fn: Callable[..., Any] = sigmoid
    activation_fn: Callable[..., Any] = tanh
    kernel_init: Initializer = F.default_kernel_init
    recurrent_kernel_init: Initializer = initializers.orthogonal()
    forget_bias_init: Initializer = initializers.ones
    activation_bias_init: Initializer = initializers.zeros
    dtype: DTypeLike | None = None
    param_dtype: DTypeLike = jnp.float32
    carry_init: Initializer = initializers.zeros
    reset_gate: bool = True

    gates: ClassVar = ("f", "n")
    step: ClassVar = staticmethod(F.mgu_step)
    options: ClassVar = {**_GatedCell.options, "reset_gate": "reset_gate"}

    @nowrap
    def _bias(self, side: str, gate: str) -> Initializer | None:
        if side == "i":
            return self.forget_bias_init if gate == "f" else self.activation_bias_init
        return self.activation_bias_init if gate == "n" and self.reset_gate else None


class ConvLSTMCell(RNNCellBase):
    """An LSTM whose products are convolutions (Shi et al., 2015, arXiv:1506.04214).

    The forget gate has 1 added to it (Jozefowicz et al., ICML 2015). The carry is
    `(memory, output)`.

    Attributes:
        features: how many numbers come out at each place.
        kernel_size, strides, padding: as of `Conv`.
        use_bias: whether the convolutions have biases.
        dtype: in which is computed; None for what inputs and parameters promote to.
        param_dtype: of the parameters and the carry.
        carry_init: the first carry.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> from jib import linen as nn
        >>> cell, x = nn.ConvLSTMCell(features=4, kernel_size=(2, 2)), jnp.ones((1, 5, 5, 3))
        >>> carry = cell.initialize_carry(jib.random.key(1), x.shape)
        >>> variables = cell.init(jib.random.key(2), carry, x)
        >>> cell.apply(variables, carry, x)[1].shape
        (1, 5, 5, 4)
    """

    features: int
    kernel_size: Sequence[int]
    strides: Sequence[int] | None = None
    padding: str | Sequence[tuple[int, int]] = "SAME"
    use_bias: bool = True
    dtype: DTypeLike | None = None
    param_dtype: DTypeLike = jnp.float32
    carry_init: Initializer = initializers.zeros

    @compact
    def __call__(self, carry: Any, inputs: Array) -> tuple[Any, Array]:
        """The next carry and the output, for inputs `[batch..., places..., features]`."""
        state = tuple(F.check_carry(self, carry, [(self.features,)] * 2))
        parts = [
            Conv(
                features=4 * self.features, kernel_size=self.kernel_size,
                strides=self.strides or 1, padding=self.padding, use_bias=self.use_bias,
                dtype=self.dtype, param_dtype=self.param_dtype, name=name,
            )(x)
            for name, x in (("ih", inputs), ("hh", state[-1]))
        ]  # fmt: skip
        i, g, f, o = jnp.split(parts[0] + parts[1], 4, axis=-1)
        zeros = (jnp.zeros((), g.dtype),) * 4
        carry = F.lstm_step(state, (i, f + 1, g, o), zeros)
        return carry, carry[-1]

    @nowrap
    def initialize_carry(self, rng: Any, input_shape: tuple[int, ...]) -> Any:
        """The first carry for inputs of that shape."""
        return _start(self, rng, (*input_shape[:-1], self.features), 2)

    @property
    def num_feature_axes(self) -> int:
        """The axes of places, and one of features."""
        return len(self.kernel_size) + 1


class RNN(Module):
    """A cell run over sequences.

    The cells of this package are run with the products of all inputs made before the loop, and
    gradients of weights after it. A cell of your own is run by `linen.scan`.

    Attributes:
        cell: the cell.
        time_major: whether time is the first axis, not the one after the batch axes.
        return_carry: whether the last carry is returned too; with `seq_lengths` the one after the
            last step that is not padding.
        reverse: whether to run from the last step to the first; padding stays at the end.
        keep_order: whether outputs of a reversed run stand in the order of the inputs.
        unroll: how many steps stand in one turn of the loop.
        variable_axes, variable_broadcast, variable_carry, split_rngs: as of `linen.scan`.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> from jib import linen as nn
        >>> rnn, x = nn.RNN(nn.GRUCell(64)), jnp.ones((10, 50, 32))
        >>> variables = rnn.init(jib.random.key(0), x)
        >>> rnn.apply(variables, x, seq_lengths=jnp.full((10,), 7)).shape
        (10, 50, 64)
    """

    cell: RNNCellBase
    time_major: bool = False
    return_carry: bool = False
    reverse: bool = False
    keep_order: bool = False
    unroll: int = 1
    variable_axes: Mapping[Any, Any] = FrozenDict()
    variable_broadcast: Any = "params"
    variable_carry: Any = False
    split_rngs: Mapping[Any, bool] = FrozenDict({"params": False})

    def __call__(
        self,
        inputs: Array,
        *,
        initial_carry: Any = None,
        init_key: Any = None,
        seq_lengths: ArrayLike | None = None,
        return_carry: bool | None = None,
        time_major: bool | None = None,
        reverse: bool | None = None,
        keep_order: bool | None = None,
    ) -> Any:
        """The outputs, or the last carry and the outputs; arguments take the place of attributes.

        Args:
            inputs: batch axes, time, features.
            initial_carry: the first carry; by default `cell.initialize_carry` with `init_key`.
            seq_lengths: the length of each sequence without its padding.
        """
        given: Any = locals()
        names = ("return_carry", "time_major", "reverse", "keep_order")
        options = {n: getattr(self, n) if given[n] is None else given[n] for n in names}
        axes = self.cell.num_feature_axes
        if initial_carry is None:
            axis = 0 if options["time_major"] else inputs.ndim - axes - 1
            shape = inputs.shape[:axis] + inputs.shape[axis + 1 :]
            key = random.key(0) if init_key is None else init_key
            initial_carry = self.cell.initialize_carry(key, shape)
        return F.over_sequence(
            self._run, initial_carry, inputs, feature_axes=axes, seq_lengths=seq_lengths, **options
        )

    def _run(self, carry: Any, steps: Array, history: bool) -> tuple[Any, Any]:
        lifts = (self.variable_axes, self.variable_broadcast, self.variable_carry, self.split_rngs)
        if type(self.cell) in _QUICK and lifts == _LIFTS:
            return self.cell(carry, F.TimeSteps(steps, self.unroll, history))

        def step(cell: Any, carry: Any, x: Array) -> tuple[Any, Any]:
            carry, y = cell(carry, x)
            return carry, (y, carry) if history else y

        names = ("variable_axes", "variable_broadcast", "variable_carry", "split_rngs")
        lifted = scan(step, **dict(zip(names, lifts, strict=True)), unroll=self.unroll)
        return lifted(self.cell, carry, steps)


_QUICK = {SimpleCell, LSTMCell, OptimizedLSTMCell, GRUCell, MGUCell}
_LIFTS = (FrozenDict(), "params", False, FrozenDict({"params": False}))


def _concatenate(a: Array, b: Array) -> Array:
    """Both side by side along the last axis."""
    return jnp.concatenate([a, b], axis=-1)


class Bidirectional(Module):
    """Two `RNN`s over the same sequences, one of them backwards, and their outputs merged.

    Attributes:
        forward_rnn, backward_rnn: the two.
        merge_fn: what makes one output of two; they are put side by side by default.
        time_major, return_carry: as of `RNN`; the carry is that of both.

    Example:
        >>> import jib
        >>> import jib.numpy as jnp
        >>> from jib import linen as nn
        >>> layer = nn.Bidirectional(nn.RNN(nn.GRUCell(4)), nn.RNN(nn.GRUCell(4)))
        >>> x = jnp.ones((2, 5, 3))
        >>> layer.apply(layer.init(jib.random.key(0), x), x).shape
        (2, 5, 8)
    """

    forward_rnn: Callable[..., Any]
    backward_rnn: Callable[..., Any]
    merge_fn: Callable[[Array, Array], Array] = _concatenate
    time_major: bool = False
    return_carry: bool = False

    def __call__(
        self,
        inputs: Array,
        *,
        initial_carry: Any = None,
        init_key: Any = None,
        seq_lengths: ArrayLike | None = None,
        return_carry: bool | None = None,
        time_major: bool | None = None,
        reverse: bool | None = None,
        keep_order: bool | None = None,
    ) -> Any:
        """The merged outputs in the order of the inputs, or both carries and the outputs."""
        if self.forward_rnn is self.backward_rnn:
            warnings.warn(
                "forward_rnn and backward_rnn are one module: both directions share parameters",
                stacklevel=2,
            )
        time_major = self.time_major if time_major is None else time_major
        carries = (None, None) if initial_carry is None else initial_carry
        keys = (None, None) if init_key is None else random.split(init_key)
        found = [
            rnn(
                inputs, initial_carry=carry, init_key=key, seq_lengths=seq_lengths,
                return_carry=True, time_major=time_major, **order,
            )
            for rnn, carry, key, order in zip(
                (self.forward_rnn, self.backward_rnn), carries, keys,
                ({"reverse": False}, {"reverse": True, "keep_order": True}), strict=True,
            )
        ]  # fmt: skip
        outputs = tree.map(self.merge_fn, *(y for _, y in found))
        wanted = self.return_carry if return_carry is None else return_carry
        return (tuple(carry for carry, _ in found), outputs) if wanted else outputs
