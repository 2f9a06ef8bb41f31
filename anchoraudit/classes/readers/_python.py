"""Values in Python files, as far as they follow from the text. Nothing is executed."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from anchoraudit.io.expressions import Arithmetic, NotResolvedError

_STEPS = 200_000  # nodes and list elements of all assignments of a file


def assignments(tree: ast.Module) -> dict[str, ast.expr]:
    """Return what each name of the top level is assigned last, in the order of the file."""
    found: dict[str, ast.expr] = {}
    for statement in tree.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        if isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        value = getattr(statement, "value", None)
        if len(targets) == 1 and isinstance(targets[0], ast.Name) and isinstance(value, ast.expr):
            found[targets[0].id] = value
    return found


def evaluated(names: Mapping[str, ast.expr]) -> Arithmetic:
    """Return an evaluator that knows the values of these names, as far as they follow from the text."""
    known = Arithmetic()
    known.steps = _STEPS
    for name, node in names.items():
        if (value := resolved(node, known)) is not None:
            known.names[name] = value
    return known


def resolved(node: ast.expr, known: Arithmetic) -> Any:
    """Return the value of an expression over the names that are known; None if it does not follow."""
    try:
        return known.value(node)
    except NotResolvedError:
        return None
