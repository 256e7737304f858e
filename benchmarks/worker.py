"""One framework in one process, answering JSON lines: `python -m benchmarks.worker jax eager`."""

import importlib
import json
import os
import pathlib
import resource
import sys
import traceback
from typing import Any

from benchmarks.frameworks import Framework, load

__all__ = ["main"]


def _status(field: str) -> int:
    """A memory figure of this process in bytes: VmRSS (now) or VmHWM (peak)."""
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _reason(error: BaseException) -> dict[str, str]:
    """What went wrong in one line, and where it happened in the benchmark's own files."""
    first = (str(error).strip().splitlines() or [""])[0]
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if os.sep + "benchmarks" + os.sep in f.filename]
    place = f"{pathlib.Path(own[-1].filename).name}:{own[-1].lineno}" if own else ""
    return {"error": f"{type(error).__name__}: {first}"[:300], "at": place}


class _Server:
    """Holds the framework and the samplers that have been prepared."""

    def __init__(self, framework: Framework, bench: str) -> None:
        self.framework = framework
        module = importlib.import_module(f"benchmarks.bench_{bench}")
        self.cases = {case.name: case for case in module.CASES}
        self.samplers: dict[str, Any] = {}
        self.base = _status("VmRSS")

    def prepare(self, case: str) -> dict[str, Any]:
        self.samplers = {case: self.cases[case].builders[self.framework.name](self.framework)}
        return {}

    def sample(self, case: str) -> dict[str, Any]:
        return {"readings": self.samplers[case]()}

    def memory(self, case: str) -> dict[str, Any]:
        peak = _status("VmHWM")
        over = {"peak memory": peak, "peak memory over import": peak - self.base}
        return {"readings": {name: {"bytes": size} for name, size in over.items()}}


def main(arguments: list[str]) -> None:
    """Load the framework, say so, then answer requests until standard input closes."""
    name, bench = arguments
    if pinned := os.environ.get("BENCH_CPU"):
        os.sched_setaffinity(0, {int(cpu) for cpu in pinned.split(",")})
    # Libraries print where they like; only this stream carries answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    try:
        server = _Server(load(name), bench)
        answers.write(json.dumps({"ready": True}) + "\n")
    except Exception as error:
        answers.write(json.dumps(_reason(error)) + "\n")
        return
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = getattr(server, request["do"])(request["case"])
        except Exception as error:
            traceback.print_exc()
            answer = _reason(error)
        answers.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
