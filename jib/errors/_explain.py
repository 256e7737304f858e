"""The long form of an error code, offline."""

from __future__ import annotations

from typing import Any

from jib._deferred import DeferredModule

__all__ = ["explain", "titles"]

_resources: Any = DeferredModule("importlib.resources")


def _texts() -> dict[str, Any]:
    # The files, not the classes: those of jib.ckpt, say, exist only once jib.ckpt is imported.
    folder = _resources.files("jib.errors").joinpath("texts")
    return {path.name.removesuffix(".md"): path for path in folder.iterdir()}


def titles() -> dict[str, str]:
    """What each code is about, in the order of the codes.

    >>> titles()["J110"]
    'an array is changed in place'
    """
    heads = {code: path.read_text("utf-8").partition("\n")[0] for code, path in _texts().items()}
    return {code: heads[code].partition(": ")[2] for code in sorted(heads)}


def explain(code: str) -> str:
    """The long text for `code` (`"J101"`, in any case).

    Raises:
      KeyError: for a code that does not exist; the message lists the codes.

    >>> print(explain("j110").splitlines()[0])
    # J110: an array is changed in place
    """
    code, texts = code.upper(), _texts()
    if code not in texts:
        raise KeyError(f"no error has the code {code}; there are {', '.join(sorted(texts))}")
    return texts[code].read_text("utf-8")
