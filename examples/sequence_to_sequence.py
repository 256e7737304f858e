"""An LSTM reads digits of any number up to six, and another writes them backwards.

While training, the writer sees the right digit before each one; afterwards it sees its own.
Run: python examples/sequence_to_sequence.py
"""

import argparse
from typing import Any

import numpy as np

import jib
import jib.numpy as jnp
from jib import lax, linen as nn, optim
from jib.training import TrainState

PAD, END, START = 10, 11, 12
SYMBOLS, LONGEST = 13, 6


class Reverser(nn.Module):
    """What reads and what writes; both are recurrent, and share a table of symbols."""

    width: int = 64

    def setup(self) -> None:
        self.table = nn.Embed(SYMBOLS, 16)
        self.reader = nn.RNN(nn.LSTMCell(self.width), return_carry=True)
        self.writer = nn.LSTMCell(self.width)
        self.writing = nn.RNN(self.writer)
        self.head = nn.Dense(SYMBOLS)

    def read(self, question: jib.Array, lengths: jib.Array) -> Any:
        """The reader's memory after `lengths` symbols of each row of `question`."""
        return self.reader(self.table(question), seq_lengths=lengths)[0]

    def __call__(self, question: jib.Array, lengths: jib.Array, before: jib.Array) -> jib.Array:
        """Logits of the answer, given the right symbol `before` each one."""
        memory = self.read(question, lengths)
        return self.head(self.writing(self.table(before), initial_carry=memory))

    def step(self, memory: Any, symbol: jib.Array) -> tuple[Any, jib.Array]:
        """The memory and the logits after one more symbol of the answer."""
        memory, y = self.writer(memory, self.table(symbol))
        return memory, self.head(y)


def questions(count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of digits `(count, 6)`, their lengths, and the answers `(count, 7)`."""
    source = np.random.default_rng(seed)
    digits, lengths = (
        source.integers(0, 10, (count, LONGEST)),
        source.integers(1, LONGEST + 1, count),
    )
    question = np.where(np.arange(LONGEST) < lengths[:, None], digits, PAD)
    answer = np.full((count, LONGEST + 1), PAD)
    for row, length in enumerate(lengths):
        answer[row, :length] = question[row, :length][::-1]
        answer[row, length] = END
    return question, lengths, answer


@jib.jit
def train_step(
    state: TrainState, question: jib.Array, lengths: jib.Array, answer: jib.Array
) -> tuple[TrainState, jib.Array]:
    """One step, and the loss over the symbols that are no padding."""
    before = jnp.pad(answer[:, :-1], ((0, 0), (1, 0)), constant_values=START)

    def loss_of(params: Any) -> jib.Array:
        logits = state.apply_fn({"params": params}, question, lengths, before)
        losses = optim.softmax_cross_entropy_with_integer_labels(logits, answer)
        return jnp.mean(losses, where=answer != PAD)

    loss, grads = jib.value_and_grad(loss_of)(state.params)
    return state.apply_gradients(grads=grads), loss


@jib.jit
def answers(state: TrainState, question: jib.Array, lengths: jib.Array) -> jib.Array:
    """The symbols `(count, 7)` that the model writes, each after its own likeliest one."""
    variables = {"params": state.params}

    def step(carry: Any, _: None) -> Any:
        memory, logits = state.apply_fn(variables, *carry, method="step")
        symbol = logits.argmax(-1)
        return (memory, symbol), symbol

    memory = state.apply_fn(variables, question, lengths, method="read")
    first = jnp.full(len(question), START)
    return lax.scan(step, (memory, first), length=LONGEST + 1)[1].T


def main(steps: int = 600, batch: int = 128) -> float:
    """Trains; returns the share of unseen questions that are answered without a mistake."""
    model = Reverser()
    question, lengths, answer = questions(4, seed=0)
    params = model.init(jib.random.key(0), question, lengths, answer)["params"]
    tx = optim.chain(optim.clip_by_global_norm(1.0), optim.adam(5e-3))
    state = TrainState.create(apply_fn=model.apply, params=params, tx=tx)
    for step in range(steps):
        state, loss = train_step(state, *questions(batch, seed=step + 1))
        if step % 200 == 0:
            print(f"step {step}: loss {float(loss):.3f}")
    question, lengths, answer = questions(256, seed=10**6)
    given = np.asarray(answers(state, question, lengths))
    right = ((given == answer) | (answer == PAD)).all(1)
    for row in range(3):
        shown = [s for s in given[row][: lengths[row]]]
        print(*question[row][: lengths[row]], "->", *shown, "" if right[row] else "(wrong)")
    print(f"{right.mean():.3f} of the unseen questions are right")
    return float(right.mean())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--batch", type=int, default=128)
    main(**vars(parser.parse_args()))
