"""All layers of linen and nnx that compute the same, over one list of cases.

`tests/golden/layers/family1.npz` holds what the field's reference (flax 0.12.8) gives for the
cases of `tests/harness/layer_cases.py`: first parameters from key 0, outputs, gradients, updated
averages and dtypes.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import jib
import jib.numpy as jnp
from jib import linen, nnx
from jib.traverse_util import flatten_dict
from tests.harness.layer_cases import CASES, Case, example, shifted

GOLDEN = np.load(Path(__file__).parents[1] / "golden" / "layers" / "family1.npz")

cases = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
twins = pytest.mark.parametrize("case", [c for c in CASES if c.nnx], ids=lambda case: case.name)


def golden(prefix: str) -> dict[str, np.ndarray]:
    """The reference's arrays whose names start with a prefix."""
    return {k[len(prefix) + 1 :]: GOLDEN[k] for k in GOLDEN.files if k.startswith(f"{prefix}/")}


def flat(tree: Any) -> dict[str, np.ndarray]:
    return {k: np.asarray(v) for k, v in flatten_dict(tree, sep="/").items()}


def close(actual: Any, expected: Any) -> None:
    expected = np.asarray(expected)
    scale = max(1.0, float(np.abs(expected).max(initial=0)))
    np.testing.assert_allclose(np.asarray(actual), expected, rtol=1e-6, atol=2e-6 * scale)


def loss(y: Any) -> Any:
    y = y.astype(jnp.float32)
    return (y * example(y.shape) + 0.5 * y * y).sum()


def made(case: Case, **options: Any) -> Any:
    return getattr(linen, case.linen)(**case.options, **options)


@functools.cache
def first(case: Case) -> dict[str, Any]:
    return made(case).init(jib.random.key(0), example(case.shape))


@functools.cache
def variables(case: Case) -> dict[str, Any]:
    return jib.tree.map(lambda x: jnp.asarray(shifted(np.asarray(x))), first(case))


@functools.cache
def results(case: Case) -> dict[str, Any]:
    """Everything about a layer, out of one program that is called twice."""
    layer, state, traced = made(case), variables(case), []

    def call(params: Any, x: Any) -> Any:
        given = {**state, "params": params} if "params" in state else state
        return layer.apply(given, x, mutable=["batch_stats"])

    def scored(params: Any, x: Any) -> Any:
        y, updated = call(params, x)
        return loss(y), (y, updated)

    @jib.jit
    def program(params: Any, x: Any) -> Any:
        traced.append(x)
        gradients = jib.value_and_grad(scored, argnums=(0, 1), has_aux=True)
        (_, (y, updated)), slopes = gradients(params, x)
        pair = jnp.stack([x, 0.5 * x])
        mapped = jib.vmap(lambda x: call(params, x)[0])(pair)
        looped = [call(params, one)[0] for one in pair]
        return {"y": y, "updated": updated, "slopes": slopes, "mapped": mapped, "looped": looped}

    params, x = state.get("params", {}), jnp.asarray(example(case.shape))
    program(params, x)
    out = program(params, x)
    return {**out, "traced": len(traced), "eager": call(params, x)[0]}


@cases
def test_first_parameters(case: Case) -> None:
    found = flat(first(case))
    assert repr({k: found[k].shape for k in sorted(found)}) == str(GOLDEN[f"{case.name}/shapes"])
    for name, value in golden(f"{case.name}/init").items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)


@cases
def test_outputs_gradients_and_averages(case: Case) -> None:
    out = results(case)
    close(out["y"], GOLDEN[f"{case.name}/y"])
    close(out["slopes"][1], GOLDEN[f"{case.name}/grad_x"])
    for name, value in golden(f"{case.name}/grad").items():
        close(flat(out["slopes"][0])[name], value)
    updated = golden(f"{case.name}/updated")
    assert set(flat(out["updated"])) == set(updated)
    for name, value in updated.items():
        close(flat(out["updated"])[name], value)


@cases
def test_compositions(case: Case) -> None:
    out = results(case)
    assert out["traced"] == 1
    close(out["eager"], out["y"])
    close(out["mapped"], jnp.stack(out["looped"]))


@cases
def test_dtypes(case: Case) -> None:
    found = []
    x = example(case.shape) * 4
    for of_input in ("bfloat16", "float32", "int32"):
        for of_params in ("bfloat16", "float32"):
            for of_layer in (None, "bfloat16"):
                given = {} if case.linen == "PReLU" else {"dtype": of_layer}
                layer = made(case, param_dtype=of_params, **given)
                run = functools.partial(layer.init_with_output, jib.random.key(0))
                found.append(jib.eval_shape(run, jnp.asarray(x).astype(of_input))[0].dtype.name)
    assert " ".join(found) == str(GOLDEN[f"{case.name}/dtypes"])


