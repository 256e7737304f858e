"""Writes docs/guide/sharp-bits.md from the tests of messages: `python tools/sharp_bits.py`."""

import pathlib
import re

__all__ = ["PAGE", "main", "page"]

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "guide" / "sharp-bits.md"

_INTRODUCTION = """\
<!-- written by tools/sharp_bits.py from tests/diagnostics, whose tests run every program here -->
# Sharp bits

What goes wrong most often, and what jib says when it does: {count} programs with the message that
each one gets. The programs are tests: each message is compared letter by letter, and where a cure
is marked as tested, it is pasted into the program, which must then give the result of plain Python.

`python -m jib explain J101` prints more about a code.
"""


def _anchor(heading: str) -> str:
    """The name that Markdown viewers give to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def _section(text: str) -> str:
    """A document one level deeper; what tells the test runner about a cure tells the reader."""
    text = re.sub(r"^(#+ )", r"#\1", text, flags=re.M)
    # A Python comment inside a program starts with one `#` as well: give those back.
    text = re.sub(
        r"^```.*?^```$",
        lambda m: re.sub(r"^#(#+ )", r"\1", m[0], flags=re.M),
        text,
        flags=re.M | re.S,
    )
    return re.sub(
        r"^```python paste\n(.*?)^```$",
        r"```python\n\1```\n\nThe help line below is tested.",
        text,
        flags=re.M | re.S,
    )


def page(folder: pathlib.Path) -> str:
    """The page: an introduction, a list of the topics, then every document of the folder."""
    texts = [path.read_text("utf-8") for path in sorted(folder.glob("*.md"))]
    texts.sort(key=lambda text: not text.startswith("# Python control flow"))  # the commonest first
    titles = [text.split("\n", 1)[0].removeprefix("# ") for text in texts]
    count = sum(len(re.findall(r"^```python", text, re.M)) for text in texts)
    contents = "\n".join(f"* [{title}](#{_anchor(title)})" for title in titles)
    body = "\n".join(_section(text) for text in texts)
    return f"{_INTRODUCTION.format(count=count)}\n{contents}\n\n{body}"


def main() -> None:
    """Writes the page."""
    PAGE.write_text(page(ROOT / "tests" / "diagnostics"), "utf-8")
    print(PAGE.relative_to(ROOT))


if __name__ == "__main__":
    main()
