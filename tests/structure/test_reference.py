"""The reference is made from what a package exports."""

import importlib

from tools import reference

FILES = {
    "__init__.py": '"""A box."""\nfrom box._part import *\n__all__ = ["SIZE", "add"]\n',
    "_part.py": '__all__ = ["SIZE", "add"]\nSIZE = 3\ndef add(x, y=1):\n    """Adds."""\n',
    "core.py": '"""Inside."""\n__all__ = []\n',
    "shapes.py": '"""Shapes."""\n__all__ = []\n',
}


def test_pages_follow_the_index(tmp_path, monkeypatch):
    folder = tmp_path / "box"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    box = importlib.import_module("box")

    assert reference.write(box, tmp_path / "pages") == ["box", "box.shapes"]
    text = (tmp_path / "pages" / "box.md").read_text()
    assert "add(x, y=1)\n\nAdds." in text
    assert "## SIZE\n\n```text\nSIZE\n\n3" in text
    assert "(box.shapes.md)" in (tmp_path / "pages" / "README.md").read_text()
