"""Run the benchmarks and hold them against the budget: `python -m benchmarks.run`."""

import argparse
import importlib
import pathlib
import subprocess
import sys
import time
from collections.abc import Sequence

from benchmarks import budget, harness, report
from benchmarks.frameworks import FRAMEWORKS

__all__ = ["BENCHES", "main"]

BENCHES = (
    "startup", "eager", "dispatch", "trace", "constants", "compiled", "training", "modules",
    "checkpoints", "operations",
)  # fmt: skip
_HERE = pathlib.Path(__file__).resolve().parent
_PACKAGES = ("jib", "jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "torch", "numpy")
_RESULTS = "## Results\n"


def _peer_python(given: str | None) -> str:
    """The interpreter with the peers: the one given, or `.venv-bench`, made when missing."""
    if given:
        return given
    folder = _HERE.parent / ".venv-bench"
    python = folder / "bin" / "python"
    if not python.exists():
        print(f"making {folder.name} from benchmarks/requirements.txt", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        requirements = str(_HERE / "requirements.txt")
        subprocess.run([str(python), "-m", "pip", "install", "-r", requirements], check=True)
    return str(python)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    add = parser.add_argument
    add("benches", nargs="*", metavar="BENCH", help=f"of {', '.join(BENCHES)}; all by default")
    add("--peer-python", help="interpreter with the peers (default: .venv-bench, made if missing)")
    add("--frameworks", default=",".join(FRAMEWORKS), help="comma-separated")
    add("--rounds", type=int, default=7, help="interleaved samples per case")
    add("--match", default="", help="only the cases whose name contains this")
    add("--clock", choices=("wall", "cpu"), default="wall", help="cpu: for a busy machine")
    add("--pin", default="", metavar="CPUS", help="run the frameworks on these CPUs: 0 or 0,1")
    add("--slow", action="store_true", help="also the cases that may take minutes")
    add("--from", dest="source", type=pathlib.Path, help="report a stored run, measure nothing")
    add("--markdown", action="store_true", help="print Markdown tables")
    add("--readme", action="store_true", help="put the Markdown tables into benchmarks/README.md")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure (or read back), print the tables, the failures and the budget."""
    options = _parser().parse_args(arguments)
    unknown = set(options.benches) - set(BENCHES)
    if unknown:
        print(f"no benchmark named {', '.join(sorted(unknown))}; {BENCHES}", file=sys.stderr)
        return 2
    if options.source:
        rows, about = report.from_json(options.source)
    else:
        rows, about = _measure(options, arguments)
    print(_page(rows, about, options.markdown))
    if options.readme:
        _store(_page(rows, about, as_markdown=True))
    return 0


def _measure(
    options: argparse.Namespace, arguments: Sequence[str] | None
) -> tuple[list[harness.Row], dict]:
    names = options.frameworks.split(",")
    typed = sys.argv[1:] if arguments is None else arguments
    peers = _peer_python(options.peer_python) if set(names) - {"jib"} else sys.executable
    how = harness.Options(
        pythons={name: sys.executable if name == "jib" else peers for name in names},
        rounds=options.rounds,
        clock={"wall": "seconds", "cpu": "cpu"}[options.clock],
        slow=options.slow,
        pin=options.pin,
        match=options.match,
        say=lambda text: print(text, file=sys.stderr, flush=True),
    )
    rows: list[harness.Row] = []
    about = harness.machine() | {
        "versions": _versions({how.pythons[name] for name in names}),
        "command": " ".join(["python -m benchmarks.run", *_without_paths(typed)]),
    }
    path = _HERE / "results" / f"{time.strftime('%Y%m%d-%H%M%S')}.json"
    for bench in options.benches or BENCHES:
        rows += harness.run_bench(bench, how)
        report.to_json(path, rows, about)  # after each, so that an interrupted run is not lost
    print(f"every sample is in {path.relative_to(_HERE.parent)}", file=sys.stderr)
    return rows, about


def _without_paths(arguments: Sequence[str]) -> list[str]:
    """The arguments as another person would type them: without this machine's interpreter."""
    kept = [a for a in arguments if not a.startswith("--peer-python=") and a != "--readme"]
    if "--peer-python" in kept:
        place = kept.index("--peer-python")
        del kept[place : place + 2]
    return kept


def _versions(pythons: set[str]) -> str:
    """What is installed in the measured environments: "jax 0.10.2, numpy 2.4.6, ..."."""
    source = (
        "import importlib.metadata as m\n"
        "for d in m.distributions():\n"
        f"    if d.name in {_PACKAGES}: print(d.name, d.version)"
    )
    found: set[str] = set()
    for python in pythons:
        done = subprocess.run([python, "-c", source], capture_output=True, text=True, check=True)
        found |= set(done.stdout.splitlines())
    return ", ".join(sorted(found))


def _page(rows: list[harness.Row], about: dict, as_markdown: bool) -> str:
    """The budget, then each benchmark's table and failures."""
    show, mark = (report.markdown, "### ") if as_markdown else (report.text, "# ")
    verdicts = [v for v in budget.judge(rows) if v.measured or v.failed]
    parts = [
        f"{about['date']}, {about['cores']} cores, {about['load']}, Python {about['python']}, "
        f"{about['versions']}; `{about['command']}`"
    ]
    for bench in dict.fromkeys(row.bench for row in rows):
        question = (importlib.import_module(f"benchmarks.bench_{bench}").__doc__ or "").strip()
        chosen = [row for row in rows if row.bench == bench]
        parts.append(f"{mark}{bench}: {question.splitlines()[0]}")
        arrange = report.pivot if bench == "operations" else report.table
        parts.append(show(arrange(chosen)))
        failed = report.failures(chosen)
        parts += ["\n".join(f"- {line}" if as_markdown else line for line in failed)] * bool(failed)
    if any("jib" in row.samples or "jib" in row.errors for row in rows):
        table = f"{mark}budget\n\n{show(report.budget_table(verdicts))}"
        parts.insert(1 if as_markdown else len(parts), table)
    return "\n\n".join(parts)


def _store(page: str) -> None:
    """Replace what stands below the README's results heading."""
    readme = _HERE / "README.md"
    before, heading, _ = readme.read_text(encoding="utf-8").partition(_RESULTS)
    readme.write_text(f"{before}{heading}\n{page}\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
