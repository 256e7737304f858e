"""Every Python block of the documentation runs, and prints what the page says it prints.

The blocks of a page run in order, in one namespace. A `text` block right after a `python` block
is its exact output; where the code raises, the error stands at the end of that output. A block
whose output names `example.py` is run as a file of that name. A page that holds the comment
`<!-- runs with N devices -->` runs in a process that has so many CPU devices. A page that a tool
wrote from tests is left to those tests.
"""

import contextlib
import dataclasses
import io
import linecache
import os
import pathlib
import re
import subprocess
import sys
import traceback

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
GENERATED = ROOT / "docs" / "reference"
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```[ \t]*$", re.M | re.S)
DEVICES = re.compile(r"^<!-- runs with (\d+) devices -->$", re.M)
WRITTEN = "<!-- written by tools/"
EXAMPLE = "example.py"


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
    if block.expected and EXAMPLE in block.expected:
        linecache.cache[EXAMPLE] = (len(block.code), None, block.code.splitlines(True), EXAMPLE)
        code = compile(block.code, EXAMPLE, "exec")
    else:  # the padding gives the code its line numbers on the page
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
    text = path.read_text(encoding="utf-8")
    wanted = DEVICES.search(text)
    if wanted and os.environ.get("JIB_NUM_CPU_DEVICES") != wanted[1]:
        return run_elsewhere(path, wanted[1])
    namespace = {"__name__": "__main__"}
    for block in python_blocks(text):
        run_block(block, path, namespace)


def run_elsewhere(path, devices):
    """Runs a page in a process that has so many CPU devices."""
    done = subprocess.run(
        [sys.executable, "-P", __file__, str(path.resolve())],
        env={**os.environ, "JIB_NUM_CPU_DEVICES": devices, "JIB_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr


def pages():
    found = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    texts = {p: p.read_text("utf-8") for p in found if GENERATED not in p.parents}
    return [p for p, text in texts.items() if python_blocks(text) and not text.startswith(WRITTEN)]


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


def test_an_error_shows_the_block_as_a_file(tmp_path):
    code = "import jib.numpy as jnp\njnp.ones(2)[5]\n"
    shown = (
        "jib.errors.IndexBoundsError[J206]: index 5 is outside axis 0, which has 2 elements\n"
        " --> example.py:2\n"
        "  1 | import jib.numpy as jnp\n"
        "  2 | jnp.ones(2)[5]\n"
        "    | ^^^^^^^^^^^^^^\n"
    )
    run_page(write(tmp_path, f"# Title\n\n```python\n{code}```\n```text\n{shown}```\n"))


def test_a_page_can_ask_for_devices(tmp_path):
    page = "<!-- runs with 3 devices -->\n```python\nimport jib\nprint(jib.device_count())\n```\n"
    run_page(write(tmp_path, page + "```text\n3\n```\n"))
    with pytest.raises(AssertionError):
        run_page(write(tmp_path, page + "```text\n4\n```\n"))


if __name__ == "__main__":
    run_page(pathlib.Path(sys.argv[1]))
