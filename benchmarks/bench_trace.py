"""How long Python takes before the compiler starts: tracing and lowering, apart."""

from benchmarks import workloads
from benchmarks.frameworks import Framework
from benchmarks.measure import Case, Sampler, Stopwatch, everywhere, stages

__all__ = ["CASES"]


def _case(workload: str, kind: str) -> Case:
    def build(framework: Framework) -> Sampler:
        J = framework.root

        def run(watch: Stopwatch) -> None:
            module = workloads.fresh()
            function, arguments = module.variant(J, *getattr(module, workload)(J), kind)
            jitted = J.jit(function)
            with watch("trace"):
                traced = jitted.trace(*arguments)
            with watch("lower"):
                traced.lower()

        return stages(run)

    return Case(f"{workload} {kind}", everywhere(build), timeout=180.0)


CASES = [_case(name, kind) for name in workloads.WORKLOADS for kind in workloads.VARIANTS]