@cases
def test_64_bits_stay(case: Case) -> None:
    x = jnp.asarray(example(case.shape), jnp.float64)
    run = functools.partial(made(case).apply, variables(case), mutable=True)
    assert jib.eval_shape(run, x)[0].dtype == "float64"
    init = functools.partial(made(case, param_dtype="float64").init_with_output, jib.random.key(0))
    y, wide = jib.eval_shape(init, x)
    assert y.dtype == "float64"
    assert {p.dtype.name for p in jib.tree.leaves(wide.get("params", {}))} <= {"float64"}


@twins
def test_nnx_gives_the_same_numbers(case: Case) -> None:
    options = case.nnx_options if case.nnx == "PReLU" else {
        **case.nnx_options, "rngs": nnx.Rngs(0)}  # fmt: skip
    layer = getattr(nnx, case.nnx)(**options)
    for name, value in golden(f"{case.name}/nnx_init").items():
        np.testing.assert_array_equal(getattr(layer, name)[...], value, err_msg=name)
    state = variables(case)
    for name, value in {**state.get("params", {}), **state.get("batch_stats", {})}.items():
        getattr(layer, name)[...] = value
    close(layer(jnp.asarray(example(case.shape))), GOLDEN[f"{case.name}/y"])
    for name, value in golden(f"{case.name}/updated/batch_stats").items():
        close(getattr(layer, name)[...], value)


def test_embed() -> None:
    tokens, query = np.array([[0, 4, 2], [1, 1, 3]]), example((2, 3))
    layer = linen.Embed(5, 3)
    state = layer.init(jib.random.key(1), tokens)
    np.testing.assert_array_equal(
        state["params"]["embedding"], GOLDEN["embed/init/params/embedding"]
    )
    np.testing.assert_array_equal(layer.apply(state, tokens), GOLDEN["embed/y"])
    close(layer.apply(state, query, method="attend"), GOLDEN["embed/attend"])
    other = nnx.Embed(5, 3, rngs=nnx.Rngs(1))
    np.testing.assert_array_equal(other.embedding[...], GOLDEN["embed/nnx_init"])
    other.embedding[...] = state["params"]["embedding"]
    np.testing.assert_array_equal(other(tokens), GOLDEN["embed/y"])
    close(other.attend(query), GOLDEN["embed/attend"])


def test_embed_of_one_row_and_of_none_known() -> None:
    row = linen.Embed(1, 2)
    state = row.init(jib.random.key(0), jnp.array([0]))
    assert row.apply(state, jnp.zeros((3, 2), int)).shape == (3, 2, 2)
    many = linen.Embed(3, 2)
    state = many.init(jib.random.key(0), jnp.array([0]))
    out = jib.jit(many.apply)(state, jnp.array([1, 5]))
    assert np.isnan(np.asarray(out)).tolist() == [[False, False], [True, True]]


def test_dropout() -> None:
    x = example((4, 6))

    def drop(**options: Any) -> Any:
        layer = linen.Dropout(0.4, deterministic=False, **options)
        return layer.apply({}, x, rngs={"dropout": jib.random.key(3)})

    close(drop(), GOLDEN["dropout/y"])
    close(drop(broadcast_dims=(1,)), GOLDEN["dropout/rows"])
    layer = nnx.Dropout(0.4, rngs=nnx.Rngs(0))
    close(jnp.stack([layer(x), layer(x)]), GOLDEN["dropout/nnx"])
    layer.set_view(deterministic=True)
    assert layer(x) is x
    none = linen.Dropout(1.0, deterministic=False).apply({}, jnp.ones(3))
    assert none.tolist() == [0.0, 0.0, 0.0]


def test_dropout_draws_once() -> None:
    program = jib.make_jaxpr(
        lambda key, x: linen.Dropout(0.4, deterministic=False).apply({}, x, rngs={"dropout": key})
    )(jib.random.key(0), jnp.ones((8, 8)))
    # One for the key of the layer, and one for all bits.
    assert str(program).count("threefry2x32") == 2


@pytest.mark.parametrize("padding", ["VALID", "SAME", ((1, 0), (0, 1))])
def test_pooling(padding: Any) -> None:
    x, name = jnp.asarray(example((2, 5, 6, 3))), padding if isinstance(padding, str) else "pairs"
    close(linen.avg_pool(x, (2, 3), (2, 1), padding), GOLDEN[f"pool/avg_{name}"])
    close(linen.max_pool(x, (2, 3), (1, 2), padding), GOLDEN[f"pool/max_{name}"])
    close(nnx.min_pool(x, (2, 3), None, padding), GOLDEN[f"pool/min_{name}"])
    bare = linen.avg_pool(x, (2, 3), (2, 1), padding, count_include_pad=False)
    close(bare, GOLDEN[f"pool/bare_{name}"])


