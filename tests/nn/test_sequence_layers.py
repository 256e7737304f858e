"""Recurrent and attention layers: against golden numbers, plain loops, and one another.

The golden numbers are those of the field's reference; see `tests.harness.recurrent_layers`.
"""

import pathlib

import numpy as np
import pytest

import jib
from jib import errors, linen, nnx, numpy as jnp, tree
from jib.nn import functional as F
from tests.harness.recurrent_layers import LINEN_CELLS, NNX_CELLS, results, wave

GOLDEN = pathlib.Path(__file__).parents[1] / "golden" / "layers" / "family2.npz"

STEPS = {
    "simple": (F.simple_step, 1, 1),
    "lstm": (F.lstm_step, 4, 2),
    "gru": (F.gru_step, 3, 1),
    "mgu": (F.mgu_step, 2, 1),
}


def close(a, b, tolerance=1e-6):
    tree.map(lambda x, y: np.testing.assert_allclose(x, y, tolerance, tolerance), a, b)


def filled(layer, *inputs):
    """Variables of a layer, of numbers that take no program to draw."""
    shapes = jib.eval_shape(layer.init, jib.random.key(0), *inputs)
    return tree.map(lambda s: jnp.asarray(0.5 * wave(*s.shape), s.dtype), shapes)


@pytest.mark.parametrize("quick", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_golden(quick):
    stored = np.load(GOLDEN)
    parts = np.split(stored["data"], np.cumsum(stored["sizes"])[:-1])
    expected = dict(zip(stored["names"].tolist(), parts, strict=True))
    found = results(jib, jnp, linen, nnx, quick)
    assert set(found) <= set(expected) if quick else set(found) == set(expected)
    for name in found:
        value = expected[name]
        # First values are equal to the bit, but where they are drawn inside a compiled loop.
        is_parameter = not any(f" {kind}" in name for kind in ("out", "grad", "back", "d"))
        if is_parameter and "ConvLSTM" not in name:
            assert np.array_equal(found[name].ravel(), value), name
        np.testing.assert_allclose(found[name].ravel(), value, 5e-6, 5e-6, err_msg=name)


def parameters(gates, arrays):
    def pairs(rows):
        kernels = [jnp.asarray(wave(rows, 4) * (0.5 + 0.1 * i)) for i in range(gates)]
        return [(k, None if i % 2 else k[0] * 0.3) for i, k in enumerate(kernels)]

    carry = tuple(jnp.asarray(wave(2, 4) * 0.5) for _ in range(arrays))
    return pairs(3), pairs(4), carry, jnp.asarray(wave(6, 2, 3))


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[] if n == "gru" else pytest.mark.slow) for n in STEPS]
)
def test_quick_runs_are_those_of_the_plain_loop(name):
    step, gates, arrays = STEPS[name]
    given = parameters(gates, arrays)

    def loss(given, quick, history):
        inputs, recalled, carry, x = given
        options = () if quick else (("activation", lambda v: jnp.tanh(v)),)
        cell = F.Recurrence(step, options, arrays=arrays)
        assert cell.elementwise is quick
        steps = F.TimeSteps(x, history=history)
        last, found = F.apply_recurrence(cell, carry, steps, inputs, recalled)
        return sum(jnp.sum(jnp.sin(leaf + 1)) for leaf in tree.leaves((last, found)))

    def everything(given, quick):
        x = given[3]
        first = jib.grad(lambda x: loss((*given[:3], x), quick, False))
        return {
            "outputs": jib.value_and_grad(lambda g: loss(g, quick, False))(given),
            "history": jib.value_and_grad(lambda g: loss(g, quick, True))(given),
            "mapped": jib.vmap(first)(jnp.stack([x, x * 0.5])),
            "forward": jib.jvp(lambda x: loss((*given[:3], x), quick, True), (x,), (x,)),
            "second": jib.grad(lambda x: jnp.sum(first(x) ** 2))(x) if name == "gru" else 0,
        }

    program = jib.jit(everything, static_argnums=1)
    close(program(given, True), program(given, False), 1e-5)


