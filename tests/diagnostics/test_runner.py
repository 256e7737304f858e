"""The runner of literate tests notices what it should."""

import pytest

from tests.diagnostics import runner

DOCUMENT = """# Title

## First

```python
from jib.errors import ShapeError

raise ShapeError("shapes differ")
```

Words between.

```text
old
```

## Second

```python paste
1 / 0
```

```text
```
"""

SAID = """ShapeError[J201]: shapes differ
 --> example.py:3
  3 | raise ShapeError("shapes differ")
    |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^
"""


def test_cases_are_named_by_their_heading(tmp_path):
    path = tmp_path / "document.md"
    path.write_text(DOCUMENT)
    first, second = runner.read(path)
    assert (first.name, first.paste, first.output) == ("First", False, "old\n")
    assert (second.name, second.paste, second.output) == ("Second", True, "")


def test_an_outdated_output_fails_and_a_rewritten_one_passes(tmp_path):
    path = tmp_path / "document.md"
    path.write_text(DOCUMENT.partition("## Second")[0])
    with pytest.raises(AssertionError):
        runner.check(runner.read(path)[0])
    runner.rewrite(path)
    (case,) = runner.read(path)
    assert case.output == SAID
    runner.check(case)


def test_a_program_without_an_error_fails():
    with pytest.raises(AssertionError, match="raises no error"):
        runner.failure("x = 1\n")


def test_a_cure_must_be_offered_to_be_pasted():
    program = 'from jib.errors import ShapeError\n\nraise ShapeError("shapes differ")\n'
    with pytest.raises(AssertionError, match="no cure"):
        runner.check(runner.Case("", program, SAID, paste=True))


def test_a_document_without_cases_fails(tmp_path):
    path = tmp_path / "empty.md"
    path.write_text("# Nothing\n")
    with pytest.raises(AssertionError, match="no pair"):
        runner.read(path)
