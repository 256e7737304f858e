"""The page of sharp bits is what its tool writes from the tests of messages."""

from tools import sharp_bits


def test_the_page_is_up_to_date():
    written = sharp_bits.PAGE.read_text("utf-8")
    now = sharp_bits.page(sharp_bits.ROOT / "tests" / "diagnostics")
    assert written == now, "run `python tools/sharp_bits.py`"


def test_comments_in_programs_stay_comments(tmp_path):
    program = "```python paste\n# a comment\nx = 1\n```\n"
    (tmp_path / "one.md").write_text(f"# Title of it\n\n## Case\n\n{program}\n```text\nE\n```\n")
    page = sharp_bits.page(tmp_path)
    assert "\n## Title of it\n\n### Case\n\n```python\n# a comment\n" in page
    assert "* [Title of it](#title-of-it)" in page
    assert "1 programs" in page
