"""Tables of a run: aligned text for the terminal, Markdown for the README, JSON for later."""

import json
import math
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.budget import Verdict
from benchmarks.harness import Row

__all__ = [
    "budget_table",
    "failures",
    "from_json",
    "markdown",
    "pivot",
    "table",
    "text",
    "to_json",
    "value",
]

_Table = tuple[list[str], list[list[str]]]

_ORDER = ("jib", "jax", "torch", "numpy")


def value(amount: float, unit: str) -> str:
    """A number with three significant digits and its unit: 12.3 us, 204 MB."""
    if math.isnan(amount):
        return "-"
    scales = (
        [(1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B")]
        if unit == "bytes"
        else [(1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns")]
    )
    for scale, name in scales:
        if abs(amount) >= scale * 0.9995:
            shown = f"{amount / scale:.3g}"
            return f"{float(shown):.0f} {name}" if "e" in shown else f"{shown} {name}"
    return f"{amount / scales[-1][0]:.2g} {scales[-1][1]}"


def table(rows: Sequence[Row]) -> _Table:
    """One line per row: each framework's median, then jib's ratio to each of the others."""
    present = {name for row in rows for name in (*row.samples, *row.errors)}
    frameworks = [name for name in _ORDER if name in present]
    peers = [name for name in frameworks if name != "jib"] if "jib" in frameworks else []
    header = ["case", *frameworks, *(f"jib/{peer}" for peer in peers)]
    lines = []
    for row in rows:
        cells = [_cell(row, name) for name in frameworks]
        ratios = [row.ratio("jib", peer) for peer in peers]
        lines.append([row.label, *cells, *("-" if math.isnan(r) else f"{r:.2f}" for r in ratios)])
    return header, lines


def pivot(rows: Sequence[Row]) -> _Table:
    """One line per case, for stages that are sizes: jib's time, then the ratios size by size."""
    stages = list(dict.fromkeys(row.stage for row in rows if row.stage))
    present = {name for row in rows for name in row.samples}
    peers = [name for name in _ORDER[1:] if name in present]
    header = ["case", f"jib, {stages[-2] if len(stages) > 1 else stages[-1]}"]
    header += [f"jib/{peer} {stage}" for peer in peers for stage in stages]
    lines = []
    for case in dict.fromkeys(row.case for row in rows):
        by_stage = {row.stage: row for row in rows if row.case == case}
        shown = by_stage.get(header[1].removeprefix("jib, "))
        cells = [_cell(shown, "jib") if shown else "-"]
        for peer in peers:
            ratios = [by_stage[s].ratio("jib", peer) if s in by_stage else math.nan for s in stages]
            cells += ["-" if math.isnan(ratio) else f"{ratio:.2f}" for ratio in ratios]
        lines.append([case, *cells])
    return header, lines


def _cell(row: Row, framework: str) -> str:
    if framework in row.samples:
        return value(row.median(framework), row.unit)
    return "error" if framework in row.errors else "-"


def text(contents: _Table) -> str:
    """A table in aligned columns: the first to the left, the others to the right."""
    header, lines = contents
    widths = [max(len(line[i]) for line in (header, *lines)) for i in range(len(header))]

    def aligned(line: Sequence[str]) -> str:
        cells = [line[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)]
        return "  ".join(cells).rstrip()

    rule = "  ".join("-" * width for width in widths)
    return "\n".join([aligned(header), rule, *map(aligned, lines)])


def markdown(contents: _Table) -> str:
    """The same table for a Markdown page."""
    header, lines = contents
    rule = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join("| " + " | ".join(line) + " |" for line in (header, rule, *lines))


def failures(rows: Sequence[Row]) -> list[str]:
    """One line for each framework and case that failed, with the reason."""
    lines = {}
    for row in rows:
        for framework, reason in row.errors.items():
            lines.setdefault((framework, reason), []).append(row.case)
    result = []
    for (framework, reason), cases in lines.items():
        names = sorted(set(cases), key=cases.index)
        shown = "; ".join(names[:3]) + (f"; and {len(names) - 3} more" if len(names) > 3 else "")
        result.append(f"error: {framework}: {shown}: {reason}")
    return result


def budget_table(verdicts: Sequence[Verdict]) -> _Table:
    """The budget: target, geometric mean and worst ratio, and whether it is met."""
    header = ["budget", "against", "target", "mean", "worst", "worst case", "within", "verdict"]
    lines = []
    for verdict in verdicts:
        target = verdict.target
        measured = ["-", "-", "-"]
        if verdict.measured:
            measured = [f"{verdict.mean:.2f}", f"{verdict.worst:.2f}", verdict.worst_case]
        total = verdict.measured + verdict.failed
        count = f"{verdict.within}/{total}"
        lines.append(
            [target.what, target.peer, f"<= {target.limit:g}", *measured, count, verdict.word]
        )
    return header, lines


def to_json(path: pathlib.Path, rows: Sequence[Row], about: Mapping[str, Any]) -> None:
    """Write every sample of a run, and what it was run on."""
    contents = {"about": dict(about), "rows": [vars(row) for row in rows]}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(contents, indent=1), encoding="utf-8")


def from_json(path: pathlib.Path) -> tuple[list[Row], dict[str, Any]]:
    """Read back what `to_json` wrote."""
    contents = json.loads(path.read_text(encoding="utf-8"))
    return [Row(**row) for row in contents["rows"]], contents["about"]
