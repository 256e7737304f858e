"""The network: a two-layer GRU over days in one `lax.scan`, in plain functions of one depot."""

import numpy as np

import jib
import jib.numpy as jnp

__all__ = ["EMBEDDING", "Dropout", "apply_network", "dropout_masks", "initial_parameters"]

EMBEDDING = 4  # numbers that tell one depot from another

Dropout = dict[str, jib.Array]


def initial_parameters(key: jib.Array, depots: int, inputs: int, hidden: int) -> dict:
    """Random parameters as a nested dict of float32 arrays.

    The head starts at zero, so that the untrained network forecasts exactly the weekday base.
    """
    embedding_key, first_key, second_key = jib.random.split(key, 3)
    return {
        "embedding": 0.1 * jib.random.normal(embedding_key, (depots, EMBEDDING)),
        "first": _layer_parameters(first_key, inputs + EMBEDDING, hidden),
        "second": _layer_parameters(second_key, hidden, hidden),
        "head": {"weight": jnp.zeros((hidden,)), "bias": jnp.zeros(())},
    }


def _layer_parameters(key: jib.Array, inputs: int, hidden: int) -> dict:
    input_key, state_key = jib.random.split(key)
    return {
        "input": jib.random.normal(input_key, (inputs, 3 * hidden)) / inputs**0.5,
        "state": jib.random.normal(state_key, (hidden, 3 * hidden)) / hidden**0.5,
        "bias": jnp.zeros((3 * hidden,)),
    }


def dropout_masks(key: jib.Array, days: int, inputs: int, hidden: int) -> Dropout:
    """Masks for one depot's run: 0 where a value is dropped, else 1 / (share kept)."""
    input_key, first_key, second_key = jib.random.split(key, 3)

    def mask(key: jib.Array, dropped: float, width: int) -> jib.Array:
        kept = jib.random.bernoulli(key, 1 - dropped, (days, width))
        return kept.astype(jnp.float32) / (1 - dropped)

    return {
        "inputs": mask(input_key, 0.2, inputs),
        "first": mask(first_key, 0.3, hidden),
        "second": mask(second_key, 0.3, hidden),
    }


def apply_network(
    parameters: dict, depot: jib.Array, inputs: jib.Array | np.ndarray, masks: Dropout | None = None
) -> jib.Array:
    """Residuals `(T,)` of depot number `depot` from its `inputs` `(T, F)`.

    `masks` from `dropout_masks` are given in training only. Use `vmap` for several depots.
    """
    first, second = parameters["first"], parameters["second"]
    if masks is not None:
        inputs = inputs * masks["inputs"]
    constant = parameters["embedding"][depot] @ first["input"][-EMBEDDING:] + first["bias"]
    lower_gates = _gates(first["input"][:-EMBEDDING], constant, first["state"])
    upper_gates = _gates(second["input"], second["bias"], second["state"])
    kept = jnp.ones(()) if masks is None else masks["first"]
    kept = jnp.broadcast_to(kept, (inputs.shape[0], first["state"].shape[0]))

    def one_day(states, today):
        lower, upper = states
        inputs_today, kept_today = today
        lower = _gru_cell(lower_gates, inputs_today, lower)
        upper = _gru_cell(upper_gates, lower * kept_today, upper)
        return (lower, upper), upper

    start = jnp.zeros((first["state"].shape[0],))
    _, outputs = jib.lax.scan(one_day, (start, start), (inputs, kept))
    if masks is not None:
        outputs = outputs * masks["second"]
    return outputs @ parameters["head"]["weight"] + parameters["head"]["bias"]


def _gates(from_input: jib.Array, bias: jib.Array, from_state: jib.Array) -> list[tuple]:
    """The weights of the reset, update and candidate gate, apart.

    One product for each is quicker, on the way back above all, than to cut up one of all three.
    """
    parts = [jnp.split(weight, 3, axis=-1) for weight in (from_input, bias, from_state)]
    return list(zip(*parts, strict=True))


def _gru_cell(gates: list[tuple], inputs: jib.Array, state: jib.Array) -> jib.Array:
    """One step of Cho et al. 2014 (arXiv:1406.1078), with the reset gate after the product."""
    given = [inputs @ from_input + bias for from_input, bias, _ in gates]
    recalled = [state @ from_state for _, _, from_state in gates]
    reset = jib.nn.sigmoid(given[0] + recalled[0])
    update = jib.nn.sigmoid(given[1] + recalled[1])
    candidate = jnp.tanh(given[2] + reset * recalled[2])
    return update * state + (1 - update) * candidate
