"""The network: two GRU layers over the days of a depot, as a `jib.linen` module."""

import numpy as np

import jib
import jib.numpy as jnp
from jib import linen as nn
from jib.nn import initializers

__all__ = ["EMBEDDING", "Network", "deployed_parameters", "network_parameters"]

EMBEDDING = 4  # numbers that tell one depot from another
DROP_INPUTS, DROP_STATES = 0.2, 0.3  # shares of numbers dropped in training


class Network(nn.Module):
    """Residuals of a crop of days, in quarters of a log unit, from the features of those days.

    Attributes:
        depots: how many depots there are.
        hidden: width of both layers.

    Example:
        >>> network = Network(depots=3, hidden=8)
        >>> inputs = jnp.ones((5, 70, 30))
        >>> variables = network.init(jib.random.key(0), jnp.arange(5) % 3, inputs)
        >>> network.apply(variables, jnp.arange(5) % 3, inputs).shape
        (5, 70)
    """

    depots: int
    hidden: int = 32

    @nn.compact
    def __call__(self, depot: jib.Array, inputs: jib.Array, training: bool = False) -> jib.Array:
        """Residuals `(B, T)` of depots number `depot` `(B,)` from their `inputs` `(B, T, F)`.

        `training` drops numbers at random, by keys of the stream `dropout`. The head starts at
        zero, so that the untrained network forecasts exactly the weekday base.
        """

        def dropped(values: jib.Array, share: float) -> jib.Array:
            return nn.Dropout(share, deterministic=not training)(values)

        embed = nn.Embed(
            self.depots, EMBEDDING, embedding_init=initializers.normal(0.1), name="embedding"
        )
        days = inputs.shape[1]
        constant = jnp.broadcast_to(embed(depot)[:, None], (len(depot), days, EMBEDDING))
        values = jnp.concatenate([dropped(inputs, DROP_INPUTS), constant], axis=2)
        for layer in ("first", "second"):
            cell = nn.GRUCell(self.hidden, name=layer)
            values = dropped(nn.RNN(cell, name=f"{layer}_layer")(values), DROP_STATES)
        return nn.Dense(1, kernel_init=initializers.zeros, name="head")(values)[..., 0]


def deployed_parameters(parameters: dict) -> dict:
    """The arrays of `Network` as `predictor.gru_network` takes them: plain NumPy, gates side by
    side in the order reset, update, candidate.
    """

    def layer(gates: dict) -> dict[str, np.ndarray]:
        def joined(side: str, leaf: str) -> np.ndarray:
            return np.concatenate([np.asarray(gates[side + gate][leaf]) for gate in "rzn"], axis=-1)

        return {
            "input": joined("i", "kernel"),
            "state": joined("h", "kernel"),
            "bias": joined("i", "bias"),
            "candidate_bias": np.asarray(gates["hn"]["bias"]),
        }

    head = parameters["head"]
    return {
        "embedding": np.asarray(parameters["embedding"]["embedding"]),
        "first": layer(parameters["first"]),
        "second": layer(parameters["second"]),
        "head": {"weight": np.asarray(head["kernel"])[:, 0], "bias": np.asarray(head["bias"])[0]},
    }


def network_parameters(deployed: dict) -> dict:
    """The parameters of `Network` from what `deployed_parameters` gave."""

    def layer(joined: dict) -> dict:
        parts = {name: np.split(joined[name], 3, axis=-1) for name in ("input", "state", "bias")}
        gates: dict = {}
        for place, gate in enumerate("rzn"):
            kernel, state, bias = (parts[name][place] for name in ("input", "state", "bias"))
            gates |= {f"i{gate}": {"kernel": kernel, "bias": bias}, f"h{gate}": {"kernel": state}}
        gates["hn"]["bias"] = joined["candidate_bias"]
        return gates

    head = deployed["head"]
    return {
        "embedding": {"embedding": deployed["embedding"]},
        "first": layer(deployed["first"]),
        "second": layer(deployed["second"]),
        "head": {"kernel": head["weight"][:, None], "bias": head["bias"][None]},
    }
