"""What `import jib` does to a process, seen from outside."""

import subprocess
import sys
import textwrap

WATCH = """
    from jaxlib import _jax

    started = []
    for name in ("get_tfrt_cpu_client", "get_c_api_client"):
        def start(*args, _make=getattr(_jax, name), _name=name, **kwargs):
            started.append(_name)
            return _make(*args, **kwargs)
        setattr(_jax, name, start)
"""


def python(program):
    """Runs a program in a fresh interpreter."""
    command = [sys.executable, "-c", textwrap.dedent(program)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def output(program):
    done = python(program)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_starts_no_backend():
    program = (
        WATCH
        + """
    import jib
    import jib.lax
    import jib.numpy
    import jib.random
    print(started)
    """
    )
    assert output(program) == "[]"


def test_asking_for_devices_starts_one():
    program = (
        WATCH
        + """
    import jib
    jib.devices()
    print("get_tfrt_cpu_client" in started or "get_c_api_client" in started)
    """
    )
    assert output(program) == "True"


def test_jib_refuses_a_process_with_jax():
    done = python("""
        import sys, types
        sys.modules["jax"] = types.ModuleType("jax")
        import jib
    """)
    assert done.returncode != 0
    assert "cannot share a process" in done.stderr


def test_jib_loads_no_peer():
    program = """
    import importlib, pkgutil, sys
    import jib
    for found in pkgutil.walk_packages(jib.__path__, "jib."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
    print(sorted({"flax", "jax", "optax", "orbax", "torch"} & sys.modules.keys()))
    """
    assert output(program) == "[]"
