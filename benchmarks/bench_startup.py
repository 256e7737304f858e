"""How long until the first result: imports, and a new process with a cold and a warm cache."""

from benchmarks.measure import ProcessCase

__all__ = ["CASES"]

_FIRST_CALL = """
import {root} as J
import {root}.numpy as jnp
f = J.jit(lambda x: jnp.tanh(x) @ x + 1.0)
J.block_until_ready(f(jnp.ones((8, 8))))
"""

_TRAINING_STEP = """
import {root} as J
import {root}.numpy as jnp

def loss(parameters, x):
    for weight, bias in parameters:
        x = jnp.tanh(x @ weight + bias)
    return jnp.mean(x ** 2)

@J.jit
def step(parameters, x):
    gradient = J.grad(loss)(parameters, x)
    return J.tree.map(lambda p, g: p - 0.1 * g, parameters, gradient)

parameters = [(jnp.ones((32, 32)), jnp.zeros((32,))) for _ in range(3)]
J.block_until_ready(step(parameters, jnp.ones((16, 32))))
"""

_NUMPY_FIRST = "import numpy as np; x = np.ones((8, 8), 'float32'); np.tanh(x) @ x + 1.0"
_TORCH_FIRST = "import torch; x = torch.ones((8, 8)); torch.tanh(x) @ x + 1.0"
_TORCH_STEP = """
import torch
layers = [[torch.ones((32, 32)), torch.zeros((32,))] for _ in range(3)]
x = torch.ones((16, 32))
for layer in layers:
    for p in layer:
        p.requires_grad_()
    x = torch.tanh(x @ layer[0] + layer[1])
(x ** 2).mean().backward()
with torch.no_grad():
    for layer in layers:
        for p in layer:
            p -= 0.1 * p.grad
"""


def _both(source: str) -> dict[str, str]:
    return {name: source.format(root=name) for name in ("jib", "jax")}


CASES = [
    ProcessCase("bare interpreter", dict.fromkeys(("jib", "jax"), "pass")),
    ProcessCase("import numpy", dict.fromkeys(("jib", "jax"), "import numpy")),
    ProcessCase(
        "import", _both("import {root}.numpy") | {"numpy": "import numpy", "torch": "import torch"}
    ),
    ProcessCase(
        "first eager result",
        _both("import {root}.numpy as jnp; print(jnp.ones((8, 8)) + 1.0)")
        | {"numpy": _NUMPY_FIRST, "torch": _TORCH_FIRST},
    ),
    ProcessCase("first compiled result, cold", _both(_FIRST_CALL), cache="cold"),
    ProcessCase("first compiled result, warm", _both(_FIRST_CALL), cache="warm"),
    ProcessCase("first training step, cold", _both(_TRAINING_STEP), cache="cold"),
    ProcessCase(
        "first training step, warm", _both(_TRAINING_STEP) | {"torch": _TORCH_STEP}, cache="warm"
    ),
]
