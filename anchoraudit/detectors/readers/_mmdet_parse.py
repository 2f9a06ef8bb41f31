"""Read mmdetection config files as `Table`s: parse them with `ast` and merge their `_base_` files.

Sources: mmengine config/config.py (`_base_`, `_delete_`, merging key by key; lists are replaced).
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

from anchoraudit.detectors.readers._files import Named, named_file
from anchoraudit.detectors.readers._table import Table, Unresolved
from anchoraudit.io.expressions import Arithmetic, NotResolvedError, parse, parse_module, size_of, source_of

_DEEPEST = 20  # files in a chain of bases, far more than real configs have
_LARGEST = 200_000  # values of all names, each counted as often as others name it
_CHANGES = 2_000_000  # values that are looked at for all changes of parts of others
_IN_BRACES = re.compile(r"\{\{\s*(_base_\.[\w.]+)\s*\}\}")


def class_name(table: Table, default: str = "?") -> str:
    """Return the `type` of a dict without its library: RPNHead for `mmdet.RPNHead`."""
    return table.text("type", default).rpartition(".")[2]


def read_config(path: Path, text: str, above: tuple[Path, ...] = (), files: Named | None = None) -> Table:
    """Return the file's assignments, merged over those of its `_base_` files.

    above: the files that led here. files: those that may still be read.
    """
    file = _File(path, (*above, path.resolve()), files or Named())
    table = file.read(text)
    bases = file.names.get("_base_")
    if bases is None:
        return table
    if not isinstance(bases, Table):
        raise bases.error("_base_")
    return bases.merged(table)


def _merged_bases(table: Table, chain: tuple[Path, ...], files: Named) -> Table:
    """Return the merged assignments of a file's `_base_` files; chain: that file and those that name it."""
    bases = table.find("_base_")
    names = [bases] if isinstance(bases, str) else bases
    if not isinstance(names, list):
        raise table.error("_base_ is neither a path nor a list of paths", "_base_")
    below = Table(table.path)
    for name in names:
        if isinstance(name, Unresolved):
            raise name.error("_base_")
        if not isinstance(name, str) or "::" in name or re.match(r"\w+://", name):
            raise table.error(
                f"_base_ {name!r} is not a local file", "_base_", "Name a file, relative to this one."
            )
        base, exists = named_file(Path(table.path).parent, name)
        if not exists:
            raise table.error(
                f"_base_ {name!r} is missing: no file {base}",
                "_base_",
                "Keep the base files beside it as in mmdetection/configs, or give a config dumped in full.",
            )
        if base.resolve() in chain or len(chain) > _DEEPEST:
            raise table.error(
                f"_base_ {name!r} leads back to a file that names it", "_base_", "Remove the circle."
            )
        below = below.merged(read_config(base, files.read(base), chain, files))
    return below