def test_pooling_of_one_image_of_integers_and_its_gradient() -> None:
    x = jnp.asarray(example((2, 5, 6, 3)))
    gradient = jib.grad(lambda x: loss(linen.max_pool(x, (2, 2), (2, 2))))(x)
    close(gradient, GOLDEN["pool/grad_max"])
    numbers = jnp.arange(12).reshape(3, 4, 1)
    assert linen.max_pool(numbers, (2, 2)).ravel().tolist() == [5, 6, 7, 9, 10, 11]
    assert linen.min_pool(numbers, (2, 2)).ravel().tolist() == [0, 1, 2, 4, 5, 6]


def test_lora() -> None:
    layer = nnx.LoRA(3, 2, 4, rngs=nnx.Rngs(0))
    np.testing.assert_array_equal(layer.lora_a[...], GOLDEN["lora/a"])
    np.testing.assert_array_equal(layer.lora_b[...], GOLDEN["lora/b"])
    linear = nnx.LoRALinear(3, 4, lora_rank=2, rngs=nnx.Rngs(0))
    np.testing.assert_array_equal(linear.kernel[...], GOLDEN["lora/linear"])
    np.testing.assert_array_equal(linear.lora.lora_a[...], GOLDEN["lora/linear_a"])
    x = example((2, 3))
    plain = linear(x)
    linear.lora.lora_b[...] = jnp.ones((2, 4))
    close(linear(x) - plain, (x @ np.asarray(linear.lora.lora_a[...])).sum(1, keepdims=True)
          * np.ones(4, np.float32))  # fmt: skip
    wrapped = nnx.LoRA(3, 2, 4, base_module=linear, rngs=nnx.Rngs(1))
    close(wrapped(x), linear(x))


class Weights(linen.Module):
    """Wrapped layers among others."""

    @linen.compact
    def __call__(self, x: Any, train: bool) -> Any:
        x = linen.Dense(3)(x)
        x = linen.SpectralNorm(linen.Dense(4))(x, update_stats=train)
        x = linen.WeightNorm(linen.Dense(5))(x)
        return linen.WeightNorm(linen.Conv(2, (2,)), feature_axes=None, variable_filter=None)(x)


def test_normalised_weights() -> None:
    model, x = Weights(), example((2, 3))
    state = model.init(jib.random.key(2), x, train=False)
    expected = golden("weights/init")
    assert set(flat(state)) == set(expected)
    for name, value in flat(state).items():
        np.testing.assert_array_equal(value, expected[name], err_msg=name)
    y, updated = model.apply(state, x, train=True, mutable=["batch_stats"])
    close(y, GOLDEN["weights/y"])
    for name, value in golden("weights/updated").items():
        close(flat(updated)[name], value)
    close(model.apply({**state, **updated}, x, train=False), GOLDEN["weights/z"])


def test_normalised_weights_of_nnx() -> None:
    x, rngs = example((2, 3)), nnx.Rngs(2)
    layer = nnx.SpectralNorm(nnx.Linear(3, 4, rngs=rngs), rngs=rngs)
    expected = golden("nnx_spectral")
    inner = layer.layer_instance
    np.testing.assert_array_equal(inner.kernel[...], expected["kernel"])
    np.testing.assert_array_equal(layer.batch_stats["kernel", "u"][...], expected["u"])
    close(jnp.stack([layer(x), layer(x)]), expected["y"])
    close(inner.kernel[...], expected["after"])
    close(layer.batch_stats["kernel", "sigma"][...], expected["sigma"])
    rngs, expected = nnx.Rngs(2), golden("nnx_weight")
    layer = nnx.WeightNorm(nnx.Linear(3, 4, rngs=rngs), rngs=rngs)
    close(jnp.stack([layer(x), layer(x)]), expected["y"])
    close(layer.layer_instance.kernel[...], expected["after"])


def test_sequences_of_layers_and_merged_axes() -> None:
    model = linen.Sequential([linen.Dense(4), lambda x: (x, x), lambda a, b: {"x": a + b}, _double])
    y, state = model.init_with_output(jib.random.key(0), example((2, 3)))
    dense = linen.Dense(4).apply({"params": state["params"]["layers_0"]}, example((2, 3)))
    close(y, 4 * dense)
    merged = linen.BatchApply(lambda x, y: x + y)(jnp.ones((2, 3, 4)), jnp.arange(4.0))
    assert merged.shape == (2, 3, 4)


def _double(x: Any) -> Any:
    return 2 * x
