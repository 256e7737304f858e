"""Programs to trace and to run, written once for every framework with JAX's names.

Each function takes the framework's root package `J` and returns `(function, arguments)`, where
`function(parameters, data)` is a scalar. `fresh` gives the same program as if just typed.
"""

import itertools
import pathlib
import types
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["VARIANTS", "WORKLOADS", "chain", "fresh", "gru_scan", "mlp", "transformer", "variant"]

WORKLOADS = ("mlp", "transformer", "gru_scan", "chain")
VARIANTS = ("forward", "grad", "vmap_grad")

_versions = 0


def _arrays(J: Any, shapes: dict[str, tuple[int, ...]], scale: float = 0.1) -> dict[str, Any]:
    generator = np.random.RandomState(0)
    return {
        name: J.numpy.asarray((scale * generator.standard_normal(shape)).astype("float32"))
        for name, shape in shapes.items()
    }


def mlp(J: Any) -> tuple[Callable[..., Any], tuple[Any, Any]]:
    """Five dense layers and a squared error: what most people's first model looks like."""
    jnp = J.numpy
    widths = (32, 64, 64, 64, 64, 8)
    layers = [_arrays(J, {"weight": (a, b), "bias": (b,)}) for a, b in itertools.pairwise(widths)]

    def loss(layers, batch):
        x, y = batch
        for layer in layers[:-1]:
            x = jnp.tanh(x @ layer["weight"] + layer["bias"])
        x = x @ layers[-1]["weight"] + layers[-1]["bias"]
        return jnp.mean((x - y) ** 2)

    data = _arrays(J, {"x": (16, 32), "y": (16, 8)}, 1.0)
    return loss, (layers, (data["x"], data["y"]))


def transformer(
    J: Any, layers: int = 12, width: int = 64, heads: int = 4, length: int = 32, batch: int = 2
) -> tuple[Callable[..., Any], tuple[Any, Any]]:
    """Causal transformer blocks over tokens, and the cross-entropy of the next token."""
    jnp, lax, nn = J.numpy, J.lax, J.nn
    vocabulary, head = 128, width // heads

    def norm(x, scale, bias):
        centred = x - jnp.mean(x, axis=-1, keepdims=True)
        variance = jnp.mean(jnp.square(centred), axis=-1, keepdims=True)
        return centred * lax.rsqrt(variance + 1e-6) * scale + bias

    def attention(x, p):
        query, key, value = jnp.split(x @ p["qkv"], 3, axis=-1)
        query, key, value = (a.reshape(*x.shape[:-1], heads, head) for a in (query, key, value))
        scores = jnp.einsum("bqhd,bkhd->bhqk", query, key) / head**0.5
        causal = jnp.tril(jnp.ones((length, length), dtype=bool))
        weights = nn.softmax(jnp.where(causal, scores, -1e9), axis=-1)
        mixed = jnp.einsum("bhqk,bkhd->bqhd", weights, value)
        return mixed.reshape(x.shape) @ p["out"]

    def block(x, p):
        x = x + attention(norm(x, p["scale1"], p["bias1"]), p)
        return x + nn.relu(norm(x, p["scale2"], p["bias2"]) @ p["up"]) @ p["down"]

    def loss(parameters, batch):
        tokens, targets = batch
        x = parameters["embed"][tokens] + parameters["position"][:length]
        for p in parameters["blocks"]:
            x = block(x, p)
        logits = nn.log_softmax(x @ parameters["embed"].T, axis=-1)
        return -jnp.mean(jnp.take_along_axis(logits, targets[..., None], axis=-1))

    shapes = {"qkv": (width, 3 * width), "out": (width, width), "up": (width, 4 * width)}
    shapes |= {"down": (4 * width, width)}
    shapes |= {name: (width,) for name in ("scale1", "bias1", "scale2", "bias2")}
    parameters = _arrays(J, {"embed": (vocabulary, width), "position": (length, width)})
    parameters["blocks"] = [_arrays(J, shapes) for _ in range(layers)]
    tokens = np.random.RandomState(1).randint(0, vocabulary, (2, batch, length)).astype("int32")
    return loss, (parameters, (jnp.asarray(tokens[0]), jnp.asarray(tokens[1])))