@pytest.mark.parametrize("system", ["linen", "nnx"])
def test_cells_take_the_quick_way(system):
    """The loop of the way back has no gradient of a weight in it."""
    if system == "linen":
        rnn = linen.RNN(linen.GRUCell(7))
        variables = filled(rnn, wave(2, 5, 3))
        program = jib.make_jaxpr(jib.grad(lambda v, x: rnn.apply(v, x).sum()))(
            variables, wave(2, 5, 3)
        )
    else:
        graph, params = nnx.split(nnx.RNN(nnx.GRUCell(3, 7, rngs=nnx.Rngs(0)), rngs=False))
        program = jib.make_jaxpr(jib.grad(lambda p, x: nnx.merge(graph, p)(x).sum()))(
            params, wave(2, 5, 3)
        )
    loops = [e for e in program.jaxpr.eqns if e.primitive.name == "scan"]
    assert len(loops) == 2
    assert [len(e.outvars) for e in loops] == [2, 2]


def stepped(step, carry, x, lengths, reverse):
    """Each sequence alone, without its padding, one step after another."""
    carries, outputs = [], []
    for row, length in zip(x, lengths, strict=True):
        state, ys = tree.map(lambda c: c[:1], carry), []
        times = range(length)[::-1] if reverse else range(length)
        for t in times:
            state, y = step(state, row[None, t])
            ys.append(y[0])
        carries.append(state)
        outputs.append(jnp.stack(ys[::-1] if reverse else ys))
    return tree.map(lambda *parts: jnp.concatenate(parts), *carries), outputs


@pytest.mark.parametrize("reverse", [False, True])
def test_lengths_and_directions_are_those_of_single_steps(reverse):
    x, lengths = jnp.asarray(wave(2, 4, 3)), (2, 4)
    cell = linen.LSTMCell(4)
    carry = cell.initialize_carry(jib.random.key(0), (2, 3))
    variables = filled(cell, carry, x[:, 0])
    wanted = stepped(jib.jit(lambda c, x: cell.apply(variables, c, x)), carry, x, lengths, reverse)
    for major in (False, True):
        rnn = linen.RNN(cell, return_carry=True, keep_order=True, time_major=major)
        inside = {"params": {"cell": variables["params"]}}
        last, outputs = rnn.apply(
            inside, jnp.swapaxes(x, 0, 1) if major else x,
            seq_lengths=jnp.array(lengths), reverse=reverse,
        )  # fmt: skip
        outputs = jnp.swapaxes(outputs, 0, 1) if major else outputs
        close(last, wanted[0])
        close([y[:n] for y, n in zip(outputs, lengths, strict=True)], wanted[1])


def test_an_empty_sequence_keeps_its_first_carry():
    rnn = linen.RNN(linen.GRUCell(4, carry_init=linen.initializers.ones), return_carry=True)
    variables = filled(rnn, wave(2, 5, 3))
    carry, _ = rnn.apply(variables, wave(2, 5, 3), seq_lengths=jnp.array([0, 5]))
    assert carry[0].tolist() == [1.0] * 4
    assert carry[1].tolist() != [1.0] * 4


class Doubling(linen.GRUCell):
    """A cell of a user's own, which `RNN` runs by `linen.scan`."""

    @linen.compact
    def __call__(self, carry, inputs):
        return super().__call__(carry, inputs)


class Counting(nnx.RNNCellBase):
    """A cell that changes a variable at each step."""

    def __init__(self):
        self.count = nnx.Variable(jnp.zeros(()))

    def __call__(self, carry, inputs):
        self.count[...] += 1
        carry = carry + inputs * self.count[...]
        return carry, carry

    def initialize_carry(self, input_shape, rngs=None, carry_init=None):
        return jnp.zeros(input_shape)

    num_feature_axes = 1


