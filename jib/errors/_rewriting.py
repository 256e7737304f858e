"""Rewriting the user's expressions and branches into array form, as source text."""

from __future__ import annotations

import ast
import builtins
import json
import math
import re
import sys
from types import ModuleType
from typing import Any

import numpy

from jib.errors._base import Fix
from jib.errors._spans import text_between
from jib.errors._syntax import Site

__all__ = ["Rewriter", "replacement"]


def replacement(node: Any, text: str, last: Any = None) -> Fix:
    """The fix that puts `text` in the place of `node`, or of everything from it to `last`."""
    end = last or node
    return Fix(node.lineno, node.col_offset, end.end_lineno, end.end_col_offset, text)


class Rewriter:
    """Writes array code in the words of the user's file: their aliases, their expressions.

    Args:
      site: the place that is rewritten.
      value: type of the converted value, as `"float32[]"`.
    """

    def __init__(self, site: Site, value: str = "") -> None:
        self.site = site
        self.dtype, bracket, rest = value.partition("[")
        self.shape = bracket + rest or "[]"
        self.knows_jib = self._alias("jib") is not None
        self.jib = self._alias("jib") or "jib"
        self.numpy = self._alias("jib.numpy") or f"{self.jib}.numpy"
        self.lax = self._alias("jib.lax") or f"{self.jib}.lax"

    def _alias(self, module: str) -> str | None:
        """The name under which the user's file knows `module`."""
        for name, value in self.site.names.items():
            if isinstance(value, ModuleType) and value.__name__ == module:
                return name
        return None

    def array_function(self, construct: str) -> str | None:
        """`jnp.sqrt` for `np.sqrt` or `math.sqrt`; None where there is no such function."""
        root, _, name = construct.partition(".")
        if self.site.names.get(root) not in (numpy, math):
            return None
        found = self.site.names.get(self.numpy, sys.modules.get("jib.numpy"))
        for part in name.split("."):
            found = getattr(found, part, None)
        return None if found is None else f"{self.numpy}.{name}"

    def text(self, node: ast.AST) -> str:
        """The source of `node` as the user wrote it, in parentheses if it spans lines."""
        if isinstance(node, ast.AugAssign):  # `y -= a + b` is `y - (a + b)`
            value = node.value
            simple = isinstance(value, ast.Name | ast.Constant | ast.Call | ast.Subscript)
            operand = self.text(value) if simple else _wrapped(self.text(value))
            return f"{self.text(node.target)} {_sign(node.op)} {operand}"
        if isinstance(node, ast.Name):
            return node.id
        text = self.site.text(node)
        return f"({text})" if "\n" in text else text

    def condition_name(self) -> str:
        """The condition at the site, short enough to stand in a sentence."""
        return self.site.value if len(self.site.value) <= 40 else "condition"

    # Conditions ------------------------------------------------------------------------------

    def condition(self, test: ast.AST) -> str | None:
        """`test` without `and`, `or`, `not` and chains; None where that changes its meaning."""
        match test:
            case ast.BoolOp(op=op, values=values):
                parts = [self.condition(value) for value in values]
                if None in parts:
                    return None
                if all(_is_truth(value) for value in values):
                    sign = " & " if isinstance(op, ast.And) else " | "
                    return sign.join(_wrapped(part) for part in parts if part)
                name = "logical_and" if isinstance(op, ast.And) else "logical_or"
                joined = parts[0]
                for part in parts[1:]:
                    joined = f"{self.numpy}.{name}({joined}, {part})"
                return joined
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                inner = self.condition(operand)
                if inner is None:
                    return None
                if _is_truth(operand):
                    return f"~{_wrapped(inner)}"
                return f"{self.numpy}.logical_not({inner})"
            case ast.Compare(ops=ops, left=left, comparators=comparators):
                if any(isinstance(op, ast.Is | ast.IsNot | ast.In | ast.NotIn) for op in ops):
                    return None
                ends = [left, *comparators]
                pairs = [
                    f"{self.text(a)} {_sign(op)} {self.text(b)}"
                    for a, op, b in zip(ends, ops, comparators, strict=False)
                ]
                if len(pairs) == 1:
                    return self.text(test)
                return " & ".join(f"({pair})" for pair in pairs)
        return self.text(test)

    def logic_value(self, logic: ast.AST) -> str | None:
        """`a or b` where its value is wanted: one of the operands, unless all are truths."""
        if not isinstance(logic, ast.BoolOp) or _is_truth(logic):
            return self.condition(logic)
        *before, text = [self.text(value) for value in logic.values]
        if not all(_is_array(value) for value in logic.values):
            return None
        if self.condition(logic) is None:
            return None
        for operand in reversed(before):
            sides = f"{text}, {operand}" if isinstance(logic.op, ast.And) else f"{operand}, {text}"
            text = f"{self.numpy}.where({operand}, {sides})"
        return text

    def closed(self, node: ast.AST) -> str:
        """The source of `node`, so that a method can be called on it."""
        return _wrapped(self.site.text(node))

    # Choosing --------------------------------------------------------------------------------

    def choose(self, chosen: ast.IfExp) -> str | None:
        """`a if c else b` as `where(c, a, b)`."""
        return self._where(self.condition(chosen.test), chosen.body, chosen.orelse)

    def _where(self, condition: str | None, yes: ast.expr, no: ast.expr) -> str | None:
        """`where` over two expressions; tuples of one length choose element by element."""
        if condition is None:
            return None
        if isinstance(yes, ast.Tuple) and isinstance(no, ast.Tuple):
            if len(yes.elts) != len(no.elts) or not yes.elts:
                return None
            pairs = zip(yes.elts, no.elts, strict=True)
            parts = [self._where(condition, a, b) for a, b in pairs]
            return None if None in parts else ", ".join(part for part in parts if part)
        if not (_is_array(yes) and _is_array(no)):
            return None
        first, second = (
            self.choose(side) if isinstance(side, ast.IfExp) else self.text(side)
            for side in (yes, no)
        )
        if first is None or second is None:
            return None
        return f"{self.numpy}.where({condition}, {first}, {second})"

    def choose_branches(self, statement: ast.If, condition: str | None = None) -> Fix | None:
        """An `if` whose branches only return, or only set names, as one line for each."""
        condition = condition or self.condition(statement.test)
        last: ast.stmt = statement
        while isinstance(last, ast.If) and _returns(last.body) and not last.orelse:
            following = self._following(last)
            if following is None:
                return None
            last = following
        chosen = self._values(statement.body)
        other = self._values([self._following(statement)] if last is not statement else
                             statement.orelse)  # fmt: skip
        if condition is None or not chosen or other is None:
            return None
        if not other:
            other = {name: ast.Name(name.removesuffix(" ="), ast.Load()) for name in chosen}
        if chosen.keys() != other.keys():
            return None
        if len(chosen) > 1 and any(_loads(statement.test, name) for name in chosen):
            return None
        lines = [f"{name} {self._where(condition, chosen[name], other[name])}" for name in chosen]
        if any(line.endswith(" None") for line in lines):
            return None
        return replacement(statement, ("\n" + " " * statement.col_offset).join(lines), last)

    def _values(self, block: list[Any]) -> dict[str, ast.expr] | None:
        """`return` or `name =`, and what a block gives it; None for any other statement."""
        values: dict[str, ast.expr] = {}
        for statement in block:
            match statement:
                case ast.Return(value=ast.expr() as value):
                    target = "return"
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    target = f"{name} ="
                case ast.AugAssign(target=ast.Name(id=name)):
                    target, value = f"{name} =", statement
                case ast.If(test=test, body=[_] as body, orelse=orelse):
                    yes = self._values(body)
                    no = self._values(orelse or [self._following(statement)])
                    if not yes or not no or yes.keys() != no.keys():
                        return None
                    ((target, first),), (second,) = yes.items(), no.values()
                    value = ast.IfExp(test, first, second)
                case _:
                    return None
            if target in values or any(_loads(value, name) for name in values):
                return None
            values[target] = value  # type: ignore[assignment]
        return values

    def _following(self, statement: ast.stmt) -> ast.stmt | None:
        """The statement after `statement` in its block."""
        for parent in self.site.parents:
            for block in ("body", "orelse", "finalbody"):
                statements = getattr(parent, block, None)
                if isinstance(statements, list) and statement in statements:
                    at = statements.index(statement) + 1
                    return statements[at] if at < len(statements) else None
        return None

    # Builtins, text, updates -----------------------------------------------------------------

    def builtin(self, name: str, call: ast.Call) -> str | None:
        """The array form of a call of a Python builtin."""
        if call.keywords or any(isinstance(arg, ast.Starred) for arg in call.args):
            return None
        if self.site.names.get(name, getattr(builtins, name)) is not getattr(builtins, name):
            return None
        arguments = [self.text(argument) for argument in call.args]
        if name in ("min", "max") and len(arguments) > 1:
            joined = arguments[0]
            for argument in arguments[1:]:
                joined = f"{self.numpy}.{name}imum({joined}, {argument})"
            return joined
        if name == "complex" and len(arguments) == 2:
            return f"({arguments[0]} + 1j * {_wrapped(arguments[1])})"
        if len(arguments) != 1:
            return None
        only = arguments[0]
        if name == "bool" and not self.dtype.startswith("bool"):
            return f"({_wrapped(only)} != 0)"
        if name in ("bool", "complex", "float", "int") and self.dtype.startswith(name):
            return _wrapped(only)
        if name in ("complex", "float", "int"):
            return f"{_wrapped(only)}.astype({name})"
        array = only
        if not isinstance(call.args[0], ast.Name):
            array = f"{self.numpy}.asarray({only})"
        if isinstance(call.args[0], ast.GeneratorExp):
            array = f"{self.numpy}.asarray([{only[1:-1]}])"
        return f"{self.numpy}.{'sort' if name == 'sorted' else name}({array})"

    def debug_print(self, printed: ast.AST) -> str | None:
        """`f"a {x}"`, `"a %f" % x` or `"a {}".format(x)` as `jib.debug.print("a {}", x)`."""
        match printed:
            case ast.JoinedStr(values=parts):
                template, values = self._pieces(parts)
            case ast.Call(func=ast.Attribute(ast.Constant(str(text)), "format"), keywords=[]):
                template, values = text, list(map(self.text, printed.args))
            case ast.Call(ast.Name("format"), [value, ast.Constant(str(spec))], []):
                template, values = f"{{:{spec}}}", [self.text(value)]
            case ast.BinOp(ast.Constant(str(text)), ast.Mod(), right):
                braces = text.replace("{", "{{").replace("}", "}}")
                template = re.sub(r"%([\d.]*[defg])", r"{:\1}", braces).replace("%s", "{}")
                parts = right.elts if isinstance(right, ast.Tuple) else [right]
                template = None if "%" in template.replace("%%", "") else template
                values = list(map(self.text, parts))
            case _:
                return None
        if template is None:
            return None
        text = template.replace("%%", "%") if isinstance(printed, ast.BinOp) else template
        text = json.dumps(text, ensure_ascii=False)  # with double quotes
        return f"{self.jib}.debug.print({text}, {', '.join(values)})"

    def _pieces(self, parts: list[Any]) -> tuple[str | None, list[str]]:
        """The template of an f-string, and its values; no template where one would differ."""
        template, values = [], []
        for part in parts:
            if isinstance(part, ast.Constant):
                template.append(str(part.value).replace("{", "{{").replace("}", "}}"))
                continue
            spec = getattr(part.format_spec, "values", [])
            if part.conversion != -1 or not all(isinstance(s, ast.Constant) for s in spec):
                return None, []
            shape = "".join(str(s.value) for s in spec)
            template.append(f"{{:{shape}}}" if shape else "{}")
            # `unparse`, because before Python 3.12 positions inside an f-string are not exact.
            values.append(ast.unparse(part.value))
        return "".join(template), values

    def functional_update(self) -> Fix | None:
        """`x[i] = v` as `x = x.at[i].set(v)`, and `x[i] += v` as `.at[i].add(v)`."""
        statement = self.site.statement
        match statement:
            case ast.Assign(targets=[ast.Subscript() as target], value=value):
                method = "set"
            case ast.AugAssign(target=ast.Subscript() as target, op=op, value=value):
                method = _UPDATES.get(_sign(op), "")
            case _:
                return None
        if not isinstance(target.value, ast.Name | ast.Attribute):
            return None
        array, index = self.site.text(target.value), self.site.text(target.slice)
        operand = self.site.text(value)
        updated = array
        if self.site.node is target.slice:  # the index is to blame: a list is indexed
            if isinstance(target.slice, ast.Slice):
                return None
            updated = f"{self.numpy}.asarray({array})"
        if isinstance(value, ast.Tuple) and not operand.startswith("("):
            operand = f"({operand})"
        if method:
            return replacement(statement, f"{array} = {updated}.at[{index}].{method}({operand})")
        new = f"{array}[{index}] {_sign(op)} {_wrapped(operand)}"
        return replacement(statement, f"{array} = {updated}.at[{index}].set({new})")

    def block(self, first: ast.stmt, last: ast.stmt) -> list[str]:
        """The lines from `first` to `last`, without their common indentation."""
        lines = self.site.lines
        column = first.col_offset
        text = text_between(
            lines, first.lineno, last.end_lineno or 0, column, last.end_col_offset or 0
        )
        head, *rest = text.split("\n")
        return [head, *(line[column:] if line[:column].isspace() else line for line in rest)]


