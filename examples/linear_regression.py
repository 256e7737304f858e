"""Linear regression three ways: a closed form, gradient descent, and Newton's method.

Run: python examples/linear_regression.py
"""

import argparse

import jib
import jib.numpy as jnp

Line = dict[str, jib.Array]


def make_data(key: jib.Array, rows: int) -> tuple[jib.Array, jib.Array, jib.Array]:
    """Rows `(rows, 3)` of features, noisy answers `(rows,)`, and the weights `(3,)` behind them."""
    feature_key, noise_key = jib.random.split(key)
    features = jib.random.normal(feature_key, (rows, 3))
    weights = jnp.asarray([1.5, -2.0, 0.5])
    noise = 0.1 * jib.random.normal(noise_key, (rows,))
    return features, features @ weights + 0.25 + noise, weights


def predict(line: Line, features: jib.Array) -> jib.Array:
    """Answers `(rows,)` for features `(rows, 3)`."""
    return features @ line["weights"] + line["offset"]


def error(line: Line, features: jib.Array, answers: jib.Array) -> jib.Array:
    """Mean squared error."""
    return jnp.mean((predict(line, features) - answers) ** 2)


@jib.jit
def descend(line: Line, features: jib.Array, answers: jib.Array) -> Line:
    """One step of gradient descent."""
    slope = jib.grad(error)(line, features, answers)
    return jib.tree.map(lambda value, s: value - 0.2 * s, line, slope)


@jib.jit
def newton(features: jib.Array, answers: jib.Array) -> jib.Array:
    """One Newton step from zero, which is exact because the error is quadratic.

    The parameters are one vector here: three weights, then the offset.
    """

    def flat_error(vector: jib.Array) -> jib.Array:
        return error({"weights": vector[:3], "offset": vector[3]}, features, answers)

    start = jnp.zeros(4)
    return start - jnp.linalg.solve(jib.hessian(flat_error)(start), jib.grad(flat_error)(start))


@jib.jit
def normal_equations(features: jib.Array, answers: jib.Array) -> jib.Array:
    """The textbook's closed form."""
    design = jnp.concatenate([features, jnp.ones((len(features), 1))], axis=1)
    return jnp.linalg.solve(design.T @ design, design.T @ answers)


def main(rows: int = 500, steps: int = 200) -> dict[str, jib.Array]:
    """Fits the same data by each method; returns the four parameters that each one found."""
    features, answers, truth = make_data(jib.random.key(0), rows)
    line = {"weights": jnp.zeros(3), "offset": jnp.zeros(())}
    for _ in range(steps):
        line = descend(line, features, answers)
    found = {
        "closed form": normal_equations(features, answers),
        "gradient descent": jnp.append(line["weights"], line["offset"]),
        "Newton": newton(features, answers),
    }
    print(f"{'truth':17}{[*truth.tolist(), 0.25]}")
    for name, values in found.items():
        print(f"{name:17}{[round(value, 4) for value in values.tolist()]}")
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=500)
    parser.add_argument("--steps", type=int, default=200)
    main(**vars(parser.parse_args()))
