"""Read `self.num_classes` of a YOLOX experiment, `class Exp(MyExp)`. It is Python, and is not executed.

Source: YOLOX yolox/exp/yolox_base.py (num_classes is 80 where an experiment leaves it out). The names are not
in such a file: they are those of the COCO file, or of yolox/data/datasets/voc_classes.py.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from anchoraudit.classes.readers._python import assignments, evaluated, parsed, resolved
from anchoraudit.detectors.spec import Classes
from anchoraudit.errors import AnchorauditError

SUFFIXES = (".py",)
LOOKS_FOR = "experiment of YOLOX (.py with class Exp)"

_USUAL_COUNT = 80
_OF_YOLOX = re.compile(r"yolox\.exps?\b|exps\.default\b")


def detect(path: Path, text: str) -> bool:
    """Tell whether the text has a class `Exp`."""
    del path
    return re.search(r"^class Exp\b", text, re.M) is not None


def read(path: Path, text: str) -> Classes:
    """Read the count: the last assignment in the class, or YOLOX's own number if its base is YOLOX's."""
    tree = parsed(path, text)
    exp = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Exp")
    found = list(_counts(exp))
    if not found:
        return _usual(path, tree, exp)
    value, in_a_branch = found[-1]
    count = None if in_a_branch else resolved(value, evaluated(assignments(tree)))
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        raise AnchorauditError(
            f"num_classes is {ast.unparse(value)[:60]!r}: unknown, because the file is not executed",
            path=path,
            place=f"line {value.lineno}",
            remedy="Write the number itself there, or name a file that lists the classes.",
        )
    return Classes(count=count, stated_in=f"{path.name}, line {value.lineno}")


def _counts(exp: ast.ClassDef) -> Iterator[tuple[ast.expr, bool]]:
    """Yield what the class or its __init__ assigns to num_classes, and whether in a branch or loop."""
    for part in exp.body:
        body = part.body if isinstance(part, ast.FunctionDef) and part.name == "__init__" else [part]
        for statement in body:
            for node in ast.walk(statement):
                if isinstance(node, ast.FunctionDef) and node.name != "__init__":
                    break
                targets = node.targets if isinstance(node, ast.Assign) else []
                if isinstance(node, ast.AnnAssign | ast.AugAssign):
                    targets = [node.target]
                if any(ast.unparse(target) in ("num_classes", "self.num_classes") for target in targets):
                    value = getattr(node, "value", None)
                    if isinstance(value, ast.expr):
                        yield value, node is not statement or isinstance(node, ast.AugAssign)


def _usual(path: Path, tree: ast.Module, exp: ast.ClassDef) -> Classes:
    """Return YOLOX's own count, if the class that the experiment extends is one of YOLOX."""
    bases = {ast.unparse(base).partition(".")[0] for base in exp.bases}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and _OF_YOLOX.match(node.module or ""):
            bases -= {alias.asname or alias.name for alias in node.names}
        if isinstance(node, ast.Import):
            own = [alias for alias in node.names if alias.name.startswith("yolox")]
            bases -= {alias.asname or alias.name.partition(".")[0] for alias in own}
    if not exp.bases or bases:
        extended = ", ".join(sorted(bases)) or "no class of YOLOX"
        raise AnchorauditError(
            f"no num_classes, and class Exp extends {extended}, which is not in this file",
            path=path,
            place=f"line {exp.lineno}",
            remedy="Write self.num_classes in its __init__, or name the file that has it.",
        )
    return Classes(count=_USUAL_COUNT, by_default=True, stated_in=f"{path.name}, without num_classes")
