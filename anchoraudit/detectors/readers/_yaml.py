"""YAML as `Table`s that know their lines; Python tags are data, never called; no bombs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from anchoraudit.detectors.readers._arithmetic import NotResolvedError, evaluate
from anchoraudit.detectors.readers._table import Table, Unresolved
from anchoraudit.errors import AnchorauditError

_NODES, _DEPTH, _ALIASES = 20_000, 40, 100
_TUPLE = "tag:yaml.org,2002:python/tuple"
_EVAL = "tag:yaml.org,2002:python/object/apply:eval"


def read_yaml(path: Path, text: str) -> Table:
    """Parse a mapping. Raises AnchorauditError with the line of what is wrong."""
    import yaml

    try:
        _measure(path, text)
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        value = _Convert(path).value(root, 0)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}" if mark else ""
        raise AnchorauditError(
            f"not valid YAML: {error.problem or error.context}",
            path=path,
            place=place,
            remedy="Mend the file there.",
        ) from None
    except yaml.YAMLError as error:
        reason = str(error).splitlines()[0]
        raise AnchorauditError(f"not valid YAML: {reason}", path=path, remedy="Mend the file.") from None
    if not isinstance(value, Table):
        raise AnchorauditError("not a mapping of keys", path=path, place="line 1", remedy="Mend the file.")
    return value


def _measure(path: Path, text: str) -> None:
    """Refuse what is too large, too deep or too much aliased before anything is built from it."""
    import yaml

    aliases = depth = 0
    for nodes, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
        aliases += isinstance(event, yaml.AliasEvent)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if nodes > _NODES or aliases > _ALIASES or depth > _DEPTH:
            raise _too_much(path, event)


def _too_much(path: Path, at: Any) -> AnchorauditError:
    return AnchorauditError(
        "too large, too deeply nested or too many aliases for a detector file",
        path=path,
        place=f"line {at.start_mark.line + 1}",
        remedy=f"At most {_NODES} values, {_DEPTH} levels and {_ALIASES} aliases are read.",
    )


class _Convert:
    """Nodes to values; an alias counts each time it is used."""

    def __init__(self, path: Path) -> None:
        self.path, self.left = path, _NODES

    def value(self, node: Any, depth: int) -> Any:
        import yaml

        self.left -= 1
        if self.left < 0 or depth > _DEPTH:
            raise _too_much(self.path, node)
        line = node.start_mark.line + 1 if node is not None else 1
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, line, depth)
        if isinstance(node, yaml.SequenceNode):
            items = [self.value(item, depth + 1) for item in node.value]
            if node.tag == _EVAL:
                return self.evaluated(items, line)
            if node.tag.startswith("tag:yaml.org,2002:seq") or node.tag == _TUPLE:
                return items
            return Unresolved(node.tag, str(self.path), line, "tags of YAML are not executed")
        return self.scalar(node, line)

    def mapping(self, node: Any, line: int, depth: int) -> Any:
        import yaml

        if not node.tag.startswith("tag:yaml.org,2002:map"):
            return Unresolved(node.tag, str(self.path), line, "tags of YAML are not executed")
        table = Table(str(self.path), line)
        for key, item in node.value:
            at = key.start_mark.line + 1
            if isinstance(key, yaml.ScalarNode) and key.value == "<<" and isinstance(item, yaml.MappingNode):
                for name, value in self.value(item, depth + 1).items():
                    if name not in table:
                        table.put(name, value, str(self.path), at)
                continue
            table.put(str(getattr(key, "value", "?")), self.value(item, depth + 1), str(self.path), at)
        return table

    def scalar(self, node: Any, line: int) -> Any:
        import yaml

        if node is None:
            return None
        kind = node.tag.rpartition(":")[2]
        if node.tag == f"tag:yaml.org,2002:{kind}" and kind in ("int", "float", "bool", "null"):
            try:
                constructor = yaml.constructor.SafeConstructor()
                return constructor.construct_object(node)
            except ValueError:
                return Unresolved(node.value[:100], str(self.path), line, "not a number")
        if kind in ("str", "timestamp"):
            return node.value
        return Unresolved(node.tag, str(self.path), line, "tags of YAML are not executed")

    def evaluated(self, items: list[Any], line: int) -> Any:
        """The argument list of `eval`: arithmetic is done here, anything else is not."""
        text = items[0] if len(items) == 1 and isinstance(items[0], str) else ""
        try:
            return evaluate(text)
        except (NotResolvedError, SyntaxError):
            return Unresolved(text or "eval", str(self.path), line)
