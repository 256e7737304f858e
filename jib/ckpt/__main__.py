"""`python -m jib.ckpt PATH`: list what a checkpoint or a run holds, and check every byte."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from jib.ckpt import _storage
from jib.ckpt._front import describe, verify
from jib.errors import JibError


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m jib.ckpt", description=(__doc__ or "").strip())
    parser.add_argument("path", help="a checkpoint, or a folder of them")
    parser.add_argument("--quick", action="store_true", help="list only; do not read the arrays")
    given = parser.parse_args(arguments)
    folder = _storage.place(given.path)
    if folder.has(_storage.MANIFEST) or not folder.folders():
        return _one(folder, given.quick, listed=True)
    names = [name for name in folder.folders() if not name.startswith(".")]
    names.sort(key=lambda name: (len(name), name))
    return max([_one(folder / name, given.quick, listed=False) for name in names], default=1)


def _one(folder: object, quick: bool, listed: bool) -> int:
    try:
        if listed:
            describe(folder)
        if not quick:
            verify(folder)
    except JibError as error:
        print(f"{folder}: {error.code}: {error.message}", *error.notes, sep="\n  ", file=sys.stderr)
        return 1
    print(f"{folder}: {'not read' if quick else 'whole'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