def test_cells_of_users():
    x = wave(2, 5, 3)
    own, known = linen.RNN(Doubling(4)), linen.RNN(linen.GRUCell(4))
    variables = filled(own, x)
    close(*jib.jit(lambda: (own.apply(variables, x), known.apply(variables, x)))())
    rnn = nnx.RNN(Counting(), return_carry=True)
    carry, outputs = rnn(jnp.ones((2, 3, 1)))
    assert outputs[0, :, 0].tolist() == [1.0, 3.0, 6.0]
    assert (carry[0].item(), rnn.cell.count[...].item()) == (6.0, 3.0)


CELLS = {**LINEN_CELLS, "OptimizedLSTMCell": {}, "MGUCell ungated": {"reset_gate": False}}


def linen_layers(dtype=None, param_dtype="float32"):
    options = {"dtype": dtype, "param_dtype": param_dtype}
    for name, more in CELLS.items():
        yield name, linen.RNN(getattr(linen, name.split()[0])(4, **options, **more))
    yield "ConvLSTMCell", linen.RNN(linen.ConvLSTMCell(2, (2,), **options))
    yield "attention", linen.MultiHeadDotProductAttention(2, qkv_features=4, **options)
    yield "self", linen.MultiHeadAttention(2, qkv_features=4, normalize_qk=True, **options)


def nnx_layers(dtype=None, param_dtype="float32"):
    options = {"dtype": dtype, "param_dtype": param_dtype, "rngs": nnx.Rngs(0)}
    for name in (*NNX_CELLS, "OptimizedLSTMCell"):
        yield name, nnx.RNN(getattr(nnx, name)(3, 4, **options), rngs=False)
    yield "grouped", nnx.MultiHeadAttention(2, 3, 4, num_kv_heads=1, decode=False, **options)


def functions(dtype=None, param_dtype="float32"):
    """Every layer as a function of its inputs."""
    for name, layer in linen_layers(dtype, param_dtype):
        x = wave(2, 5, 4, 3) if name == "ConvLSTMCell" else wave(2, 5, 3)
        variables = filled(layer, jnp.asarray(x, param_dtype))
        yield f"linen {name}", x, lambda x, layer=layer, v=variables: layer.apply(v, x)
    for name, layer in nnx_layers(dtype, param_dtype):
        yield f"nnx {name}", wave(2, 5, 3), lambda x, layer=layer: layer(x)


def test_every_layer_compiled_and_mapped():
    table = list(functions())
    traces = []

    def call(inputs):
        traces.append(1)
        return [layer(x) for (_, _, layer), x in zip(table, inputs, strict=True)]

    compiled, inputs = jib.jit(call), [jnp.asarray(x) for _, x, _ in table]
    halves = [x * 0.5 for x in inputs]
    first, second = compiled(inputs), compiled(halves)
    assert len(traces) == 1
    pairs = [jnp.stack(pair) for pair in zip(inputs, halves, strict=True)]
    expected = [jnp.stack(pair) for pair in zip(first, second, strict=True)]
    close(jib.jit(jib.vmap(call))(pairs), expected, 1e-5)
    for (name, x, layer), out in zip(table, first, strict=True):
        if name in ("linen GRUCell", "linen attention", "nnx grouped"):
            close(layer(x), out)


@pytest.mark.parametrize("dtype", ["float64", "bfloat16"])
def test_every_layer_keeps_its_dtype(dtype):
    outs = jib.eval_shape(
        lambda: {name: layer(jnp.asarray(x, dtype)) for name, x, layer in functions(dtype, dtype)}
    )
    assert {name: out.dtype.name for name, out in outs.items()} == dict.fromkeys(outs, dtype)


def test_low_precision_layers_near_exact_ones():
    exact, low = [], []
    for (name, layer), (_, other) in zip(linen_layers(), linen_layers("bfloat16"), strict=True):
        x = wave(2, 5, 4, 3) if name == "ConvLSTMCell" else wave(2, 5, 3)
        variables = filled(layer, x)
        exact.append(lambda layer=layer, v=variables, x=x: layer.apply(v, x))
        low.append(lambda layer=other, v=variables, x=x: layer.apply(v, x))
    run = jib.jit(lambda: ([f() for f in exact], [f() for f in low]))
    close(*run(), 0.05)


