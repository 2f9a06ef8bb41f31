"""Read YAML as `Table`s that know their lines. Python tags are never called, and sizes are limited."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from anchoraudit.detectors.readers._table import Table, Unresolved
from anchoraudit.errors import AnchorauditError
from anchoraudit.io.documents import YamlBounds, compose_yaml, yaml_line, yaml_value
from anchoraudit.io.expressions import NotResolvedError, evaluate

_BOUNDS = YamlBounds(
    values=20_000,
    levels=40,
    aliases=100,
    beyond="too large, too deeply nested or too many aliases for a detector file",
)
_TUPLE = "tag:yaml.org,2002:python/tuple"
_EVAL = "tag:yaml.org,2002:python/object/apply:eval"


def read_yaml(path: Path, text: str) -> Table:
    """Parse a mapping. Raises AnchorauditError with the line of what is wrong."""
    value = _Convert(path).value(compose_yaml(text, path, _BOUNDS), 0)
    if not isinstance(value, Table):
        raise AnchorauditError("not a mapping of keys", path=path, place="line 1", remedy="Fix the file.")
    return value


class _Convert:
    """Turns nodes into values. Counts an alias each time it is used, against exponential growth."""

    def __init__(self, path: Path) -> None:
        self.path, self.left = path, _BOUNDS.values

    def value(self, node: Any, depth: int) -> Any:
        import yaml

        self.left -= 1
        if self.left < 0 or depth > _BOUNDS.levels:
            raise _BOUNDS.error(node, self.path)
        line = yaml_line(node)
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
            at = yaml_line(key)
            if isinstance(key, yaml.ScalarNode) and key.value == "<<" and isinstance(item, yaml.MappingNode):
                for name, value in self.value(item, depth + 1).items():
                    if name not in table:
                        table.put(name, value, str(self.path), at)
                continue
            table.put(str(getattr(key, "value", "?")), self.value(item, depth + 1), str(self.path), at)
        return table

    def scalar(self, node: Any, line: int) -> Any:
        if node is None:
            return None
        kind = node.tag.rpartition(":")[2]
        if node.tag == f"tag:yaml.org,2002:{kind}" and kind in ("int", "float", "bool", "null"):
            try:
                return yaml_value(node)
            except ValueError:
                why = "not a number" if kind in ("int", "float") else f"not what YAML calls {kind}"
                return Unresolved(node.value[:100], str(self.path), line, why)
        if kind in ("str", "timestamp"):
            return node.value
        return Unresolved(node.tag, str(self.path), line, "tags of YAML are not executed")

    def evaluated(self, items: list[Any], line: int) -> Any:
        """Return the value of `eval` with these arguments if it is plain arithmetic, else `Unresolved`."""
        text = items[0] if len(items) == 1 and isinstance(items[0], str) else ""
        try:
            return evaluate(text)
        except (NotResolvedError, SyntaxError):
            return Unresolved(text or "eval", str(self.path), line)


def item_lines(path: Path, text: str) -> dict[str, list[int]]:
    """Return the line of each item of the lists at the top level, by the key of the list."""
    import yaml

    node = compose_yaml(text, path, _BOUNDS)
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return {
        str(getattr(key, "value", "?")): [yaml_line(one) for one in item.value]
        for key, item in pairs
        if isinstance(item, yaml.SequenceNode)
    }