def gru_scan(
    J: Any, hidden: int = 32, features: int = 8, batch: int = 4, length: int = 40, layers: int = 1
) -> tuple[Callable[..., Any], tuple[Any, Any]]:
    """Gated recurrent units over time by `lax.scan`, and the error of one number a day."""
    jnp, lax, nn = J.numpy, J.lax, J.nn

    def layer(p, xs):
        # One product for each gate and step, as recurrent layers are usually written: to cut up
        # one product of all three is slower, most of all on the way back.
        from_x, from_state = jnp.split(p["input"], 3, axis=1), jnp.split(p["recurrent"], 3, axis=1)
        bias = jnp.split(p["bias"], 3)

        def step(state, x):
            gates = [x @ w + b for w, b in zip(from_x, bias, strict=True)]
            reset = nn.sigmoid(gates[0] + state @ from_state[0])
            update = nn.sigmoid(gates[1] + state @ from_state[1])
            new = gates[2] + reset * (state @ from_state[2] + p["new_bias"])
            state = (1.0 - update) * jnp.tanh(new) + update * state
            return state, state

        return lax.scan(step, jnp.zeros((xs.shape[1], hidden)), xs)[1]

    def loss(parameters, batch):
        xs, ys = batch
        for p in parameters["layers"]:
            xs = layer(p, xs)
        return jnp.mean(jnp.square(xs @ parameters["head"] - ys))

    shapes = [features, *[hidden] * (layers - 1)]
    parameters = _arrays(J, {"head": (hidden, 1)})
    parameters["layers"] = [
        _arrays(
            J,
            {
                "input": (size, 3 * hidden),
                "bias": (3 * hidden,),
                "recurrent": (hidden, 3 * hidden),
                "new_bias": (hidden,),
            },
        )
        for size in shapes
    ]
    data = _arrays(J, {"x": (length, batch, features), "y": (length, batch, 1)}, 1.0)
    return loss, (parameters, (data["x"], data["y"]))


def chain(J: Any, operations: int = 2000) -> tuple[Callable[..., Any], tuple[Any, Any]]:
    """A straight line of elementwise operations: the cost of tracing one more."""
    jnp = J.numpy

    def loss(y, x):
        for _ in range(operations // 4):
            x = jnp.sin(x)
            x = x * y
            x = x + 0.5
            x = jnp.tanh(x)
        return jnp.sum(x)

    data = _arrays(J, {"x": (8,), "y": (8,)}, 1.0)
    return loss, (data["y"], data["x"])


def variant(
    J: Any, function: Callable[..., Any], arguments: tuple[Any, Any], kind: str
) -> tuple[Callable[..., Any], tuple[Any, Any]]:
    """The function itself, its gradient, or its gradient for each of two batches."""
    if kind == "forward":
        return function, arguments
    if kind == "grad":
        return J.grad(function), arguments
    parameters, data = arguments
    twice = J.tree.map(lambda leaf: J.numpy.stack([leaf, leaf]), data)
    return J.vmap(J.grad(function), in_axes=(None, 0)), (parameters, twice)


def fresh() -> types.ModuleType:
    """This module executed again with every line number moved, so no code object equals another.

    A framework may remember a function by identity or by what its code says; both kinds of
    memory see a new program here, inner functions included.
    """
    global _versions
    _versions += 1
    path = pathlib.Path(__file__)
    code = compile("\n" * _versions + path.read_text(encoding="utf-8"), str(path), "exec")
    module = types.ModuleType(f"{__name__}_{_versions}")
    module.__file__ = str(path)
    exec(code, module.__dict__)
    return module
