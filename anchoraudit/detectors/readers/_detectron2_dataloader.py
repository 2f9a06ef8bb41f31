"""Reads from a lazy config of detectron2 whether its training keeps images without annotations.

It is said by `filter_empty` of `get_detection_dataset_dicts`, true by default; in YAML by
`DATALOADER.FILTER_EMPTY_ANNOTATIONS`. Sources: detectron2 02b5c4e2 data/build.py
(`get_detection_dataset_dicts`), config/lazy.py, configs/common/data/*.py.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from typing import Any

from anchoraudit.detectors.readers._table import Table
from anchoraudit.detectors.spec import Loading
from anchoraudit.io.expressions import mentions, source_of

KEY = "filter_empty"
_FUNCTION = "get_detection_dataset_dicts"
_WAY = ("dataloader", "train", "dataset", KEY)
_SUBSCRIPT = re.compile(r"\[['\"](\w+)['\"]\]")
_OF_DETECTRON2 = re.compile(r"common[./]data[./]|\bget_config\(")  # its own configs, also of the model zoo
_MENTIONED, _LOADED = re.compile(rf"\b{KEY}\b"), re.compile(r"\bdataloader\b")
_UNREAD = f"whether it leaves out images without annotations ({KEY}) is taken from detectron2's own."


class DataLoader:
    """What the statements of a file make of `dataloader.train.dataset`, in their order.

    path: of the file. value: evaluates an expression.
    """

    def __init__(self, path: str, value: Callable[[ast.expr], Any]) -> None:
        self._path, self._value = path, value
        self._said = Table(path)
        self.notes: list[str] = []

    @property
    def loading(self) -> Loading:
        """What is asked of the loader. Raises AnchorauditError where that does not follow from the text."""
        if KEY not in self._said:
            return Loading()
        return Loading(blank="dropped" if self._said.flag(KEY, True) else "kept")

    def see(self, statement: ast.stmt) -> None:
        """Read the next statement."""
        match statement:
            case ast.ImportFrom(module=module, names=names):
                if any((name.asname or name.name) == _WAY[0] for name in names):
                    self._forget()
                    if not _OF_DETECTRON2.search(f"{module or ''}."):
                        self._note(f"dataloader of {module or '.'}", statement)
            case ast.Assign(targets=[target], value=value):
                way = tuple(_SUBSCRIPT.sub(r".\1", source_of(target)).split("."))
                if way == _WAY[: len(way)]:
                    self._assigned(way, value, statement)
            case _ if mentions(statement, _MENTIONED) and mentions(statement, _LOADED):
                self._note(source_of(statement).splitlines()[0][:60], statement)

    def _assigned(self, way: Sequence[str], value: ast.expr, statement: ast.stmt) -> None:
        if len(way) == len(_WAY):
            self._put(value)
            return
        dataset = _within(value, _WAY[len(way) : -1])
        if dataset is not None:
            self._forget()
            self._called(dataset, statement)
        elif _OF_DETECTRON2.search(source_of(value)):
            self._forget()
        elif not mentions(value, _LOADED):  # of a copy of the same, nothing is new
            self._note(".".join(way), statement)

    def _called(self, dataset: ast.expr, statement: ast.stmt) -> None:
        """Read `L(get_detection_dataset_dicts)(names=..., filter_empty=...)`."""
        match dataset:
            case ast.Call(func=ast.Call(args=[function]), args=args, keywords=keywords) if (
                source_of(function).rpartition(".")[2] == _FUNCTION
            ):
                given = {keyword.arg: keyword.value for keyword in keywords}
                if KEY in given:
                    self._put(given[KEY])
                elif len(args) > 1:  # names, filter_empty
                    self._put(args[1])
                elif None in given:  # **something
                    self._note("dataloader.train.dataset", statement)
            case _:
                self._note("dataloader.train.dataset", statement)

    def _put(self, value: ast.expr) -> None:
        self._said.put(KEY, self._value(value), self._path, value.lineno)

    def _forget(self) -> None:
        self._said = Table(self._path)

    def _note(self, what: str, statement: ast.stmt) -> None:
        self.notes.append(f"{what} (line {statement.lineno}) is not read: {_UNREAD}")


def _within(value: ast.expr, way: Sequence[str]) -> ast.expr | None:
    """Return what an expression has under keys: `dict(train=...)`, `{"train": ...}`, `L(f)(dataset=...)`."""
    if not way:
        return value
    match value:
        case ast.Dict(keys=keys, values=values):
            inner = [
                each
                for key, each in zip(keys, values, strict=True)
                if isinstance(key, ast.Constant) and key.value == way[0]
            ]
        case ast.Call(args=[argument], keywords=[]):  # OmegaConf.create(...)
            return _within(argument, way)
        case ast.Call(keywords=keywords):
            inner = [keyword.value for keyword in keywords if keyword.arg == way[0]]
        case _:
            return None
    return _within(inner[-1], way[1:]) if inner else None