class _File(Arithmetic):
    """The assignments of one file, in order. A value that cannot be resolved becomes `Unresolved`.

    The name `_base_` holds the assignments of the base files. As in mmengine, a file can read and change it
    before its own assignments are merged over it.
    """

    def __init__(self, path: Path, chain: tuple[Path, ...], files: Named) -> None:
        super().__init__({"True": True, "False": False, "None": None})
        self.path, self.chain, self.files = path, chain, files
        self.changes = _CHANGES

    def read(self, text: str) -> Table:
        tree = parse_module(text, self.path)
        self.steps = max(self.steps, _LARGEST)
        table = Table(str(self.path))
        for statement in tree.body:
            self.statement(statement, table)
        return table

    def statement(self, statement: ast.stmt, table: Table) -> None:
        match statement:
            case ast.Assign(targets=[ast.Name(id="_base_")], value=value):
                table.put("_base_", self.item(value), str(self.path), statement.lineno)
                self.names["_base_"] = _merged_bases(table, self.chain, self.files)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self.assign(name, self.item(value), statement.lineno, table)
            case ast.Assign(targets=[ast.Attribute() | ast.Subscript() as target], value=value):
                if not self.put_inside(target, self.item(value)):
                    self.spoil(statement, table)
            case ast.Delete(targets=targets):
                if not all(self.delete(target, table) for target in targets):
                    self.spoil(statement, table)
            case ast.Expr(value=ast.Call(func=ast.Attribute()) as call):
                if not self.call(call):
                    self.spoil(statement, table)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                self.assign(name, self.item(value), statement.lineno, table)
            case ast.Expr(value=ast.Constant()):
                return
            case _:
                self.spoil(statement, table)

    def assign(self, name: str, value: Any, line: int, table: Table) -> None:
        self.names[name] = value
        table.put(name, value, str(self.path), line)

    def put_inside(self, target: ast.Attribute | ast.Subscript, value: Any) -> bool:
        """Apply `a.b = value` or `a['b'][0] = value`; return False if that is not possible."""
        owner, key = self.place(target)
        inside = isinstance(owner, list) and isinstance(key, int) and -len(owner) <= key < len(owner)
        if isinstance(owner, Table) and isinstance(key, str):
            before = owner.get(key)
            owner.put(key, value, str(self.path), target.lineno)
        elif inside:
            before, owner[key] = owner[key], value
        else:
            return False
        if isinstance(value, list | dict) and not self.stays_small():
            owner[key] = before
            return False
        return True

    def stays_small(self) -> bool:
        """Tell whether all values together are small, after one was put into another: perhaps into itself."""
        every = size_of(list(self.names.values()), min(_LARGEST, self.changes))
        self.changes -= every
        return every < _LARGEST and self.changes > 0

    def delete(self, target: ast.expr, table: Table) -> bool:
        """Apply `del name` or `del a.b`; return False if that is not possible."""
        if isinstance(target, ast.Name):
            owner, key = table, target.id
            self.names.pop(target.id, None)
        else:
            owner, key = self.place(target)
        if not isinstance(owner, Table) or key not in owner:
            return False
        del owner[key]
        return True

    def call(self, call: ast.Call) -> bool:
        """Apply `a.pop('b')` or `a.update(dict(...))`; return False if that is not possible."""
        match call:
            case ast.Call(
                func=ast.Attribute(value=inner, attr="pop"),
                args=[ast.Constant(value=str() as key)],
                keywords=[],
            ):
                owner = self.item(inner)
                if isinstance(owner, Table) and key in owner:
                    del owner[key]
                    return True
            case ast.Call(func=ast.Attribute(value=inner, attr="update"), args=[argument], keywords=[]):
                owner, changes = self.item(inner), self.item(argument)
                if isinstance(owner, Table) and isinstance(changes, Table):
                    before = [(key, owner.get(key)) for key in changes]
                    for key, value in list(changes.items()):
                        owner.put(key, value, *changes.where[key])
                    if self.stays_small():
                        return True
                    owner.update(before)
        return False

    def place(self, target: ast.expr) -> tuple[Any, Any]:
        """Return the object that holds `target`, and its key there; (None, None) if unknown."""
        match target:
            case ast.Attribute(value=inner, attr=key):
                found = self.item(inner)
            case ast.Subscript(value=inner, slice=ast.Constant(value=key)):
                found = self.item(inner)
            case _:
                return None, None
        return found, key

    def spoil(self, statement: ast.stmt, table: Table) -> None:
        """Mark every name that a statement may change as unresolved, because it is not executed."""
        why = f"line {statement.lineno} may change it, and is not executed"
        for node in ast.walk(statement):
            names: list[str] = []
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
                names = [node.id]
            elif isinstance(node, ast.Call | ast.Subscript | ast.Attribute):
                root: ast.expr = node
                while isinstance(root, ast.Call | ast.Subscript | ast.Attribute):
                    root = root.func if isinstance(root, ast.Call) else root.value
                names = [root.id] if isinstance(root, ast.Name) else []
                if isinstance(node, ast.Call):  # a function can change its arguments
                    names += [a.id for a in ast.walk(node) if isinstance(a, ast.Name)]
            for name in names:
                if name == "_base_" and name in self.names:
                    shown = source_of(statement)
                    self.names[name] = Unresolved(shown, str(self.path), statement.lineno, why)
                elif name in table:
                    unknown = Unresolved(name, str(self.path), statement.lineno, why)
                    self.assign(name, unknown, statement.lineno, table)

    def starred(self, node: ast.Starred) -> list[Any]:
        try:
            return super().starred(node)
        except NotResolvedError:
            return [self.item(node)]

    def item(self, node: ast.expr) -> Any:
        try:
            return self.value(node)
        except NotResolvedError as error:
            at = error.node if isinstance(error.node, ast.expr) else node
            why = "no `_base_` file assigns it" if _inside_braces(node) is not None else ""
            shown = source_of(node if why else at)
            place = (str(self.path), getattr(at, "lineno", node.lineno))
            return Unresolved(shown, *place, why) if why else Unresolved(shown, *place)

    def value(self, node: ast.expr) -> Any:
        inside = _inside_braces(node)
        if inside is not None:
            return self.value(inside)
        match node:
            case ast.Call(func=ast.Name(id="dict"), args=[], keywords=pairs):
                return self.mapping([(pair.arg, pair.value) for pair in pairs], node)
            case ast.Dict(keys=keys, values=values):
                names = [key.value if isinstance(key, ast.Constant) else key for key in keys]
                return self.mapping(list(zip(names, values, strict=True)), node)
            case ast.Subscript(value=ast.expr() as inner, slice=ast.Constant(value=key)):
                return self.element(self.value(inner), key, node)
            case ast.Attribute(value=ast.expr() as inner, attr=key):
                return self.element(self.value(inner), key, node)
            case ast.Name(id=name) if isinstance(self.names.get(name), Unresolved):
                return self.names[name]
        return super().value(node)

    def part(self, node: ast.expr) -> Any:
        """Return the value of an entry; one that is too large is `Unresolved`."""
        value = self.item(node)
        try:
            return self.within(value, node)
        except NotResolvedError:
            return Unresolved(source_of(node), str(self.path), node.lineno, "it is too large")

    def mapping(self, pairs: list[tuple[Any, ast.expr]], node: ast.expr) -> Table:
        """Return the table of `dict(a=..., **b)` or `{'a': ..., **b}`."""
        table = Table(str(self.path), node.lineno)
        for key, value in pairs:
            if key is None:
                inner = self.value(value)
                if not isinstance(inner, Table):
                    raise NotResolvedError(value)
                for name, entry in inner.items():
                    table.put(name, self.within(entry, value), *inner.where[name])
            elif isinstance(key, ast.expr):
                raise NotResolvedError(key)
            else:
                table.put(str(key), self.part(value), str(self.path), value.lineno)
        return table

    @staticmethod
    def element(value: Any, key: Any, node: ast.expr) -> Any:
        try:
            return value[key] if isinstance(value, list | Table) else _missing(node)
        except (KeyError, IndexError, TypeError):
            raise NotResolvedError(node) from None


def _missing(node: ast.expr) -> Any:
    raise NotResolvedError(node)


def _inside_braces(node: ast.expr) -> ast.expr | None:
    """Return the `_base_.x` of `{{_base_.x}}`, else None. To Python it is a set in a set, or a string."""
    inner: ast.expr | None = None
    match node:
        case ast.Set(elts=[ast.Set(elts=[ast.expr() as inner])]):
            pass
        case ast.Constant(value=str() as text) if found := re.fullmatch(
            r"\{\{\s*(_base_\.[\w.]+)\s*\}\}", text
        ):
            statement = parse(found[1], "eval")
            inner = ast.copy_location(statement.body, node) if isinstance(statement, ast.Expression) else None
    root = inner
    while isinstance(root, ast.Attribute | ast.Subscript):
        root = root.value
    return inner if isinstance(root, ast.Name) and root.id == "_base_" else None
