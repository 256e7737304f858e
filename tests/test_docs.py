"""Every Python block of the documentation runs, and prints what the page says it prints.

The blocks of a page run in order, in one namespace. A `text` block right after a `python` block
is its exact output; where the code raises, the last line of that output is the error.
"""

import contextlib
import dataclasses
import io
import pathlib
import re
import traceback

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
GENERATED = ROOT / "docs" / "reference"
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```[ \t]*$", re.M | re.S)


@dataclasses.dataclass
class Block:
    """A Python block: its code, the line it starts on, and the output the page shows."""

    code: str
    line: int
    expected: str | None = None


def python_blocks(text):
    """The Python blocks of a page, each with the text block that follows it."""
    blocks, end = [], 0
    for match in FENCE.finditer(text):
        language, body = match.groups()
        if language == "python":
            blocks.append(Block(body, text.count("\n", 0, match.start(2))))
        elif language == "text" and blocks and not text[end : match.start()].strip():
            blocks[-1].expected = body
        end = match.end()
    return blocks


def run_block(block, path, namespace):
    """Runs one block and compares what it printed."""
    # The padding gives the code its line numbers on the page.
    code = compile("\n" * block.line + block.code, str(path), "exec")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            exec(code, namespace)
        except Exception as error:
            printed.write("".join(traceback.format_exception_only(error)))
            if printed.getvalue() != block.expected:
                raise
    if block.expected is not None:
        assert printed.getvalue() == block.expected, f"{path}:{block.line}"


def run_page(path):
    namespace = {"__name__": "__main__"}
    for block in python_blocks(path.read_text(encoding="utf-8")):
        run_block(block, path, namespace)


def pages():
    found = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [p for p in found if GENERATED not in p.parents and python_blocks(p.read_text())]


@pytest.mark.parametrize("path", pages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_page(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_page(path)


def write(folder, text):
    path = folder / "page.md"
    path.write_text(text)
    return path


def test_blocks_share_a_namespace_and_show_their_output(tmp_path):
    run_page(
        write(tmp_path, "```python\nx = 2\n```\n\n```python\nprint(x)\n```\n```text\n2\n```\n")
    )


def test_wrong_output_is_found(tmp_path):
    page = write(tmp_path, "```python\nprint(1)\n```\n\n```text\n2\n```\n")
    with pytest.raises(AssertionError):
        run_page(page)


def test_text_after_prose_is_not_output(tmp_path):
    run_page(write(tmp_path, "```python\nprint(1)\n```\nSay:\n```text\n2\n```\n"))


def test_an_error_is_output(tmp_path):
    run_page(
        write(
            tmp_path, "```python\n1 / 0\n```\n```text\nZeroDivisionError: division by zero\n```\n"
        )
    )


def test_an_error_that_the_page_does_not_show_is_found(tmp_path):
    with pytest.raises(ZeroDivisionError) as caught:
        run_page(write(tmp_path, "Prose.\n\n```python\n1 / 0\n```\n"))
    assert caught.traceback[-1].lineno + 1 == 4
