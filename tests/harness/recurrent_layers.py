"""Recurrent and attention layers on small inputs: one program for this library and the field's.

`tests/golden/layers/family2.npz` holds what `results` gives with flax 0.12.8 and jax 0.10.2.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["LINEN_CELLS", "NNX_CELLS", "results", "wave"]

LINEN_CELLS = {
    "SimpleCell residual": {"residual": True},
    "LSTMCell": {},
    "GRUCell": {},
    "MGUCell": {},
}
NNX_CELLS = ("SimpleCell", "LSTMCell", "GRUCell")
_LINEN_ATTENTION = {
    "narrow": {"qkv_features": 2, "out_features": 3, "use_bias": False},
    "normal": {"normalize_qk": True, "qkv_features": 8},
}
_NNX_ATTENTION = {
    "grouped": {"num_kv_heads": 1, "out_features": 3},
    "normal": {"normalize_qk": True, "qkv_features": 8},
}


# What a quick run does without: the same code runs for others of its kind.
_LEFT_OUT = {
    "linen SimpleCell residual", "linen LSTMCell", "linen Bidirectional", "linen normal",
    "nnx SimpleCell", "nnx GRUCell", "nnx grouped",
}  # fmt: skip


def _kept(table: dict[str, Any], system: str, left: Any) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in table.items() if f"{system} {name}" not in left]


def wave(*shape: int) -> np.ndarray:
    """Numbers between -1 and 1, the same everywhere."""
    return np.sin(np.arange(1.0, 1.0 + np.prod(shape))).reshape(shape).astype("float32")


def results(jax: Any, jnp: Any, linen: Any, nnx: Any, quick: bool = False) -> dict[str, np.ndarray]:
    """Parameters, outputs and gradients of every layer, by name; `quick`: of one of each kind."""
    left = _LEFT_OUT if quick else ()
    found: dict[str, np.ndarray] = {}

    def record(name: str, tree: Any) -> None:
        for path, leaf in jax.tree_util.tree_flatten_with_path(tree)[0]:
            parts = [str(getattr(k, "key", getattr(k, "idx", getattr(k, "name", k)))) for k in path]
            parts = parts[:-1] if parts[-1:] == ["value"] else parts
            found["/".join([name, *parts])] = np.asarray(leaf)

    def record_all(name: str, f: Any, *args: Any) -> None:
        for kind, tree in jax.jit(f)(*args).items():
            record(f"{name} {kind}", tree)

    def loss(tree: Any) -> Any:
        return sum(jnp.sum(jnp.sin(leaf + 1)) for leaf in jax.tree_util.tree_leaves(tree))

    _linen_recurrent(jax, linen, record, record_all, loss, left)
    _linen_attention(jax, jnp, linen, record, record_all, loss, left)
    if nnx is not None:
        _nnx(jax, jnp, nnx, record, record_all, loss, left)
    return found


def _linen_recurrent(
    jax: Any, linen: Any, record: Any, record_all: Any, loss: Any, left: Any
) -> None:
    x, lengths = wave(2, 5, 3), np.array([3, 5])
    for name, options in _kept(LINEN_CELLS, "linen", left):
        rnn = linen.RNN(getattr(linen, name.split()[0])(4, **options), return_carry=True)
        variables = jax.jit(rnn.init)(jax.random.key(2), x)
        record(f"linen {name}", variables)

        def run(variables: Any, x: Any, rnn: Any = rnn) -> Any:
            return rnn.apply(variables, x, seq_lengths=lengths, reverse=True, keep_order=True)

        gradient = jax.grad(lambda v, x, run=run: loss(run(v, x)), (0, 1))
        record_all(
            f"linen {name}",
            lambda v, x, rnn=rnn, run=run, gradient=gradient: {
                "out": rnn.apply(v, x),
                "back": run(v, x),
                "grad": gradient(v, x),
            },
            variables,
            x,
        )
    images = wave(1, 3, 4, 4, 2)
    layers = {
        "ConvLSTMCell": (linen.RNN(linen.ConvLSTMCell(2, kernel_size=(2, 2))), images),
        "Bidirectional": (
            linen.Bidirectional(linen.RNN(linen.GRUCell(4)), linen.RNN(linen.LSTMCell(3))),
            x,
        ),
    }
    for name, (layer, given) in _kept(layers, "linen", left):
        variables = jax.jit(layer.init)(jax.random.key(2), given)
        record(f"linen {name}", variables)
        record_all(f"linen {name}", lambda v, x, m=layer: {"out": m.apply(v, x)}, variables, given)


def _linen_attention(
    jax: Any, jnp: Any, linen: Any, record: Any, record_all: Any, loss: Any, left: Any
) -> None:
    x, keys = wave(2, 3, 4), wave(2, 5, 4)[::-1]
    for name, options in _kept(_LINEN_ATTENTION, "linen", left):
        layer = linen.MultiHeadDotProductAttention(num_heads=2, **options)
        variables = jax.jit(layer.init)(jax.random.key(1), x, keys)
        record(f"linen attention {name}", variables)
        mask = linen.make_attention_mask(jnp.array([[1, 1, 0]] * 2), jnp.array([[0, 1, 1, 1, 0]]))
        gradient = jax.grad(lambda v, x, layer=layer: loss(layer.apply(v, x, keys)), (0, 1))
        record_all(
            f"linen attention {name}",
            lambda v, x, layer=layer, mask=mask, gradient=gradient: {
                "out": layer.apply(v, x, keys, mask=mask),
                "grad": gradient(v, x),
            },
            variables,
            x,
        )
    for broadcast in (True, False):
        layer = linen.MultiHeadAttention(
            num_heads=2, dropout_rate=0.4, deterministic=False, broadcast_dropout=broadcast
        )
        variables = layer.init({"params": jax.random.key(1), "dropout": jax.random.key(2)}, x)
        out = layer.apply(variables, x, rngs={"dropout": jax.random.key(3)})
        record(f"linen attention dropout {broadcast}", out)
    layer = linen.SelfAttention(num_heads=2, decode=True)
    variables = layer.init(jax.random.key(1), x)
    for t in range(3):
        y, cache = layer.apply(variables, x[:, t : t + 1], mutable=["cache"])
        variables = {**variables, **cache}
        record(f"linen attention decode {t}", y)


def _nnx(jax: Any, jnp: Any, nnx: Any, record: Any, record_all: Any, loss: Any, left: Any) -> None:
    def check(name: str, module: Any, call: Any, x: Any) -> None:
        graph, params, rest = nnx.split(module, nnx.Param, ...)
        record(f"nnx {name}", params)

        def run(params: Any, x: Any) -> Any:
            return call(nnx.merge(graph, params, rest), x)

        gradient = jax.grad(lambda p, x: loss(run(p, x)), (0, 1))
        record_all(
            f"nnx {name}", lambda p, x: {"out": run(p, x), "grad": gradient(p, x)}, params, x
        )

    x, lengths = wave(2, 5, 3), np.array([3, 5])
    for name, _ in _kept(dict.fromkeys(NNX_CELLS), "nnx", left):
        rnn = nnx.RNN(getattr(nnx, name)(3, 4, rngs=nnx.Rngs(0)), return_carry=True, rngs=False)
        zero = jnp.zeros((2, 4))
        carry = (zero, zero + 0) if "LSTM" in name else zero
        check(
            name, rnn,
            lambda m, x, c=carry: m(x, initial_carry=c, seq_lengths=lengths, reverse=True),
            x,
        )  # fmt: skip
    x = wave(2, 3, 4)
    for name, options in _kept(_NNX_ATTENTION, "nnx", left):
        layer = nnx.MultiHeadAttention(2, 4, decode=False, rngs=nnx.Rngs(0), **options)
        mask = nnx.make_causal_mask(jnp.ones((2, 3)))
        check(f"attention {name}", layer, lambda m, x, mask=mask: m(x, mask=mask), x)
    layer = nnx.MultiHeadAttention(2, 4, decode=True, rngs=nnx.Rngs(0))
    layer.init_cache((2, 3, 4))
    for t in range(3):
        record(f"nnx attention decode {t}", layer(x[:, t : t + 1]))
    layer = nnx.MultiHeadAttention(
        2, 4, decode=False, dropout_rate=0.4, deterministic=False, rngs=nnx.Rngs(0)
    )
    record("nnx attention dropout", layer(x))
