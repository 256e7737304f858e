"""Which construct of the user's program asked for a value: bytecode position to syntax tree."""

from __future__ import annotations

import ast
import dis
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from jib.errors._spans import Source, Span, resolve, source_lines, text_between

__all__ = ["Site", "find_site"]

# These instructions test the value that the instruction before them has just computed.
_TESTS = ("POP_JUMP", "JUMP_IF", "TO_BOOL", "UNARY_NOT")
_COMPARING_CALLS = {"max", "min", "sorted"}
_WORDS = dict.fromkeys(_COMPARING_CALLS, "the order of its arguments")


@dataclass(frozen=True, slots=True)
class Site:
    """A place in the user's program, with the syntax around it.

    Attributes:
      span: the expression that was converted.
      construct: what converted it, as the user wrote it: `if`, `range`, `x += ...`.
      value: source of the converted expression, or "" when it is not one expression.
      phrase: how a sentence names it: the source in backticks, or words.
      node: the expression's node.
      parents: its ancestors, innermost first; the last is the module.
      lines: the file's lines.
      names: global names of the user's function, to find the aliases in use.
    """

    span: Span
    construct: str
    value: str
    phrase: str
    node: ast.AST
    parents: tuple[ast.AST, ...]
    lines: list[str]
    names: dict[str, Any]

    @property
    def statement(self) -> ast.stmt:
        """The smallest statement around the expression."""
        chain = (self.node, *self.parents)
        return next(node for node in chain if isinstance(node, ast.stmt))

    def text(self, node: ast.AST) -> str:
        """The source of `node`, exactly as the user wrote it."""
        return _node_text(node, self.lines)


def find_site(source: Source | None, names: dict[str, Any], index: bool = False) -> Site | None:
    """The construct at `source`, or None where the source cannot be read or parsed.

    In `x[i] = v`, `index` says that `i` was converted, and not that `x` refused.
    """
    if source is None:
        return None
    span = _converted(source)
    lines = source_lines(span.file)
    if not span.text:
        return None
    try:
        parents_of, by_position = _parsed("".join(lines))
    except (SyntaxError, ValueError):
        return None
    key = (span.first_line, span.last_line, span.column, span.end_column)
    node = by_position.get(key)
    if node is None:
        return None
    construct, value = _classify(node, _ancestors(node, parents_of))
    if index and construct == "[...] =":
        value = node.slice  # type: ignore[attr-defined]
    found = value or node
    text = "" if value is None else _node_text(value, lines)
    if construct == "an f-string" and value is not None:
        # Before Python 3.12 positions inside an f-string are not always exact.
        text = ast.unparse(value)
    narrowed = span if value is None else _span_of(value, span, lines)
    if narrowed.text == text != "":
        span = narrowed
    phrase = (
        f"`{' '.join(text.split())}`" if text else _WORDS.get(construct, "one of its arguments")
    )
    parents = tuple(_ancestors(found, parents_of))
    return Site(span, construct, text, phrase, found, parents, lines, names)


def _ancestors(node: ast.AST, parents_of: dict[ast.AST, ast.AST]) -> list[ast.AST]:
    found = []
    above = parents_of.get(node)
    while above is not None:
        found.append(above)
        above = parents_of.get(above)
    return found


def _converted(source: Source) -> Span:
    """Where the converted value was computed: one step back from a bare test instruction."""
    code, offset = source
    previous = None
    for instruction in dis.get_instructions(code):
        if instruction.opname == "EXTENDED_ARG":
            continue
        if instruction.offset >= offset:
            if instruction.opname.startswith(_TESTS) and previous is not None:
                return resolve((code, previous))
            break
        previous = instruction.offset
    return resolve(source)


@lru_cache(maxsize=4)
def _parsed(source: str) -> tuple[dict[ast.AST, ast.AST], dict[tuple[Any, ...], ast.AST]]:
    """Parent of each node, and the innermost node at each position."""
    parents: dict[ast.AST, ast.AST] = {}
    positions: dict[tuple[Any, ...], ast.AST] = {}
    for node in ast.walk(ast.parse(source)):  # breadth first: inner nodes come later and win
        for child in ast.iter_child_nodes(node):
            parents[child] = node
        inner_text = isinstance(node, ast.Constant) and isinstance(parents.get(node), ast.JoinedStr)
        if isinstance(node, ast.expr | ast.stmt | ast.pattern) and not inner_text:
            positions[_ends(node)] = node
    return parents, positions