def test_both_module_systems_give_the_same():
    x = wave(2, 5, 3)
    rnn = linen.RNN(linen.LSTMCell(4))
    params = rnn.init(jib.random.key(0), x)["params"]["cell"]
    split_cell, fused = nnx.LSTMCell(3, 4, rngs=nnx.Rngs(0)), nnx.OptimizedLSTMCell(
        3, 4, rngs=nnx.Rngs(0)
    )  # fmt: skip
    for gate in "ifgo":
        for side in "ih":
            layer = getattr(split_cell, "if_" if side + gate == "if" else side + gate)
            layer.kernel[...] = params[side + gate]["kernel"]
        getattr(split_cell, f"h{gate}").bias[...] = params[f"h{gate}"]["bias"]
    for side, layer in (("i", fused.dense_i), ("h", fused.dense_h)):
        layer.kernel[...] = jnp.concatenate([params[side + g]["kernel"] for g in "ifgo"], -1)
    expected = rnn.apply({"params": {"cell": params}}, x)
    close(nnx.RNN(split_cell)(x), expected)
    close(nnx.RNN(fused)(x), expected)
    layer = linen.MultiHeadDotProductAttention(2, qkv_features=4)
    params = filled(layer, x)["params"]
    other = nnx.MultiHeadAttention(2, 3, 4, decode=False, rngs=nnx.Rngs(0))
    for name, weights in params.items():
        getattr(other, name).kernel[...] = weights["kernel"]
        getattr(other, name).bias[...] = weights["bias"]
    mask = linen.make_causal_mask(x[..., 0])
    close(other(x, mask=mask), layer.apply({"params": params}, x, mask=mask))
    close(other(x, is_causal=True), layer.apply({"params": params}, x, mask=mask))


def test_decoding_gives_what_causal_attention_gives():
    x = jnp.asarray(wave(2, 5, 4))
    layer = linen.MultiHeadDotProductAttention(2, decode=True)
    variables = layer.init(jib.random.key(0), x)
    full = layer.clone(decode=False).apply(
        {"params": variables["params"]}, x, mask=linen.make_causal_mask(x[..., 0])
    )
    step = jib.jit(lambda v, x: layer.apply(v, x, mutable=["cache"]))
    for t in range(5):
        y, cache = step(variables, x[:, t : t + 1])
        variables = {**variables, **cache}
        close(y[:, 0], full[:, t])
    for groups in (2, 1):
        other = nnx.MultiHeadAttention(2, 4, num_kv_heads=groups, rngs=nnx.Rngs(0))
        other.init_cache(x.shape)
        parts = [other(x[:, t : t + 1], decode=True) for t in range(5)]
        close(jnp.concatenate(parts, 1), other(x, is_causal=True, decode=False))


def test_shared_heads_are_repeated_heads():
    q, kv = jnp.asarray(wave(2, 3, 4, 2)), jnp.asarray(wave(2, 5, 2, 2))
    repeated = jnp.repeat(kv, 2, axis=2)
    for attend in (linen.dot_product_attention, nnx.dot_product_attention):
        close(attend(q, kv, kv), attend(q, repeated, repeated))
    weights = linen.dot_product_attention_weights(q, kv, dtype="bfloat16")
    assert weights.dtype == "bfloat16"
    weights = linen.dot_product_attention_weights(
        q, kv, dtype="bfloat16", force_fp32_for_softmax=True
    )
    assert weights.dtype == "float32"
    wide = nnx.dot_product_attention(q[None], kv[None], kv[None])
    close(wide[0], nnx.dot_product_attention(q, kv, kv))


