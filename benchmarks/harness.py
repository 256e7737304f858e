"""Runs the cases of a benchmark: a process per framework, rounds interleaved between them."""

import dataclasses
import importlib
import json
import math
import os
import pathlib
import select
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from benchmarks.measure import Case, ProcessCase

__all__ = ["Options", "Row", "machine", "run_bench"]

_ROOT = pathlib.Path(__file__).resolve().parent.parent

_MARK = "benchmark-mark"
# `ru_maxrss` would do for the peak, but a child inherits it from the process that forked it.
_EPILOGUE = f"""
import pathlib as _pathlib, time as _time
_ended = _time.monotonic()
_lines = _pathlib.Path("/proc/self/status").read_text().splitlines()
_peak = [int(line.split()[1]) * 1024 for line in _lines if line.startswith("VmHWM")]
print("{_MARK}", _ended, *_peak)
"""


@dataclasses.dataclass(frozen=True)
class Options:
    """How a run is done: which interpreter per framework, how many rounds, which clock."""

    pythons: Mapping[str, str]
    rounds: int = 7
    clock: str = "seconds"
    slow: bool = False
    pin: str = ""
    match: str = ""
    say: Callable[[str], None] = lambda text: None


@dataclasses.dataclass
class Row:
    """One line of a table: samples per framework, in rounds, and the reasons of failures."""

    bench: str
    case: str
    stage: str
    unit: str
    samples: dict[str, list[float]] = dataclasses.field(default_factory=dict)
    errors: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def label(self) -> str:
        """The case, with its stage when it has several."""
        return f"{self.case} · {self.stage}" if self.stage else self.case

    def median(self, framework: str) -> float:
        """The median of a framework's samples; NaN where it has none."""
        samples = self.samples.get(framework)
        return statistics.median(samples) if samples else math.nan

    def ratio(self, framework: str, peer: str) -> float:
        """The median of the ratios round by round, which drift of the machine cancels in."""
        pairs = zip(self.samples.get(framework, ()), self.samples.get(peer, ()), strict=False)
        ratios = [mine / other for mine, other in pairs if other > 0]
        return statistics.median(ratios) if ratios else math.nan


class _WorkerError(Exception):
    """A framework could not do what it was asked; the message is the reason."""


class _Worker:
    """A framework's process, asked over its standard input and answering on its output."""

    def __init__(self, framework: str, bench: str, options: Options, cache: str) -> None:
        self._stderr = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed with the process)
        self._process = subprocess.Popen(
            [options.pythons[framework], "-m", "benchmarks.worker", framework, bench],
            cwd=_ROOT,
            env=_environment(cache, options.pin),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            bufsize=0,
        )
        self._buffer = b""
        self.broken = ""
        self.loaded = False
        try:
            self.loaded = self._answer(120.0)["ready"]
        except _WorkerError as error:
            self.broken = str(error)

    def ask(self, do: str, case: str, timeout: float) -> dict[str, Any]:
        """Send one request and return its answer; raises _WorkerError with the reason."""
        if self.broken:
            raise _WorkerError(self.broken)
        try:
            self._process.stdin.write(json.dumps({"do": do, "case": case}).encode() + b"\n")
        except BrokenPipeError:
            self._die("the process ended")
        return self._answer(timeout)

    def _answer(self, timeout: float) -> dict[str, Any]:
        deadline = time.monotonic() + timeout
        while b"\n" not in self._buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._process.stdout], [], [], left)[0]:
                self._die(f"no answer in {timeout:.0f} s", explain=False)
            piece = os.read(self._process.stdout.fileno(), 1 << 16)
            if not piece:
                self._process.wait()
                self._die(f"the process ended with status {self._process.returncode}")
            self._buffer += piece
        line, self._buffer = self._buffer.split(b"\n", 1)
        answer = json.loads(line)
        if "error" in answer:
            place = f" (at {answer['at']})" if answer.get("at") else ""
            raise _WorkerError(answer["error"] + place)
        return answer

    def _die(self, reason: str, explain: bool = True) -> None:
        self._stderr.seek(0)
        tail = self._stderr.read().strip().splitlines()[-1:] if explain else []
        self.close()
        self.broken = ": ".join([reason, *tail])[:300]
        raise _WorkerError(self.broken)

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        self._stderr.close()
        self.broken = self.broken or "closed"


class _Pool:
    """The workers of one benchmark; one that broke is replaced when the next case asks."""

    def __init__(self, bench: str, options: Options, cache: str) -> None:
        self.bench, self.options, self.cache = bench, options, cache
        self._workers: dict[str, _Worker] = {}

    def get(self, framework: str, fresh: bool) -> _Worker:
        worker = self._workers.get(framework)
        # A framework that cannot be imported keeps its reason instead of failing again slowly.
        if worker and not fresh and (not worker.broken or not worker.loaded):
            return worker
        if worker:
            worker.close()
        self._workers[framework] = _Worker(framework, self.bench, self.options, self.cache)
        return self._workers[framework]

    def close(self) -> None:
        for worker in self._workers.values():
            worker.close()


def _environment(cache: str, pin: str) -> dict[str, str]:
    """The environment of a measured process: its cache folder, and threads that do not spin."""
    result = dict(os.environ)
    result.pop("JAX_COMPILATION_CACHE_DIR", None)
    result.update(
        OMP_WAIT_POLICY="PASSIVE",
        JIB_COMPILATION_CACHE_DIR=cache,
        PYTHONDONTWRITEBYTECODE="",  # an import reads compiled bytecode, as a user's does
    )
    result.update({"BENCH_CPU": pin} if pin else {})
    return result


