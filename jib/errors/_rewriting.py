"""Rewriting the user's expressions and branches into array form, as source text."""

from __future__ import annotations

import ast
import builtins
from types import ModuleType

import numpy

from jib.errors._base import Fix
from jib.errors._spans import text_between
from jib.errors._syntax import Site

__all__ = ["Rewriter", "replacement"]


def replacement(node: ast.AST, text: str, last: ast.AST | None = None) -> Fix:
    """The fix that puts `text` in the place of `node`, or of everything from it to `last`."""
    end = last or node
    return Fix(
        node.lineno,  # type: ignore[attr-defined]
        node.col_offset,  # type: ignore[attr-defined]
        end.end_lineno,  # type: ignore[attr-defined]
        end.end_col_offset,  # type: ignore[attr-defined]
        text,
    )


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

    def is_numpy(self, name: str) -> bool:
        """Whether `name` is the user's alias of NumPy."""
        return self.site.names.get(name) is numpy

    def has_numpy(self, name: str) -> bool:
        """Whether the user's `jib.numpy` has a function `name` (unknown counts as yes)."""
        module = self.site.names.get(self.numpy)
        return module is None or hasattr(module, name)

    def text(self, node: ast.AST) -> str:
        """The source of `node` as the user wrote it, in parentheses if it spans lines."""
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
                    f"{self.text(a)} {_SIGNS[type(op)]} {self.text(b)}"
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
        """An `if` whose branches only return, or only set one name, as one line."""
        condition = condition or self.condition(statement.test)
        if condition is None or len(statement.body) != 1:
            return None
        last: ast.stmt = statement
        otherwise = statement.orelse
        body = statement.body[0]
        if isinstance(body, ast.Return) and not otherwise:
            following = self._following(statement)
            if not isinstance(following, ast.Return):
                return None
            otherwise, last = [following], following
        if len(otherwise) > 1:
            return None
        text = self._chosen(condition, body, otherwise[0] if otherwise else None)
        return None if text is None else replacement(statement, text, last)

    def _chosen(self, condition: str, body: ast.stmt, other: ast.stmt | None) -> str | None:
        match body, other:
            case ast.Return(value=ast.expr() as yes), ast.Return(value=ast.expr() as no):
                chosen = self._where(condition, yes, no)
                return None if chosen is None else f"return {chosen}"
            case _:
                set_yes = self._set_name(body)
                if set_yes is None:
                    return None
                name, yes = set_yes
                set_no = (name, name) if other is None else self._set_name(other)
                if set_no is None or set_no[0] != name:
                    return None
                return f"{name} = {self.numpy}.where({condition}, {yes}, {set_no[1]})"

    def _set_name(self, statement: ast.stmt) -> tuple[str, str] | None:
        """`(name, new value)` of a statement that sets one name."""
        match statement:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if _is_array(value):
                return name, self.text(value)
            case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
                if type(op) not in _OPERATORS:
                    return None
                operand = self.text(value)
                if not isinstance(value, ast.Name | ast.Constant | ast.Call | ast.Subscript):
                    operand = _wrapped(operand)
                return name, f"{name} {_OPERATORS[type(op)]} {operand}"
        return None

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

    def debug_print(self, printed: ast.expr) -> str | None:
        """`print(f"... {x}")` as `jib.debug.print("... {x}", x=x)`."""
        if not isinstance(printed, ast.JoinedStr):
            return None
        template, values = [], []
        for part in printed.values:
            if isinstance(part, ast.Constant):
                template.append(str(part.value).replace("{", "{{").replace("}", "}}"))
                continue
            if not isinstance(part, ast.FormattedValue) or part.conversion != -1:
                return None
            spec = part.format_spec
            pieces = spec.values if isinstance(spec, ast.JoinedStr) else []
            if not all(isinstance(piece, ast.Constant) for piece in pieces):
                return None
            shape = "".join(str(piece.value) for piece in pieces)  # type: ignore[attr-defined]
            template.append(f"{{:{shape}}}" if shape else "{}")
            # `unparse`, because before Python 3.12 positions inside an f-string are not exact.
            values.append(ast.unparse(part.value))
        text = "".join(template).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{self.jib}.debug.print("{text}", {", ".join(values)})'

    def functional_update(self) -> Fix | None:
        """`x[i] = v` as `x = x.at[i].set(v)`, and `x[i] += v` as `.at[i].add(v)`."""
        statement = self.site.statement
        match statement:
            case ast.Assign(targets=[ast.Subscript() as target], value=value):
                method = "set"
            case ast.AugAssign(target=ast.Subscript() as target, op=op, value=value):
                method = _UPDATES.get(type(op), "")
            case _:
                return None
        if not isinstance(target.value, ast.Name | ast.Attribute):
            return None
        array, index = self.site.text(target.value), self.site.text(target.slice)
        operand = self.site.text(value)
        if isinstance(value, ast.Tuple) and not operand.startswith("("):
            operand = f"({operand})"
        if method:
            return replacement(statement, f"{array} = {array}.at[{index}].{method}({operand})")
        sign = _OPERATORS.get(type(op))  # type: ignore[possibly-undefined]
        if sign is None:
            return None
        new = f"{array}[{index}] {sign} {_wrapped(operand)}"
        return replacement(statement, f"{array} = {array}.at[{index}].set({new})")

    def block(self, first: ast.stmt, last: ast.stmt) -> list[str]:
        """The lines from `first` to `last`, without their common indentation."""
        lines = self.site.lines
        column = first.col_offset
        text = text_between(
            lines, first.lineno, last.end_lineno or 0, column, last.end_col_offset or 0
        )
        head, *rest = text.split("\n")
        return [head, *(line[column:] if line[:column].isspace() else line for line in rest)]


_SIGNS: dict[type, str] = {
    ast.Eq: "==",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.NotEq: "!=",
}
_OPERATORS: dict[type, str] = {
    ast.Add: "+",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.LShift: "<<",
    ast.MatMult: "@",
    ast.Mod: "%",
    ast.Mult: "*",
    ast.Pow: "**",
    ast.RShift: ">>",
    ast.Sub: "-",
}
_UPDATES: dict[type, str] = {
    ast.Add: "add",
    ast.Div: "divide",
    ast.Mult: "multiply",
    ast.Pow: "power",
    ast.Sub: "subtract",
}


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
