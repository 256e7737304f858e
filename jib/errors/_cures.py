"""Cures that work when pasted: the user's own statement, rewritten."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, replace

from jib.errors._base import Fix, Provenance
from jib.errors._loops import loop_cure
from jib.errors._rewriting import Rewriter, replacement
from jib.errors._syntax import Site

__all__ = ["cures", "mask_cures", "truth_cures"]


@dataclass(frozen=True, slots=True)
class _Cure:
    """One help line: words, then the replacement that they announce."""

    words: str
    fix: Fix | None = None


def truth_cures(site: Site) -> tuple[list[str], list[Fix]]:
    """Help for a truth value that was asked of several elements."""
    writer, found = Rewriter(site), []
    if isinstance(site.node, ast.expr) and site.value:
        for words, method in (("if one is enough", "any"), ("or, if all must be True", "all")):
            text = f"{writer.closed(site.node)}.{method}()"
            found.append(_Cure(words, replacement(site.node, text)))
    return [_line(cure, site) for cure in found], [cure.fix for cure in found if cure.fix]


def mask_cures(site: Site) -> tuple[list[str], list[Fix]]:
    """Help for `x[mask]`: reduce under the mask, or keep the shape."""
    writer = Rewriter(site)
    chain = (site.node, *site.parents)
    at = next((i for i, node in enumerate(chain) if isinstance(node, ast.Subscript)), None)
    if at is None:
        return [], []
    held, mask = chain[at].value, site.text(chain[at].slice)  # type: ignore[attr-defined]
    match chain[at + 1 : at + 3]:
        case [
            ast.Attribute(attr="all" | "any" | "mean" | "prod" | "std" | "sum" | "var" as name),
            ast.Call(args=[], keywords=[]) as call,
        ]:
            fix = replacement(call, f"{writer.closed(held)}.{name}(where={mask})")
            cure = _Cure("reduce under the mask", fix)
        case _:
            kept = f"{writer.numpy}.where({mask}, {site.text(held)}, 0)"
            cure = _Cure(f"keep the shape and blank out the rest   {kept}")
    return [_line(cure, site)], [cure.fix] if cure.fix else []


def cures(
    site: Site, provenance: Provenance | None, value: str = ""
) -> tuple[list[str], list[Fix]]:
    """Help lines for `site`, and the same as replacements of its source, best first.

    `value` is the type of the converted value, as `"float32[]"`.
    """
    writer = Rewriter(site, value)
    make = _BY_CONSTRUCT.get(site.construct)
    found = make(site, writer) if make else _other(site, writer)
    static = _static_cure(provenance)
    if static is not None:
        found = [*found, _Cure(f"or {static.words}") if found else static]
    found = [_with_import(cure, writer) for cure in found]
    return [_line(cure, site) for cure in found], [cure.fix for cure in found if cure.fix]


def _with_import(cure: _Cure, writer: Rewriter) -> _Cure:
    """Add the import that the new text needs and the user's file lacks."""
    if cure.fix is None or writer.knows_jib or "jib." not in cure.fix.text:
        return cure
    return replace(cure, fix=replace(cure.fix, imports=("import jib",)))


def _line(cure: _Cure, site: Site) -> str:
    """`words   code` on one line, or the code as a block with its place."""
    if cure.fix is None:
        return cure.words
    fix = cure.fix
    statement = site.statement
    whole = (fix.first_line, fix.column) == (statement.lineno, statement.col_offset)
    text = fix.text
    if not whole and fix.first_line == fix.last_line and "\n" not in text:
        # A part of one line changes: show the line, since that is what will be edited.
        changed = fix.apply("".join(site.lines)).splitlines()
        text = changed[len(fix.imports) + fix.first_line - 1].strip()
    added = "".join(f" (after `{line}`)" for line in fix.imports)
    if "\n" not in text:
        place = _lines_replaced(fix) if fix.first_line != fix.last_line else ""
        return f"{cure.words}; write{place}{added}   {text}"
    indented = "".join(f"\n        {line}" for line in _dedented(text, fix.column))
    return f"{cure.words}; write{_lines_replaced(fix)}{added}{indented}"


def _lines_replaced(fix: Fix) -> str:
    if fix.first_line == fix.last_line:
        return f", in place of line {fix.first_line},"
    return f", in place of lines {fix.first_line}-{fix.last_line},"


def _dedented(text: str, column: int) -> list[str]:
    first, *rest = text.split("\n")
    return [first, *(line[column:] for line in rest)]


