"""Saves generations of a tree until it is killed: `python crashing_writer.py FOLDER MODE`."""

import sys

import numpy as np

from jib import ckpt


def tree(generation):
    """All leaves of a generation hold its number, so that a mix would be seen."""
    return {f"l{i}": np.full((64, 64), generation) for i in range(100)} | {"n": generation}


def main(folder, mode):
    if mode == "overwrite":
        for generation in range(1, 1_000_000):
            ckpt.save(folder, tree(generation), force=True)
            print(generation, flush=True)
    options = ckpt.CheckpointManagerOptions(max_to_keep=2)
    with ckpt.CheckpointManager(folder, options=options) as manager:
        first = (manager.latest_step() or 0) + 1
        for generation in range(first, 1_000_000):
            manager.save(generation, args=ckpt.args.StandardSave(tree(generation)))
            if generation == 1:
                manager.wait_until_finished()
            print(generation, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