def _classify(node: ast.AST, parents: list[ast.AST]) -> tuple[str, ast.AST | None]:
    """The construct's name, and the node of the value that it converted, if it is one node."""
    parent = parents[0] if parents else None
    match node, parent:
        case ast.Compare(ops=[_, _, *_]), _:
            return "a chained comparison", node
        case _, ast.BoolOp():
            return "and" if isinstance(parent.op, ast.And) else "or", node
        case _, ast.UnaryOp(op=ast.Not()):
            return "not", node
        case _, ast.While() if parent.test is node:
            return "while", node
        case _, ast.If() if parent.test is node:
            return "elif" if _is_elif(parent, parents) else "if", node
        case _, ast.IfExp() if parent.test is node:
            return "if ... else", node
        case _, ast.Assert():
            return "assert", node
        case _, ast.comprehension() if node in parent.ifs:
            return "if", node
        case (ast.pattern(), _) | (_, ast.pattern() | ast.match_case()):
            subject = next((p.subject for p in parents if isinstance(p, ast.Match)), None)
            return "match", subject
    return _classify_conversion(node, parents)


def _classify_conversion(node: ast.AST, parents: list[ast.AST]) -> tuple[str, ast.AST | None]:
    """Constructs that convert by an instruction of their own: calls, subscripts, text."""
    match node:
        case ast.Compare(ops=[ast.In() | ast.NotIn()]):
            return "in", node
        case ast.Call(func=ast.Name() | ast.Attribute(), args=args, keywords=keywords):
            name = ast.unparse(node.func)
            values = [*args, *(keyword.value for keyword in keywords)]
            owner = getattr(node.func, "value", None)
            if name.endswith(".format") and isinstance(owner, ast.Constant):
                name = "str.format"
            elif isinstance(node.func, ast.Attribute) and (node.func.attr == "item" or not values):
                return f".{node.func.attr}()", node.func.value
            one = len(values) == 1 and not isinstance(values[0], ast.Starred)
            return name, values[0] if one and name not in _COMPARING_CALLS else None
        case ast.Subscript(ctx=ast.Store() | ast.Del()):
            return "[...] =", node.value
        case ast.Subscript():
            return "[...]", node.slice
        case ast.Set(elts=members) | ast.Dict(keys=members):
            traced = [m for m in members if not isinstance(m, ast.Constant)]
            return "{...}", traced[0] if len(traced) == 1 else None
        case ast.FormattedValue():
            return "an f-string", node.value
        case ast.JoinedStr():
            inner = [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
            return "an f-string", inner[0] if len(inner) == 1 else None
        case ast.BinOp(op=ast.Mod(), left=ast.Constant(value=str())):
            return "%", None if isinstance(node.right, ast.Tuple) else node.right
        case ast.BinOp(op=ast.Mult()):
            return "*", None
        case ast.Subscript() | ast.expr():
            parent = parents[0] if parents else None
            if isinstance(parent, ast.For | ast.comprehension) and parent.iter is node:
                return "for", node
    return "", node if isinstance(node, ast.expr) else None


def _is_elif(node: ast.If, parents: list[ast.AST]) -> bool:
    outer = parents[1] if len(parents) > 1 else None
    if not isinstance(outer, ast.If) or outer.orelse != [node]:
        return False
    return node.col_offset == outer.col_offset  # a nested `if` under `else:` stands further right


def _ends(node: Any) -> tuple[int, int, int, int]:
    return node.lineno, node.end_lineno, node.col_offset, node.end_col_offset


def _span_of(node: ast.AST, near: Span, lines: list[str]) -> Span:
    first, last, column, end = _ends(node)
    text = _node_text(node, lines)
    return replace(near, first_line=first, last_line=last, column=column, end_column=end, text=text)


def _node_text(node: ast.AST, lines: list[str]) -> str:
    return text_between(lines, *_ends(node))