def _static_cure(provenance: Provenance | None) -> _Cure | None:
    """An argument that is one integer or bool can be made static instead."""
    if provenance is None or provenance.transform != "jib.jit" or len(provenance.arguments) != 1:
        return None
    name, aval = provenance.arguments[0]
    if not name.isidentifier() or not aval.startswith(("int", "uint", "bool")):
        return None
    if not aval.endswith("[]"):
        return None
    call = f"jib.jit({provenance.function or 'f'}, static_argnames={name!r})"
    return _Cure(f"make `{name}` static, which compiles once for each value   {call}")


def _if(site: Site, writer: Rewriter) -> list[_Cure]:
    condition = writer.condition_name()
    choose = (
        f"both branches can be one `{writer.numpy}.where`, or run one of two functions with "
        f"{writer.lax}.cond({condition}, when_true, when_false, *arguments)"
    )
    statement = site.parents[0]
    if site.construct == "elif" or not isinstance(statement, ast.If):
        return [_Cure(choose)]
    if isinstance(statement.body[0], ast.Raise):
        return [_Cure("test before the traced function is called, where the value is known")]
    fix = writer.choose_branches(statement)
    if fix is None:
        return [_Cure(choose)]
    return [_Cure("compute both branches and choose", fix)]


def _conditional_expression(site: Site, writer: Rewriter) -> list[_Cure]:
    chosen = site.parents[0]
    text = writer.choose(chosen) if isinstance(chosen, ast.IfExp) else None
    if text is None:
        return [_Cure(f"choose between two arrays with {writer.numpy}.where(condition, a, b)")]
    return [_Cure("compute both values and choose", replacement(chosen, text))]


def _logic(site: Site, writer: Rewriter) -> list[_Cure]:
    """`and`, `or`, `not`, `a < b < c`: elementwise forms, with the `if` around them if any."""
    logic: ast.AST = site.node
    for parent in site.parents:
        negation = isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.Not)
        if not (isinstance(parent, ast.BoolOp) or negation):
            break
        logic = parent
    above = site.parents[0] if logic is site.node else _parent(site, logic)
    words = "combine element by element"
    if isinstance(above, ast.If) and above.test is logic:
        fix = writer.choose_branches(above)
        if fix is not None:
            return [_Cure(f"{words}, compute both branches and choose", fix)]
    if isinstance(above, ast.While) and above.test is logic:
        fix = loop_cure(site, writer, above)
        if fix is not None:
            return [_Cure(f"{words}, in a compiled loop", fix)]
    if isinstance(above, ast.IfExp) and above.test is logic:
        text = writer.choose(above)
        if text is not None:
            return [_Cure(f"{words}, compute both values and choose", replacement(above, text))]
    text = writer.logic_value(logic)
    if text is None:
        names = ", ".join(f"{writer.numpy}.logical_{name}" for name in ("and", "or", "not"))
        return [_Cure(f"{words} with {names}")]
    return [_Cure(words, replacement(logic, text))]


def _parent(site: Site, node: ast.AST) -> ast.AST:
    return site.parents[site.parents.index(node) + 1]


def _while(site: Site, writer: Rewriter) -> list[_Cure]:
    loop = site.parents[0]
    fix = loop_cure(site, writer, loop) if isinstance(loop, ast.While) else None
    if fix is not None:
        return [_Cure("let the compiled program loop", fix)]
    return [_Cure(f"let the compiled program loop   {writer.lax}.while_loop(test, body, start)")]


def _range(site: Site, writer: Rewriter) -> list[_Cure]:
    loop = next((parent for parent in site.parents if isinstance(parent, ast.For)), None)
    fix = loop_cure(site, writer, loop) if loop is not None else None
    if fix is not None:
        return [_Cure("let the compiled program loop", fix)]
    cure = f"let the compiled program loop   {writer.lax}.fori_loop(0, count, body, start)"
    return [_Cure(cure)]


def _assert(site: Site, writer: Rewriter) -> list[_Cure]:
    return [_Cure("assert where the value is known: before the call, or on the returned value")]


def _match(site: Site, writer: Rewriter) -> list[_Cure]:
    cure = f"choose by position   {writer.lax}.switch({site.value}, [first, second], *arguments)"
    return [_Cure(cure)]


def _in(site: Site, writer: Rewriter) -> list[_Cure]:
    test = site.node
    if not isinstance(test, ast.Compare):
        return []
    item, container = site.text(test.left), site.text(test.comparators[0])
    if isinstance(test.comparators[0], ast.Tuple | ast.List | ast.Name | ast.Attribute):
        text = f"{writer.numpy}.any({writer.numpy}.asarray({container}) == {item})"
        if isinstance(test.ops[0], ast.NotIn):
            text = f"~{text}"
        above = site.parents[0]
        if isinstance(above, ast.If) and above.test is test:
            fix = writer.choose_branches(above, text)
            if fix is not None:
                return [_Cure("compare with all members at once, and choose", fix)]
        return [_Cure("compare with all members at once", replacement(test, text))]
    return [_Cure(f"compare with all members at once   {writer.numpy}.any(members == {item})")]


