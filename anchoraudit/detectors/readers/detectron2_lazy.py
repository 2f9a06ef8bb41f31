"""Read a lazy config of detectron2 (`.py`) for FCOS, which has no YAML. It is parsed, never executed.

Sources: detectron2 02b5c4e2 configs/common/models/fcos.py, configs/COCO-Detection/fcos_R_50_FPN_1x.py,
modeling/meta_arch/fcos.py (FCOS: levels of its own where no anchor_generator is given), config/lazy.py.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import msgspec

from anchoraudit.detectors._presets import preset
from anchoraudit.detectors.readers._assume import Assume
from anchoraudit.detectors.readers._based_on import based_on
from anchoraudit.detectors.readers._detectron2_dataloader import DataLoader
from anchoraudit.detectors.readers._stated import Stated, place
from anchoraudit.detectors.readers._table import Table, Unresolved
from anchoraudit.detectors.spec import Classes, Detector
from anchoraudit.errors import AnchorauditError
from anchoraudit.io.expressions import Arithmetic, NotResolvedError, mentions, parse_module, source_of

SUFFIXES = (".py",)
LOOKS_FOR = "lazy config of detectron2's FCOS (.py that takes `model` from common/models/fcos.py)"

_PRESET = "detectron2-fcos"
_TAKEN = re.compile(r"models[./]fcos\b[^\n]*\bmodel\b|models/fcos\.py[\"']\)\.model")
_CLASSES = 80  # configs/common/models/retinanet.py, of which FCOS is made
# What would change its levels, or the model itself.
_OF_MODEL = re.compile(r"\bmodel\b")
_CHANGED = re.compile(r"model(\.(anchor_generator|head_in_features|_target_)\b.*)?")
_AUGMENTED = "dataloader.train.mapper.augmentations"


def detect(path: Path, text: str) -> bool:
    """Tell whether the text takes `model` from detectron2's common/models/fcos.py."""
    del path
    return _TAKEN.search(text) is not None


def read(path: Path, text: str, assume: Assume) -> Detector:
    """Read radius, number of classes and `filter_empty`; all else is that of detectron2's FCOS."""
    del assume  # there is no class of one's own that could be taken for FCOS
    settings, loader, notes = _settings(path, text)
    base = preset(_PRESET)
    with settings.blame("center_sampling_radius"):
        radius = settings.number("center_sampling_radius", base.match.radius)
        match = msgspec.structs.replace(base.match, radius=radius)
    detector = based_on(_PRESET, path, notes=notes, match=match, loading=loader.loading)
    return Stated(_classes(path, settings)).put_into(detector)


def classes(path: Path, text: str) -> Stated:
    """Read the number of classes; that of detectron2's own config if the file leaves it out."""
    return Stated(_classes(path, _settings(path, text)[0]))


def _classes(path: Path, settings: Table) -> Classes:
    key = "num_classes"
    if key not in settings:
        return Classes(count=_CLASSES, by_default=True, stated_in=f"{path.name}, without model.{key}")
    with settings.blame(key):
        return Classes(count=settings.read(key, int, 0), stated_in=place(*settings.where[key]))


def _settings(path: Path, text: str) -> tuple[Table, DataLoader, tuple[str, ...]]:
    """Return what is assigned to `model.x`, as `x`, the data loader, and notes on what is not read."""
    tree = parse_module(text, path)
    settings, notes, known = Table(str(path)), [], Arithmetic()
    loader = DataLoader(str(path), lambda node: _value(known, node, path))
    for statement in tree.body:
        loader.see(statement)
        line = getattr(statement, "lineno", 1)
        match statement:
            case ast.Assign(targets=[target], value=value):
                name = source_of(target)
            case ast.ImportFrom() | ast.Import() | ast.Expr(value=ast.Constant()):
                continue
            case _ if mentions(statement, _OF_MODEL):
                raise _error(
                    path, line, f"{source_of(statement).splitlines()[0][:60]!r} may change the model"
                )
            case _:
                continue
        if name.startswith(_AUGMENTED):
            notes.append(
                f"{_AUGMENTED} (line {line}) is not read; replayed at the preset's input size, or at that of "
                "--input-size."
            )
        elif _CHANGED.fullmatch(name):
            if not (name == "model" and _TAKEN.search(source_of(statement))):
                raise _error(path, line, f"{name} is assigned, which is not replayed")
        else:
            found = _value(known, value, path)
            if isinstance(target, ast.Name) and not isinstance(found, Unresolved):
                known.names[name] = found
            elif name.startswith("model."):
                settings.put(name.removeprefix("model."), found, str(path), line)
    return settings, loader, (*notes, *loader.notes)


def _value(known: Arithmetic, node: ast.expr, path: Path) -> Any:
    try:
        return known.value(node)
    except NotResolvedError:
        return Unresolved(source_of(node), str(path), node.lineno)


def _error(path: Path, line: int, message: str) -> AnchorauditError:
    return AnchorauditError(
        message,
        path=path,
        place=f"line {line}",
        remedy=f"Name preset {_PRESET}, or write a detector file (`detectors show {_PRESET} -o my.toml`).",
    )
