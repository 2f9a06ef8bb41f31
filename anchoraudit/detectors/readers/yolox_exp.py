"""Read an `exp` file of YOLOX: the class Exp, and what its `__init__` sets. It is parsed, never executed.

Sources: Megvii-BaseDetection/YOLOX 6ddff482 yolox/exp/yolox_base.py (Exp: input_size, num_classes,
multiscale_range, random_size; get_model, get_dataset, get_data_loader), yolox/models/yolo_head.py (strides),
yolox/exp/build.py (the class is called Exp). The same keys in 0.3.0.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from anchoraudit.detectors._presets import preset
from anchoraudit.detectors.readers._assume import Assume
from anchoraudit.detectors.readers._based_on import based_on
from anchoraudit.detectors.readers._stated import Stated, place
from anchoraudit.detectors.readers._table import Table, Unresolved
from anchoraudit.detectors.spec import Classes, Detector
from anchoraudit.errors import AnchorauditError
from anchoraudit.io.expressions import Arithmetic, NotResolvedError, parse_module, source_of

SUFFIXES = (".py",)
LOOKS_FOR = "YOLOX exp (.py with class Exp)"

_PRESET = "yolox"
_OF_YOLOX = re.compile(r"yolox\.exps?\b|exps\.default\b")
_RULE = (
    "Replayed with the rule of YOLOX's repository; that of the package yolox 0.3.0 is another: preset "
    "yolox-0.3.0."
)
_CLASSES = 80  # of yolox_base.py
# How many boxes of an image YOLOX itself keeps: alone, and of a mosaic.
_MOST = {"get_dataset": ("50",), "get_data_loader": ("50", "120")}


def detect(path: Path, text: str) -> bool:
    """Tell whether there is a class Exp."""
    del path
    return re.search(r"^class\s+Exp\b", text, re.M) is not None


def read(path: Path, text: str, assume: Assume) -> Detector:
    """Read the detector: input size and strides; the rule is that of YOLOX's repository."""
    exp = _Exp(path, text)
    exp.require_base(assume)
    base = preset(_PRESET)
    height, width = exp.settings.read("input_size", tuple[int, int], (640, 640))
    with exp.settings.blame("input_size"):
        resize = base.resize.with_size(max(height, width))
    notes = [_RULE]
    if height != width:
        notes.append(
            f"Trained at {width}x{height}; replayed with the longer side {resize.side} on a square. This is "
            f"exact only for images at least as {'wide' if width > height else 'tall'} in proportion."
        )
    if drawn := exp.drawn(height):
        notes.append(f"Training draws the size of each batch from {drawn} px; the replay does not.")
    notes += exp.limits()
    strides = exp.strides(assume)
    with exp.settings.blame("strides"):
        points = msgspec.structs.replace(base.points, strides=strides)
    detector = based_on(_PRESET, path, notes=tuple(notes), resize=resize, points=points)
    return Stated(exp.classes()).put_into(detector)


def classes(path: Path, text: str) -> Stated:
    """Read the number of classes; that of YOLOX's own Exp if the file leaves it out and is made of that."""
    exp = _Exp(path, text)
    if "num_classes" not in exp.settings and not exp.is_of_yolox:
        bases = ", ".join(exp.bases) or "no class of YOLOX"
        raise AnchorauditError(
            f"no num_classes, and class Exp extends {bases}, which is not in this file",
            path=path,
            place=f"line {exp.found.lineno}",
            remedy="Write self.num_classes in its __init__, or name the file that has it.",
        )
    return Stated(exp.classes())


