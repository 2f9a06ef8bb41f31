"""Evaluates Python expressions without executing them.

Literals, lists, arithmetic, `len`, simple comprehensions.
"""

from __future__ import annotations

import ast
import itertools
import operator
import re
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from anchoraudit.errors import AnchorauditError

_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
}
# Letters: the largest configurations, dumped in full, have a tenth. The parser needs 600 bytes for each.
LARGEST = 1_000_000
# Python 3.11 takes time with the square of the number of fields in an f-string.
_F_STRING, _BRACES = re.compile(r"""[fF][rR]?['"]"""), 2_000
_SHOWN = 500  # parts of an expression that is shown as it is
_STEPS = 20_000  # nodes and list elements, far more than a detector file needs
_LARGE = 1e12  # a number above this is not a size, a count or a ratio
_LARGEST_BASE, _LARGEST_EXPONENT = 1e5, 64  # so that a power is computed at once


class NotResolvedError(Exception):
    """An expression cannot be evaluated: it is of another kind, or too large."""

    def __init__(self, node: ast.AST) -> None:
        self.node = node
        super().__init__(type(node).__name__)


class Arithmetic:
    """Evaluates expressions over `names`; at most 20,000 steps, numbers at most 1e12."""

    def __init__(self, names: Mapping[str, Any] | None = None) -> None:
        self.names: dict[str, Any] = dict(names or {})
        self.steps = _STEPS

    def value(self, node: ast.expr) -> Any:
        """Return the value of an expression. Raises NotResolvedError."""
        self.steps -= 1
        if self.steps < 0:
            raise NotResolvedError(node)
        match node:
            case ast.Constant(value=int() | float() | str() | None as value):  # bool is an int
                return value
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return self.elements(items)
            case ast.Name(id=name) if name in self.names:
                return self.names[name]
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=operand):
                number = self.number(operand)
                return -number if isinstance(sign, ast.USub) else number
            case ast.BinOp(left=left, op=op, right=right):
                return self.operation(node, left, op, right)
            case ast.Call(func=ast.Name(id="len"), args=[argument], keywords=[]) if "len" not in self.names:
                return self.length(argument)
            case ast.ListComp(elt=element, generators=[ast.comprehension() as loop]):
                return self.comprehension(element, loop)
        raise NotResolvedError(node)

    def elements(self, nodes: list[ast.expr]) -> list[Any]:
        """Return the values of a list's elements; `*name` inserts the elements of another list."""
        values: list[Any] = []
        for node in nodes:
            added = self.starred(node) if isinstance(node, ast.Starred) else [self.item(node)]
            values += [self.within(value, node) for value in added]
        return values

    def within(self, value: Any, node: ast.expr) -> Any:
        """Return a value that becomes part of another one, if the steps that are left are enough for it.

        A list of a list that is named four times, and so on, is small to write and large to walk through.
        """
        if isinstance(value, list | dict) and not isinstance(node, ast.List | ast.Tuple):
            self.steps -= size_of(value, self.steps + 1)
            if self.steps < 0:
                raise NotResolvedError(node)
        return value

    def starred(self, node: ast.Starred) -> list[Any]:
        """Return the elements that `*list` inserts."""
        inner = self.value(node.value)
        if not isinstance(inner, list) or len(inner) > self.steps:
            raise NotResolvedError(node)
        self.steps -= len(inner)
        return inner

    def item(self, node: ast.expr) -> Any:
        """Return the value of an element of a list."""
        return self.value(node)

    def number(self, node: ast.expr) -> Any:
        """Return the value of an expression that must be a number, at most 1e12."""
        value = self.value(node)
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _LARGE:
            raise NotResolvedError(node)
        return value

    def length(self, node: ast.expr) -> int:
        """Return the value of `len(expression)`, of a list, a mapping or a text."""
        value = self.value(node)
        if not isinstance(value, list | dict | str):
            raise NotResolvedError(node)
        return len(value)

    def operation(self, node: ast.expr, left: ast.expr, op: ast.operator, right: ast.expr) -> Any:
        """Return the value of `left op right`: numbers, or two lists added."""
        if isinstance(op, ast.Add):
            first = self.value(left)
            if isinstance(first, list):
                second = self.value(right)
                if not isinstance(second, list) or len(first) + len(second) > _STEPS:
                    raise NotResolvedError(node)
                self.steps -= size_of([first, second], self.steps + 1)
                if self.steps < 0:
                    raise NotResolvedError(node)
                return [*first, *second]
        a, b = self.number(left), self.number(right)
        try:
            if isinstance(op, ast.Pow):
                if abs(b) > _LARGEST_EXPONENT or abs(a) > _LARGEST_BASE:
                    raise NotResolvedError(node)
                result = a**b
            elif type(op) in _OPERATORS:
                result = _OPERATORS[type(op)](a, b)
            else:
                raise NotResolvedError(node)
        except ArithmeticError:
            raise NotResolvedError(node) from None
        if isinstance(result, complex) or not abs(result) <= _LARGE:
            raise NotResolvedError(node)
        return result

    def comprehension(self, element: ast.expr, loop: ast.comprehension) -> list[Any]:
        """Return the value of `[element for name in list]`; conditions and nested loops are not evaluated."""
        if loop.ifs or loop.is_async or not isinstance(loop.target, ast.Name):
            raise NotResolvedError(element)
        items = self.value(loop.iter)
        if not isinstance(items, list):
            raise NotResolvedError(loop.iter)
        name, result = loop.target.id, []
        before = {name: self.names[name]} if name in self.names else {}
        for item in items:
            self.names[name] = item
            result.append(self.within(self.value(element), element))
        self.names.pop(name, None)
        self.names.update(before)
        return result


