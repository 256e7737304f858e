"""Rewriting a Python loop over traced values as a compiled loop."""

from __future__ import annotations

import ast
import textwrap

from jib.errors._base import Fix
from jib.errors._rewriting import Rewriter, replacement
from jib.errors._syntax import Site

__all__ = ["loop_cure", "until_cure"]

_SIMPLE = ast.Assign | ast.AugAssign | ast.AnnAssign


def until_cure(site: Site, writer: Rewriter, loop: ast.While) -> Fix | None:
    """`while True` whose last statement is `if x: break`: a step, then `while_loop` until `x`."""
    *body, last = loop.body
    forever = isinstance(loop.test, ast.Constant) and loop.test.value is True
    if not (forever and body and isinstance(last, ast.If)) or last.orelse:
        return None
    test = ast.UnaryOp(ast.Not(), last.test)
    steps = ast.copy_location(ast.While(test, body, []), loop)
    before = _read_before_set(ast.While(loop.test, body, []))
    if _loaded(test) & set(_stored(body)[0]) - before:  # set by the first step: not known before
        return None
    return loop_cure(site, writer, steps, loop)


def loop_cure(
    site: Site, writer: Rewriter, loop: ast.While | ast.For, original: ast.While | None = None
) -> Fix | None:
    """`while` as `while_loop`, `for i in range(...)` as `fori_loop`; None if that is not sure.

    The body may only set names. A name is carried from one round to the next if the loop reads
    it before setting it, or if it is read after the loop.
    """
    if loop.orelse or not all(isinstance(statement, _SIMPLE) for statement in loop.body):
        return None
    stored, targets_are_names = _stored(loop.body)
    if not targets_are_names or not stored:
        return None
    first_reads = _read_before_set(loop)
    later = _read_later(site, original or loop)
    carried = [name for name in stored if name in first_reads]
    if any(name in later and name not in carried for name in stored):
        return None
    if not carried:
        return None
    return (
        _while_fix(writer, loop, carried, first=original is not None)
        if isinstance(loop, ast.While)
        else (_for_fix(writer, loop, carried, later))
    )


def _stored(body: list[ast.stmt]) -> tuple[list[str], bool]:
    """Names set in `body`, in order, and whether nothing but names is set."""
    names: dict[str, None] = {}
    only_names = True
    for node in ast.walk(ast.Module(body, [])):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names[node.id] = None
        elif isinstance(node, ast.Attribute | ast.Subscript | ast.Starred | ast.List):
            only_names = only_names and not isinstance(node.ctx, ast.Store)
        elif isinstance(node, ast.NamedExpr | ast.Yield | ast.YieldFrom | ast.Await):
            only_names = False
    return list(names), only_names


def _loaded(node: ast.AST) -> set[str]:
    return {
        inner.id
        for inner in ast.walk(node)
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load)
    }


def _read_before_set(loop: ast.While | ast.For) -> set[str]:
    """Names whose value from the round before is read."""
    read = _loaded(loop.test) if isinstance(loop, ast.While) else set()
    known: set[str] = set()
    for statement in loop.body:
        read |= _loaded(statement) - known
        if isinstance(statement, ast.AugAssign):
            read |= set(_stored([statement])[0]) - known
        known |= set(_stored([statement])[0])
    return read


def _read_later(site: Site, loop: ast.stmt) -> set[str]:
    """Names read after the loop in its function, or anywhere else in an enclosing loop."""
    scope = next(
        (p for p in site.parents if isinstance(p, ast.FunctionDef | ast.Lambda | ast.Module)), None
    )
    if scope is None:
        return set()
    inside = set(ast.walk(loop))
    return {
        node.id
        for node in ast.walk(scope)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node not in inside
        if node.lineno > (loop.end_lineno or 0) or _in_outer_loop(site, loop)
    }


def _in_outer_loop(site: Site, loop: ast.stmt) -> bool:
    above = site.parents[site.parents.index(loop) + 1 :]
    for parent in above:
        if isinstance(parent, ast.FunctionDef | ast.Lambda):
            return False
        if isinstance(parent, ast.For | ast.While):
            return True
    return False


def _fresh(site: Site, wanted: str) -> str:
    """A name for a new function that the user's function does not use yet."""
    module = site.parents[-1]
    taken = {node.id for node in ast.walk(module) if isinstance(node, ast.Name)}
    taken |= {node.arg for node in ast.walk(module) if isinstance(node, ast.arg)}
    taken |= {node.name for node in ast.walk(module) if isinstance(node, ast.FunctionDef)}
    while wanted in taken:
        wanted = f"next_{wanted}"
    return wanted


def _joined(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"({', '.join(names)})"


def _body(writer: Rewriter, loop: ast.While | ast.For, carried: list[str], head: str) -> list[str]:
    """`def head: unpack; the user's lines; return the carried names`."""
    unpack = [f"{', '.join(carried)} = state"] if len(carried) > 1 else []
    lines = [*unpack, *writer.block(loop.body[0], loop.body[-1]), f"return {', '.join(carried)}"]
    return [head, *textwrap.indent("\n".join(lines), "    ").split("\n")]


def _indented(lines: list[str], column: int) -> str:
    """Lines of a block as the text that replaces a statement at `column`."""
    return ("\n" + " " * column).join(lines)


def _while_fix(writer: Rewriter, loop: ast.While, carried: list[str], first: bool) -> Fix | None:
    """The loop; `first` takes one step before the condition is asked."""
    test = writer.condition(loop.test)
    if test is None:
        return None
    state = carried[0] if len(carried) == 1 else "state"
    unpack = [f"    {', '.join(carried)} = state"] if len(carried) > 1 else []
    go, step = _fresh(writer.site, "keep_going"), _fresh(writer.site, "step")
    start = f"{step}({_joined(carried)})" if first else _joined(carried)
    call = f"{writer.lax}.while_loop({go}, {step}, {start})"
    lines = [
        f"def {go}({state}):",
        *unpack,
        f"    return {test}",
        *_body(writer, loop, carried, f"def {step}({state}):"),
        f"{', '.join(carried)} = {call}",
    ]
    return replacement(loop, _indented(lines, loop.col_offset))


def _for_fix(writer: Rewriter, loop: ast.For, carried: list[str], later: set[str]) -> Fix | None:
    if not isinstance(loop.target, ast.Name) or loop.target.id in later:
        return None
    match loop.iter:
        case ast.Call(func=ast.Name(id="range"), args=[stop], keywords=[]):
            bounds = f"0, {writer.text(stop)}"
        case ast.Call(func=ast.Name(id="range"), args=[start, stop], keywords=[]):
            bounds = f"{writer.text(start)}, {writer.text(stop)}"
        case _:
            return None
    state = carried[0] if len(carried) == 1 else "state"
    step = _fresh(writer.site, "step")
    call = f"{writer.lax}.fori_loop({bounds}, {step}, {_joined(carried)})"
    lines = [
        *_body(writer, loop, carried, f"def {step}({loop.target.id}, {state}):"),
        f"{', '.join(carried)} = {call}",
    ]
    return replacement(loop, _indented(lines, loop.col_offset))
