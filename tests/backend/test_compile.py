"""Compilation: options, fingerprints and the memory cache."""

import numpy as np
import pytest
from jaxlib.mlir import ir
from jaxlib.mlir._mlir_libs import _jax_mlir_ext
from jaxlib.mlir.dialects import stablehlo

from jib import settings
from jib.backend import client, compile as compile_file, transfer
from jib.backend.compile import clear_memory_cache, compile_module, module_fingerprint

PROGRAM = """
module @m { func.func public @main(%a: tensor<4xf32>) -> tensor<4xf32> {
  %0 = stablehlo.negate %a : tensor<4xf32>
  return %0 : tensor<4xf32>
} }
"""
LOCATED = """
module @m { func.func public @main(%a: tensor<4xf32>) -> tensor<4xf32> {
  %0 = stablehlo.negate %a : tensor<4xf32> loc("train.py":LINE:1)
  return %0 : tensor<4xf32> loc("train.py":LINE:5)
} }
"""


@pytest.fixture
def context() -> ir.Context:
    made, registry = ir.Context(), ir.DialectRegistry()
    _jax_mlir_ext.register_dialects(registry)
    made.append_dialect_registry(registry)
    stablehlo.register_dialect(made)
    made.load_all_available_dialects()
    return made


def device():
    return client.default_device()


def test_program_runs_and_is_remembered():
    clear_memory_cache()
    executable = compile_module(PROGRAM, devices=[device()])
    x = np.arange(4, dtype=np.float32)
    outs = executable.execute_sharded([transfer.device_put(x)])
    [[out]] = outs.disassemble_into_single_device_arrays()
    np.testing.assert_array_equal(transfer.device_get(out), -x)
    assert compile_module(PROGRAM, devices=[device()]) is executable


def test_module_and_text_give_the_same_numbers(context: ir.Context):
    with context:
        module = ir.Module.parse(PROGRAM)
    executable = compile_module(module, devices=[device()])
    outs = executable.execute_sharded([transfer.device_put(np.ones(4, np.float32))])
    [[out]] = outs.disassemble_into_single_device_arrays()
    np.testing.assert_array_equal(transfer.device_get(out), -np.ones(4, np.float32))


def test_fingerprint_ignores_source_positions_and_sees_the_program(context: ir.Context):
    with context:
        here, there = (ir.Module.parse(LOCATED.replace("LINE", line)) for line in ("10", "99"))
        other = ir.Module.parse(LOCATED.replace("LINE", "10").replace("negate", "tanh"))
    assert module_fingerprint(here) == module_fingerprint(there)
    assert module_fingerprint(here) != module_fingerprint(other)


def test_options_give_another_executable():
    plain = compile_module(PROGRAM, devices=[device()])
    options = {"xla_cpu_enable_fast_math": True}
    assert compile_module(PROGRAM, devices=[device()], options=options) is not plain


def test_unknown_option_is_named():
    with pytest.raises(ValueError, match="the compiler has no option `xla_go_faster`"):
        compile_module(PROGRAM, devices=[device()], options={"xla_go_faster": True})


def test_wrong_option_value_is_named():
    options = {"xla_cpu_enable_fast_math": "banana"}
    with pytest.raises(ValueError, match="`xla_cpu_enable_fast_math` does not take 'banana'"):
        compile_module(PROGRAM, devices=[device()], options=options)


def test_number_of_devices_must_match():
    with pytest.raises(ValueError, match=r"1 replica.s. of 2 partition.s. need 2 devices, got 1"):
        compile_module(PROGRAM, devices=[device()], num_partitions=2)


def test_a_long_compilation_gives_its_memory_back(monkeypatch):
    trimmed = []
    monkeypatch.setattr(compile_file, "_return_memory", lambda: trimmed.append(True))
    monkeypatch.setattr(settings.compilation_cache, "value", False)
    for limit, wanted in ((1e9, []), (0.0, [True])):
        monkeypatch.setattr(compile_file, "_LONG_COMPILATION", limit)
        clear_memory_cache()
        compile_module(PROGRAM, devices=[device()])
        assert trimmed == wanted


def test_memory_can_be_given_back_at_any_time():
    compile_file._return_memory()
