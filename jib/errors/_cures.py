"""Cures that work when pasted: the user's own statement, rewritten."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

from jib.errors._base import Fix, Provenance
from jib.errors._loops import loop_cure, until_cure
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
        found = _other(site, writer)
        return [_line(c, site) for c in found], [c.fix for c in found if c.fix]
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
    static = _static_cure(site, writer, provenance)
    if static is not None:
        found = [*found, replace(static, words=f"or {static.words}") if found else static]
    if not found:
        found = [_Cure("return the value from the compiled function, and use it after the call")]
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
        elsewhere = fix.first_line != fix.last_line or fix.first_line < statement.lineno
        place = _lines_replaced(fix) if elsewhere else ""
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


def _static_cure(site: Site, writer: Rewriter, provenance: Provenance | None) -> _Cure | None:
    """An argument that is one integer or bool can be made static instead."""
    if provenance is None or provenance.transform != "jib.jit" or len(provenance.arguments) != 1:
        return None
    name, aval = provenance.arguments[0]
    if not name.isidentifier() or not aval.startswith(("int", "uint", "bool")):
        return None
    if not aval.endswith("[]"):
        return None
    words = f"make `{name}` static, which compiles once for each value"
    for node in site.parents:
        if isinstance(node, ast.FunctionDef) and node.name == provenance.function:
            for decorator in node.decorator_list:
                if site.text(decorator) == f"{writer.jib}.jit":
                    text = f"{writer.jib}.jit(static_argnames={name!r})"
                    return _Cure(words, replacement(decorator, text))
    call = f"{writer.jib}.jit({provenance.function or 'f'}, static_argnames={name!r})"
    return _Cure(f"{words}   {call}")


def _if(site: Site, writer: Rewriter) -> list[_Cure]:
    condition = writer.condition_name()
    choose = (
        f"both branches can be one `{writer.numpy}.where`, or run one of two functions with "
        f"{writer.lax}.cond({condition}, when_true, when_false, *arguments)"
    )
    statement = site.parents[0]
    if isinstance(statement, ast.comprehension):
        return _filter(site, writer, statement)
    if site.construct == "elif" or not isinstance(statement, ast.If):
        return [_Cure(choose)]
    match statement.body[-1]:
        case ast.Raise():
            return [_Cure("test before the traced function is called, where the value is known")]
        case ast.Break():
            loop = next(p for p in site.parents if isinstance(p, ast.For | ast.While))
            fix = until_cure(site, writer, loop) if isinstance(loop, ast.While) else None
            test = f"lambda state: ~({condition})"
            words = "let the compiled program decide when to stop"
            text = "" if fix else f"   {writer.lax}.while_loop({test}, step, state)"
            return [_Cure(f"{words}{text}", fix)]
        case ast.Continue():
            kept = f"{writer.numpy}.where({condition}, old, new)"
            return [
                _Cure(f"compute every round, and keep what was where it should not count   {kept}")
            ]
    fix = writer.choose_branches(statement)
    if fix is None:
        return [_Cure(choose)]
    return [_Cure("compute both branches and choose", fix)]


def _filter(site: Site, writer: Rewriter, loop: ast.comprehension) -> list[_Cure]:
    """`sum(v for v in x if v > 0)`: elements that do not count are 0."""
    held: Any = site.parents[1]
    test = writer.condition(loop.ifs[0])
    kept = f"{writer.numpy}.where({test}, {site.text(getattr(held, 'elt', held))}, 0)"
    if not _calls(site.parents[2], "sum") or len(held.generators) > 1 or len(loop.ifs) > 1:
        return [_Cure(f"keep every element, and blank out the rest   {kept}")]
    text = f"({kept} for {site.text(loop.target)} in {site.text(loop.iter)})"
    return [_Cure("let the rest count as 0", replacement(held, text))]


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
    above = _parent(site, logic)
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
    return site.parents[0] if node is site.node else site.parents[site.parents.index(node) + 1]


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


def _in(site: Site, writer: Rewriter) -> list[_Cure]:
    test = site.node
    if not isinstance(test, ast.Compare):
        return []
    item, container = site.text(test.left), site.text(test.comparators[0])
    members = ast.Tuple | ast.List | ast.Name | ast.Attribute | ast.Call | ast.Set | ast.Dict
    if isinstance(test.comparators[0], members):
        if site.construct != "in":  # what hashes its members is no sequence
            container = f"list({container})"
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


def _call(site: Site, writer: Rewriter) -> list[_Cure]:
    """The elementwise form of a builtin."""
    name = site.construct
    call: Any = next(node for node in (site.node, *site.parents) if _calls(node, name))
    text = writer.builtin(name, call)
    if text is None:
        return [_Cure(f"use the array functions of {writer.numpy}")]
    if name == "int" and isinstance(_parent(site, call), ast.Call | ast.Slice | ast.keyword):
        return []  # `jnp.ones(int(n))`: without `int` it would be the next error
    kept = name in ("bool", "complex", "float", "int")
    words = "keep the traced value" if kept else "use the array function"
    return [_Cure(words, replacement(call, text))]


def _text(site: Site, writer: Rewriter) -> list[_Cure]:
    """Text of a traced value: printing can wait until the value is there."""
    words = "print when the program runs"
    texts = [writer.debug_print(node) for node in (*reversed(site.parents), site.node)]
    text = next(filter(None, texts), None)  # the outermost: `:.2f` is an f-string as well
    printed: Any = next((parent for parent in site.parents if _calls(parent, "print")), None)
    if text and printed and len(printed.args) == 1 and not printed.keywords:
        return [_Cure(words, replacement(printed, text))]
    return [_Cure(f'{words}   {text or f"""{writer.jib}.debug.print("{{}}", {site.value})"""}')]


def _item_assignment(site: Site, writer: Rewriter) -> list[_Cure]:
    fix = writer.functional_update()
    return [] if fix is None else [_Cure("make a changed copy", fix)]


def _other(site: Site, writer: Rewriter) -> list[_Cure]:
    if site.construct in _WORDS:
        return [_Cure(_WORDS[site.construct].format(site=site, writer=writer))]
    if site.construct == "[...]":
        return _subscript(site, writer)
    if site.construct in (".item()", ".tolist()"):
        call = site.parents[0]
        if isinstance(call, ast.Attribute):
            call = _parent(site, call)
        one = ".reshape(())" if site.construct == ".item()" and writer.shape != "[]" else ""
        if getattr(call, "args", None):
            one = f".ravel()[{site.text(call.args[0])}]"  # type: ignore[attr-defined]
        return [_Cure("keep the traced value", replacement(call, f"{site.value}{one}"))]
    call: Any = next((n for n in (site.node, *site.parents) if isinstance(n, ast.Call)), None)
    if call is None:
        return []
    function = writer.array_function(site.construct)
    if function is not None:
        return [_Cure("call the traced form of the function", replacement(call.func, function))]
    name = site.construct.rpartition(".")[2]
    if name in _SIZES and isinstance(call.func, ast.Attribute):
        text = f"{site.text(call)[:-1]}, {_SIZES[name]}=10)"
        return [_Cure("say how many there are at most", replacement(call, text))]
    module = writer.site.names.get(site.construct.partition(".")[0])
    if name in _METHODS and not isinstance(module, ModuleType) and len(call.args) == 1:
        same = (
            f"({writer.numpy}.asarray({site.text(call.func.value)}) == {site.text(call.args[0])})"
        )
        return [_Cure("compare with all members at once", replacement(call, same + _METHODS[name]))]
    return []


def _subscript(site: Site, writer: Rewriter) -> list[_Cure]:
    """A list indexed by a traced number, or a slice with a traced end."""
    subscript = next((n for n in (site.node, *site.parents) if isinstance(n, ast.Subscript)), None)
    if subscript is None:
        return []
    held, index = site.text(subscript.value), subscript.slice
    match index:
        case ast.Slice(lower=None, upper=ast.expr() as end, step=None):
            mask = f"{writer.numpy}.arange(len({held})) < {site.text(end)}"
            return [_Cure(f"keep the whole length, and mark the part that counts   {mask}")]
        case ast.Slice(ast.expr() as start, ast.BinOp(left, ast.Add(), size), None) if site.text(
            left
        ) == site.text(start):
            call = (
                f"{writer.lax}.dynamic_slice_in_dim({held}, {site.text(start)}, {site.text(size)})"
            )
            return [_Cure("cut out a piece of fixed size", replacement(subscript, call))]
        case ast.Slice():
            start = "start" if index.lower is None else site.text(index.lower)
            call = f"{writer.lax}.dynamic_slice({held}, ({start},), (size,))"
            return [_Cure(f"cut out a piece of fixed size   {call}")]
        case ast.Tuple():
            return []
    text = f"{writer.numpy}.asarray({held})[{site.text(index)}]"
    return [_Cure("index an array, not a list", replacement(subscript, text))]


# The parameter that says how many elements there are at most.
_SIZES: dict[str, str] = {"bincount": "length", "repeat": "total_repeat_length"}
_SIZES |= dict.fromkeys(("argwhere", "flatnonzero", "nonzero", "unique", "where"), "size")
_METHODS = {"count": ".sum()", "index": ".argmax()"}
_CURES: list[tuple[Callable[[Site, Rewriter], list[_Cure]], tuple[str, ...]]] = [
    (_call, ("all", "any", "bool", "complex", "float", "int", "max", "min", "sorted")),
    (_conditional_expression, ("if ... else",)),
    (_if, ("elif", "if")),
    (_in, ("in", "in a hashed container")),
    (_item_assignment, ("[...] =",)),
    (_logic, ("a chained comparison", "and", "not", "or")),
    (_range, ("range",)),
    (_text, ("%", "an f-string", "format", "str.format")),
    (_while, ("while",)),
]
_BY_CONSTRUCT = {construct: cure for cure, constructs in _CURES for construct in constructs}
_WORDS = {
    "assert": "assert where the value is known: before the call, or on the returned value",
    "match": "choose by position   {writer.lax}.switch({site.value}, [first, second], *arguments)",
}