_UPDATES = {"+": "add", "/": "divide", "*": "multiply", "**": "power", "-": "subtract"}


def _sign(op: ast.AST) -> str:
    """How an operator is written."""
    a, b = ast.Name("a"), ast.Name("b")
    compares = isinstance(op, ast.cmpop)
    node: ast.expr = ast.Compare(a, [op], [b]) if compares else ast.BinOp(a, op, b)  # type: ignore
    return ast.unparse(node)[2:-2]


def _returns(block: list[ast.stmt]) -> bool:
    return isinstance(block[-1], ast.Return)


def _loads(node: ast.AST, target: str) -> bool:
    """Whether an expression reads the name that `target`, as "name =", sets."""
    return any(isinstance(n, ast.Name) and f"{n.id} =" == target for n in ast.walk(node))


def _is_truth(node: ast.AST) -> bool:
    """Whether the expression is surely a truth value, so that `&` and `~` mean and, not."""
    match node:
        case ast.Compare():
            return True
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _is_truth(operand)
        case ast.BoolOp(values=values):
            return all(_is_truth(value) for value in values)
    return False


def _is_array(node: ast.AST) -> bool:
    """Whether the expression can be an array: not text, None, or a container display."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, bool | int | float | complex)
    if isinstance(node, ast.IfExp):
        return _is_array(node.body) and _is_array(node.orelse)
    displays = ast.Dict | ast.JoinedStr | ast.Lambda | ast.List | ast.ListComp | ast.Set | ast.Tuple
    return not isinstance(node, displays)


def _wrapped(text: str) -> str:
    """`text` in parentheses, unless it already is one closed group or a name."""
    if text.isidentifier():
        return text
    try:
        node = ast.parse(text, mode="eval").body
    except SyntaxError:
        return f"({text})"
    closed = ast.Attribute | ast.Call | ast.Constant | ast.Name | ast.Subscript
    return text if isinstance(node, closed) else f"({text})"