def _calls(node: ast.AST, name: str) -> bool:
    """Whether `node` is a call of the plain name `name`."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def _call(name: str) -> Callable[[Site, Rewriter], list[_Cure]]:
    """A cure that replaces the builtin `name` by its elementwise form."""

    def cure(site: Site, writer: Rewriter) -> list[_Cure]:
        call = next(node for node in (site.node, *site.parents) if _calls(node, name))
        assert isinstance(call, ast.Call)
        text = writer.builtin(name, call)
        if text is None:
            return [_Cure(f"use the array functions of {writer.numpy}")]
        words = {
            "bool": "keep the traced value",
            "float": "keep the traced value",
            "int": "keep it traced",
            "complex": "keep the traced value",
        }
        return [_Cure(words.get(name, "use the array function"), replacement(call, text))]

    return cure


def _text(site: Site, writer: Rewriter) -> list[_Cure]:
    """An f-string or `%`: printing can wait until the value is there."""
    printed = next((parent for parent in site.parents if _calls(parent, "print")), None)
    if printed is None:
        return [
            _Cure(f'print when the program runs   {writer.jib}.debug.print("{{}}", {site.value})')
        ]
    assert isinstance(printed, ast.Call)
    if len(printed.args) == 1 and not printed.keywords:
        text = writer.debug_print(printed.args[0])
        if text is not None:
            return [_Cure("print when the program runs", replacement(printed, text))]
    return [_Cure(f'print when the program runs   {writer.jib}.debug.print("{{}}", {site.value})')]


def _item_assignment(site: Site, writer: Rewriter) -> list[_Cure]:
    fix = writer.functional_update()
    return [] if fix is None else [_Cure("make a changed copy", fix)]


def _other(site: Site, writer: Rewriter) -> list[_Cure]:
    if site.construct == "[...]":
        return _subscript(site, writer)
    if site.construct in (".item()", ".tolist()"):
        call = site.parents[0]
        if isinstance(call, ast.Attribute):
            call = _parent(site, call)
        one = ".reshape(())" if site.construct == ".item()" and writer.shape != "[]" else ""
        return [_Cure("keep the traced value", replacement(call, f"{site.value}{one}"))]
    module, _, name = site.construct.rpartition(".")
    call = next((n for n in (site.node, *site.parents) if isinstance(n, ast.Call)), None)
    if call is not None and writer.is_numpy(module) and writer.has_numpy(name):
        fix = replacement(call.func, f"{writer.numpy}.{name}")
        return [_Cure("call the traced form of the function", fix)]
    return []


def _subscript(site: Site, writer: Rewriter) -> list[_Cure]:
    """A list indexed by a traced number, or a slice with a traced end."""
    subscript = next((n for n in (site.node, *site.parents) if isinstance(n, ast.Subscript)), None)
    if subscript is None:
        return []
    held, index = site.text(subscript.value), subscript.slice
    match index:
        case ast.Slice(lower=None, upper=ast.expr() as end, step=None):
            mask = f"{writer.numpy}.arange({held}.shape[0]) < {site.text(end)}"
            return [_Cure(f"keep the whole length, and mark the part that counts   {mask}")]
        case ast.Slice():
            start = "start" if index.lower is None else site.text(index.lower)
            call = f"{writer.lax}.dynamic_slice({held}, ({start},), (size,))"
            return [_Cure(f"cut out a piece of fixed size   {call}")]
        case ast.Tuple():
            return []
    text = f"{writer.numpy}.asarray({held})[{site.text(index)}]"
    return [_Cure("index an array, not a list", replacement(subscript, text))]


_BY_CONSTRUCT: dict[str, Callable[[Site, Rewriter], list[_Cure]]] = {
    "%": _text,
    "[...] =": _item_assignment,
    "a chained comparison": _logic,
    "an f-string": _text,
    "and": _logic,
    "assert": _assert,
    "elif": _if,
    "if": _if,
    "if ... else": _conditional_expression,
    "in": _in,
    "match": _match,
    "not": _logic,
    "or": _logic,
    "range": _range,
    "while": _while,
    **{
        name: _call(name)
        for name in ("all", "any", "bool", "complex", "float", "int", "max", "min", "sorted")
    },
}
