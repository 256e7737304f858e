"""The library stays small."""

from tests.structure.source import ROOT, library
from tools import size


def test_each_part_is_within_its_limit():
    for name, count in size.part_counts(ROOT / "jib").items():
        assert count.code <= size.LIMITS[name], size.report(ROOT / "jib")


def test_every_file_is_counted():
    counted = sum(count.files for count in size.library_counts(ROOT / "jib").values())
    assert counted == len(library())


def test_code_is_what_is_neither_blank_nor_comment_nor_docstring(tmp_path):
    path = tmp_path / "sample.py"
    path.write_text(
        '"""Words.\n\nMore.\n"""\n\n# why\nx = """not\n\na docstring"""\ny = 2  # why\n'
    )
    assert size.count_file(path) == size.Count(files=1, lines=10, code=4)
