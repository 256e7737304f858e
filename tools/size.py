"""Prints how many lines each layer of jib takes: `python tools/size.py`."""

import ast
import configparser
import dataclasses
import io
import pathlib
import re
import tokenize

__all__ = ["LIMITS", "Count", "count_file", "library_counts", "main", "part_counts", "report"]

ROOT = pathlib.Path(__file__).resolve().parent.parent

#: The most lines of code that each part may have; comments, docstrings and blank lines are free.
LIMITS = {"language": 34_000, "training stack": 19_500}
_STACK = 9  # the lowest layer of the training stack: modules, optimizers, checkpoints

_SKIPPED = {
    tokenize.COMMENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
    tokenize.INDENT,
    tokenize.NEWLINE,
    tokenize.NL,
}


@dataclasses.dataclass(frozen=True)
class Count:
    """Files, lines, and lines of code."""

    files: int = 0
    lines: int = 0
    code: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(self.files + other.files, self.lines + other.lines, self.code + other.code)


def _docstring_lines(tree: ast.Module) -> set[int]:
    found: set[int] = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        first = body[0] if isinstance(body, list) and body else None
        value = first.value if isinstance(first, ast.Expr) else None
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            found.update(range(value.lineno, (value.end_lineno or value.lineno) + 1))
    return found


def count_file(path: pathlib.Path) -> Count:
    """Counts one Python file; a line of code holds at least one token of the program."""
    text = path.read_text(encoding="utf-8")
    code: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in _SKIPPED:
            code.update(range(token.start[0], token.end[0] + 1))
    code -= _docstring_lines(ast.parse(text))
    return Count(files=1, lines=text.count("\n"), code=len(code))


def _layer_numbers() -> dict[str, int]:
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter")
    rows = parser["importlinter:contract:layers"]["layers"].strip().splitlines()
    names = enumerate((re.findall(r"jib\.(\w+)", row) for row in reversed(rows)), start=1)
    return {name: number for number, row in names for name in row}


def library_counts(folder: pathlib.Path) -> dict[tuple[int, str], Count]:
    """Counts by layer number and by folder or file right under jib; 0 is what joins the layers."""
    numbers = _layer_numbers()
    counts: dict[tuple[int, str], Count] = {}
    for path in sorted(folder.rglob("*.py")):
        name = path.relative_to(folder).parts[0].removesuffix(".py")
        key = (numbers.get(name, 0), name)
        counts[key] = counts.get(key, Count()) + count_file(path)
    return counts


def part_counts(folder: pathlib.Path) -> dict[str, Count]:
    """Counts of the two parts that have a limit of their own."""
    parts = {name: Count() for name in LIMITS}
    for (number, _), count in library_counts(folder).items():
        parts["training stack" if number >= _STACK else "language"] += count
    return parts


def report(folder: pathlib.Path) -> str:
    """The table of `library_counts`, layer by layer, and the sums against their limits."""
    rows = ["layer  part                 files   lines    code"]
    total = Count()
    for (number, name), count in sorted(library_counts(folder).items()):
        total += count
        rows.append(f"{number:5}  {name:20}{count.files:6}{count.lines:8}{count.code:8}")
    rows.append(f"{'':5}  {'jib':20}{total.files:6}{total.lines:8}{total.code:8}")
    for name, part in part_counts(folder).items():
        rows.append(f"{name}: {part.code} of {LIMITS[name]} lines of code")
    return "\n".join(rows)


def main() -> None:
    """Prints the report for this checkout."""
    print(report(ROOT / "jib"))


if __name__ == "__main__":
    main()