def size_of(value: Any, most: int) -> int:
    """Return how many values there are in a value, itself included; `most` if there are as many or more.

    One that others name several times counts each time.
    """
    number, left = 0, [value]
    while left and number < most:
        one = left.pop()
        number += 1
        if isinstance(one, list | tuple):
            left += one[:most]
        elif isinstance(one, dict):
            left += one.values()
    return min(number + len(left), most)


def source_of(node: ast.AST) -> str:
    """Return the text of a node, to show it; of one with very many parts only how many lines it takes.

    `ast.unparse` takes time that grows with the square of the length of some.
    """
    if next(itertools.islice(ast.walk(node), _SHOWN, None), None) is None:
        return ast.unparse(node)
    lines = getattr(node, "end_lineno", 1) - getattr(node, "lineno", 1) + 1
    return f"(an expression of {lines:,} line{'s' * (lines != 1)})"


def mentions(node: ast.AST, pattern: re.Pattern[str]) -> bool:
    """Tell whether a name or a text in a node matches a pattern, somewhere in it."""
    words = (value for one in ast.walk(node) for _, value in ast.iter_fields(one) if isinstance(value, str))
    return any(map(pattern.search, words))


def parse(text: str, mode: str = "exec") -> ast.AST:
    """Parse Python text without compiling it. Raises SyntaxError, also if it is too large for the parser."""
    if len(text) > LARGEST:
        raise SyntaxError(f"more than {LARGEST:,} letters, which no configuration has")
    if text.count("{") > _BRACES and _F_STRING.search(text):
        raise SyntaxError(f"more than {_BRACES:,} braces in a file with f-strings")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they are about escapes in the user's strings
            return ast.parse(text, mode=mode)
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxError(f"cannot be parsed ({type(error).__name__})") from None


def parse_module(text: str, path: Path) -> ast.Module:
    """Parse a Python file. Raises AnchorauditError with the line at which it cannot be parsed."""
    try:
        tree = parse(text)
    except SyntaxError as error:
        raise AnchorauditError(
            f"not valid Python: {error.msg}",
            path=path,
            place=f"line {error.lineno}" if error.lineno else "",
            remedy="Fix the file there.",
        ) from None
    assert isinstance(tree, ast.Module)
    return tree


def evaluate(text: str) -> Any:
    """Return the value of one expression, given as text. Raises NotResolvedError or SyntaxError."""
    tree = parse(text.strip(), "eval")
    assert isinstance(tree, ast.Expression)
    return Arithmetic().value(tree.body)