def test_weights_are_sown():
    x = wave(2, 3, 4)
    layer = linen.MultiHeadAttention(2)
    variables = layer.init(jib.random.key(0), x)
    _, found = layer.apply(variables, x, sow_weights=True, mutable=["intermediates"])
    close(found["intermediates"]["attention_weights"][0].sum(-1), jnp.ones((2, 2, 3)))
    other = nnx.MultiHeadAttention(2, 4, decode=False, rngs=nnx.Rngs(0))
    other(x, sow_weights=True)
    assert other.attention_weights.get_value()[0].shape == (2, 2, 3, 3)


GRU = linen.GRUCell(4)


def _linen_cache(steps):
    layer = linen.MultiHeadAttention(2, decode=True)
    variables = layer.init(jib.random.key(0), wave(1, 2, 4))
    for _ in range(steps):
        _, cache = layer.apply(variables, wave(1, 1, 4), mutable=["cache"])
        variables = {**variables, **cache}


def _nnx_cell(carry, x):
    return nnx.RNN(nnx.GRUCell(3, 4, rngs=nnx.Rngs(0)))(x, initial_carry=carry)


MISTAKES = {
    "carry": (
        lambda: GRU.init(jib.random.key(0), jnp.zeros((2, 5)), wave(2, 3)),
        "carries [..., 4] from step to step, but was given a carry of [2, 5]",
    ),
    "carries": (
        lambda: linen.LSTMCell(4).init(jib.random.key(0), jnp.zeros((2, 4)), wave(2, 3)),
        "was given a carry of [2, 4]",
    ),
    "batch of carry": (
        lambda: _nnx_cell(jnp.zeros((3, 4)), wave(2, 5, 3)),
        "`GRUCell` carries [2, 4] from step to step, but was given a carry of [3, 4]",
    ),
    "features": (
        lambda: _nnx_cell(jnp.zeros((2, 4)), wave(2, 5, 2)),
        "was made for inputs of 3 features, but got float32[2,5,2]",
    ),
    "heads": (
        lambda: linen.MultiHeadAttention(3).init(jib.random.key(0), wave(1, 2, 4)),
        "cannot share 4 features among 3 heads",
    ),
    "no cache": (
        lambda: nnx.MultiHeadAttention(2, 4, decode=True, rngs=nnx.Rngs(0))(wave(1, 1, 4)),
        "`MultiHeadAttention` decodes, but has no cache",
    ),
    "full cache": (
        lambda: _linen_cache(3),
        "is full: it holds 2 times, and all were decoded",
    ),
    "value without key": (
        lambda: linen.MultiHeadAttention(2).init(
            jib.random.key(0), wave(1, 2, 4), inputs_v=wave(1, 2, 4)
        ),
        "was given values, but no keys to find them by",
    ),
    "ranks of masks": (
        lambda: linen.combine_masks(jnp.ones(2), jnp.ones((1, 2))),
        "these have the shapes [2], [1, 2]",
    ),
    "shapes": (
        lambda: linen.dot_product_attention(wave(3, 2, 4), wave(3, 2, 4), wave(2, 2, 4)),
        "but got query [3, 2, 4], key [3, 2, 4], value [2, 2, 4]",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes(name):
    mistake, text = MISTAKES[name]
    with pytest.raises(errors.JibError) as caught:
        mistake()
    assert text in str(caught.value)


def test_a_model_without_its_cache():
    layer = linen.MultiHeadAttention(2, decode=True)
    variables = layer.init(jib.random.key(0), wave(1, 2, 4))
    with pytest.raises(errors.ArgumentValueError, match="was given no collection `cache`"):
        layer.apply({"params": variables["params"]}, wave(1, 1, 4))


def test_saved_features_that_do_not_fit():
    rnn = linen.RNN(GRU)
    variables = rnn.init(jib.random.key(0), wave(2, 5, 3))
    with pytest.raises(errors.JibError) as caught:
        rnn.apply(variables, wave(2, 5, 2))
    assert "cell" in str(caught.value)
    assert "(3, 4)" in str(caught.value)