def run_bench(bench: str, options: Options) -> list[Row]:
    """Run every case of `benchmarks/bench_<bench>.py` and return its rows."""
    module = importlib.import_module(f"benchmarks.bench_{bench}")
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as cache:
        pool = _Pool(bench, options, cache)
        try:
            for case in module.CASES:
                if (case.slow and not options.slow) or options.match not in case.name:
                    continue
                options.say(f"{bench}: {case.name}")
                if isinstance(case, ProcessCase):
                    rows += _run_processes(bench, case, options)
                else:
                    rows += _run_case(bench, case, pool, options)
        finally:
            pool.close()
    return rows


def _rotations(names: Sequence[str], rounds: int) -> Iterator[str]:
    """The frameworks in turn, each round starting with another, so that order favours none."""
    for index in range(rounds):
        shift = index % len(names) if names else 0
        yield from (*names[shift:], *names[:shift])


def _run_case(bench: str, case: Case, pool: _Pool, options: Options) -> list[Row]:
    frameworks = [name for name in case.builders if name in options.pythons]
    workers: dict[str, _Worker] = {}
    errors: dict[str, str] = {}
    rows: dict[str, Row] = {}
    for name in frameworks:
        try:
            workers[name] = pool.get(name, fresh=case.isolated)
            workers[name].ask("prepare", case.name, case.timeout)
        except _WorkerError as error:
            errors[name] = str(error)
    ready = [name for name in frameworks if name not in errors]
    for name in _rotations(ready, min(options.rounds, case.rounds or options.rounds)):
        if name in errors:
            continue
        try:
            readings = workers[name].ask("sample", case.name, case.timeout)["readings"]
            if case.isolated:
                readings |= workers[name].ask("memory", case.name, case.timeout)["readings"]
        except _WorkerError as error:
            errors[name] = str(error)
            continue
        _collect(rows, bench, case.name, name, readings, options.clock)
    return _with_errors(rows, bench, case.name, errors)


def _collect(
    rows: dict[str, Row],
    bench: str,
    case: str,
    framework: str,
    readings: Mapping[str, Mapping[str, float]],
    clock: str,
) -> None:
    for stage, reading in readings.items():
        unit = "bytes" if "bytes" in reading else "seconds"
        row = rows.setdefault(stage, Row(bench, case, stage, unit))
        row.samples.setdefault(framework, []).append(reading[clock if unit == "seconds" else unit])


def _with_errors(
    rows: dict[str, Row], bench: str, case: str, errors: Mapping[str, str]
) -> list[Row]:
    result = list(rows.values()) or [Row(bench, case, "", "seconds")]
    for row in result:
        row.errors.update(errors)
    return result


def _run_processes(bench: str, case: ProcessCase, options: Options) -> list[Row]:
    frameworks = [name for name in case.sources if name in options.pythons]
    errors: dict[str, str] = {}
    rows: dict[str, Row] = {}
    with tempfile.TemporaryDirectory() as folder:
        warm = {name: tempfile.mkdtemp(dir=folder) for name in frameworks}
        for counted in (False, True):
            rounds = min(options.rounds, case.rounds or options.rounds) if counted else 1
            for name in _rotations(frameworks, rounds):
                if name in errors:
                    continue
                cache = tempfile.mkdtemp(dir=folder) if case.cache == "cold" else warm[name]
                try:
                    readings = _run_process(case, name, cache, options)
                except _WorkerError as error:
                    errors[name] = str(error)
                    continue
                if counted:  # the first, uncounted run fills the page cache and the warm folder
                    _collect(rows, bench, case.name, name, readings, "seconds")
    return _with_errors(rows, bench, case.name, errors)


def _run_process(
    case: ProcessCase, framework: str, cache: str, options: Options
) -> dict[str, dict[str, float]]:
    variables = _environment(cache, options.pin)
    if case.cache != "none":
        variables.update(
            JAX_COMPILATION_CACHE_DIR=cache,
            JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS="0",
            JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES="-1",
        )
    command = [options.pythons[framework], "-c", case.sources[framework] + _EPILOGUE]
    if options.pin:
        command = ["taskset", "-c", options.pin, *command]
    started = time.monotonic()
    try:
        done = subprocess.run(
            command, cwd=_ROOT, env=variables, capture_output=True, text=True, timeout=case.timeout
        )
    except subprocess.TimeoutExpired:
        raise _WorkerError(f"no answer in {case.timeout:.0f} s") from None
    marks = [line.split() for line in done.stdout.splitlines() if line.startswith(_MARK)]
    if done.returncode or not marks:
        tail = done.stderr.strip().splitlines()[-1:] or [f"status {done.returncode}"]
        raise _WorkerError(tail[0][:300])
    _, ended, *peak = marks[-1]
    readings = {"time": {"seconds": float(ended) - started}}
    return readings | ({"peak memory": {"bytes": float(peak[0])}} if peak else {})


def machine() -> dict[str, Any]:
    """What the numbers depend on: cores, Python, the date, what else the machine was doing."""
    return {
        "date": time.strftime("%Y-%m-%d"),
        "cores": len(os.sched_getaffinity(0)),
        "python": ".".join(map(str, sys.version_info[:3])),
        "load": f"load average {os.getloadavg()[0]:.1f} at the start",
    }