class _Exp:
    """What the class Exp of a file sets, and which methods it has."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        tree = parse_module(text, path)
        self.imports: dict[str, str] = {}
        constants = Arithmetic({"True": True, "False": False, "None": None})
        found: ast.ClassDef | None = None
        for statement in tree.body:
            match statement:
                case ast.ImportFrom(module=str(module), names=names):
                    self.imports |= {one.asname or one.name: module for one in names}
                case ast.Import(names=names):
                    self.imports |= {one.asname: one.name for one in names if one.asname}
                case (
                    ast.Assign(targets=[ast.Name(id=name)], value=ast.expr() as value)
                    | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
                ):
                    known = self._value(constants, value)
                    if not isinstance(known, Unresolved):
                        constants.names[name] = known
                case ast.ClassDef(name="Exp"):
                    found = statement
        if found is None:
            raise AnchorauditError("no class Exp", path=path, remedy="Name an exp file of YOLOX.")
        self.found = found
        self.methods = {one.name: one for one in found.body if isinstance(one, ast.FunctionDef)}
        self.settings = self._read_settings(constants)

    def _value(self, arithmetic: Arithmetic, node: ast.expr) -> Any:
        try:
            return arithmetic.value(node)
        except NotResolvedError:
            return Unresolved(source_of(node), str(self.path), node.lineno)

    def _read_settings(self, constants: Arithmetic) -> Table:
        """Return what the class and its `__init__` set, each with its line."""
        settings = Table(str(self.path), self.found.lineno)
        own = self.methods.get("__init__")
        parts = (part.body if part is own and own is not None else [part] for part in self.found.body)
        reader = _WithSelf(constants.names, settings)
        for statement in itertools.chain.from_iterable(parts):
            match statement:
                case (
                    ast.Assign(
                        targets=[ast.Name(id=name) | ast.Attribute(value=ast.Name(id="self"), attr=name)],
                        value=ast.expr() as value,
                    )
                    | ast.AnnAssign(
                        target=ast.Name(id=name) | ast.Attribute(value=ast.Name(id="self"), attr=name),
                        value=ast.expr() as value,
                    )
                ):
                    reader.steps = constants.steps
                    settings.put(name, self._value(reader, value), str(self.path), statement.lineno)
                case ast.If() | ast.For() | ast.While() | ast.Try() | ast.With() | ast.AugAssign():
                    text = source_of(statement).splitlines()[0]
                    for name in _set_within(statement):
                        settings.put(
                            name,
                            Unresolved(text, str(self.path), statement.lineno),
                            str(self.path),
                            statement.lineno,
                        )
        return settings

    @property
    def bases(self) -> list[str]:
        """The classes of which Exp is made."""
        return [source_of(base) for base in self.found.bases]

    @property
    def is_of_yolox(self) -> bool:
        """Tell whether Exp is made of one of YOLOX's own."""
        origins = [f"{self.imports.get(name.partition('.')[0], '')}.{name}" for name in self.bases]
        return bool(origins) and all(_OF_YOLOX.match(origin.lstrip(".")) for origin in origins)

    def require_base(self, assume: Assume) -> None:
        """Raise AnchorauditError unless Exp is made of YOLOX's own, or the user says that it is like it."""
        if self.is_of_yolox:
            return
        name = ", ".join(self.bases)
        assume.that(
            f"{name or 'Exp'}",
            "sets no more than YOLOX's own Exp",
            self._error(
                f"Exp is made of {name or 'nothing'}, not of yolox.exp.Exp, so what it sets is unknown",
                self.found.lineno,
                "Copy what that class sets into this file.",
            ),
        )

    def _error(self, message: str, line: int, remedy: str) -> AnchorauditError:
        return AnchorauditError(message, path=self.path, place=f"line {line}", remedy=remedy)

    def classes(self) -> Classes:
        """Return the number of classes; YOLOX's own if the file sets none."""
        count = self.settings.read("num_classes", int, 0)
        if "num_classes" not in self.settings:
            stated_in = f"{self.path.name}, without num_classes"
            return Classes(count=_CLASSES, by_default=True, stated_in=stated_in)
        with self.settings.blame("num_classes"):
            return Classes(count=count, stated_in=place(*self.settings.where["num_classes"]))

    def drawn(self, height: int) -> str:
        """Return between which sizes training draws, as `480 to 800`; "" if it does not."""
        if "random_size" in self.settings:
            low, high = self.settings.read("random_size", tuple[int, int], (0, 0))
        else:
            by = self.settings.read("multiscale_range", int, 5)
            low, high = height // 32 - by, height // 32 + by
        return f"{low * 32} to {high * 32}" if low != high else ""

    def limits(self) -> Iterator[str]:
        """Yield notes on numbers of boxes an image that are not YOLOX's own."""
        for name, usual in _MOST.items():
            for call in self._calls(name, "TrainTransform"):
                found = next((word.value for word in call.keywords if word.arg == "max_labels"), None)
                if isinstance(found, ast.Constant) and str(found.value) not in usual:
                    yield (
                        f"{name} keeps the first {found.value!r} boxes of an image (line {found.lineno}); "
                        f"the loader is replayed with YOLOX's own limit."
                    )

    def strides(self, assume: Assume) -> tuple[float, ...]:
        """Return the strides of the head: those that get_model hands to YOLOXHead, else its own."""
        usual = (8.0, 16.0, 32.0)
        model = self.methods.get("get_model")
        if model is None:
            return usual
        calls = list(self._calls("get_model", "YOLOXHead"))
        if not calls:
            assume.that(
                f"get_model (line {model.lineno})",
                "builds a head with the points and the matching of YOLOXHead",
                self._error(
                    "get_model builds no YOLOXHead, so its head is unknown",
                    model.lineno,
                    "Name a detector file with its levels.",
                ),
            )
            return usual
        for word in calls[-1].keywords:
            if word.arg == "strides":
                value = self._value(Arithmetic(), word.value)
                self.settings.put("strides", value, str(self.path), word.value.lineno)
                return self.settings.numbers("strides", usual)
        return usual

    def _calls(self, method: str, name: str) -> Iterator[ast.Call]:
        """Yield the calls of a function in a method, wherever they are."""
        own = self.methods.get(method)
        for node in ast.walk(own) if own is not None else ():
            if isinstance(node, ast.Call) and _called(node) == name:
                yield node


def _called(call: ast.Call) -> str:
    """Return the name of what is called, without what it belongs to; "" if it has none."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


class _WithSelf(Arithmetic):
    """Evaluates expressions that may name `self.x`, which was set above."""

    def __init__(self, names: Any, settings: dict[str, Any]) -> None:
        super().__init__(names)
        self.settings = settings

    def value(self, node: ast.expr) -> Any:
        """Return the value of an expression. Raises NotResolvedError."""
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
            found = self.settings.get(node.attr)
            if found is None or isinstance(found, Unresolved):
                raise NotResolvedError(node)
            return found
        return super().value(node)


def _set_within(statement: ast.stmt) -> Iterator[str]:
    """Yield the names of `self` that a statement may set."""
    for node in ast.walk(statement):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store)
            and isinstance(node.value, ast.Name)
            and node.value.id == "self"
        ):
            yield node.attr
