"""The top keys of a YAML file, with their lines. Scalars stay as written: `no` is a name, not False."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from anchoraudit.classes.readers._listed import MOST, whole_number
from anchoraudit.errors import AnchorauditError
from anchoraudit.io.documents import YamlBounds, compose_yaml, yaml_line

if TYPE_CHECKING:
    import yaml

_BOUNDS = YamlBounds(
    values=2 * MOST,
    levels=60,
    aliases=1000,
    beyond="too large, too deeply nested or too many aliases for a file of classes",
)


def has_key(text: str, *names: str) -> bool:
    """Tell whether the text has one of these keys at the beginning of a line."""
    return bool(re.search(rf"^[\"']?(?:{'|'.join(names)})[\"']?[ \t]*:(?!\S)", text, re.M))


class Keys:
    """The mapping at the top of a YAML file. Of a key that is there twice, the last counts, as in PyYAML."""

    def __init__(self, path: Path, text: str) -> None:
        import yaml

        self.path = path
        top = compose_yaml(text, path, _BOUNDS)
        if not isinstance(top, yaml.MappingNode):
            raise self.error("not a mapping of keys", top)
        self.nodes = {key.value: node for key, node in top.value if isinstance(key, yaml.ScalarNode)}

    def get(self, key: str) -> yaml.Node | None:
        """Return the node of a key; None if it is missing, or null."""
        node = self.nodes.get(key)
        return None if node is None or node.tag.endswith(":null") else node

    def place(self, key: str) -> str:
        """Return `line 3`, the line of a key's value."""
        return f"line {yaml_line(self.nodes[key])}"

    def text(self, key: str) -> str:
        """Return the scalar of a key as it is written; "" if it is missing."""
        node = self.get(key)
        return "" if node is None else self.scalar(node, key)

    def number(self, key: str) -> int | None:
        """Return the whole number of a key; None if it is missing."""
        node = self.get(key)
        if node is None:
            return None
        return whole_number(self.scalar(node, key), self.path, f"line {yaml_line(node)}", key)

    def scalar(self, node: yaml.Node, what: str) -> str:
        """Return a scalar as it is written. Raises AnchorauditError if the node is a list or a mapping."""
        import yaml

        if not isinstance(node, yaml.ScalarNode):
            raise self.error(f"{what} is a list or a mapping, not text", node)
        return str(node.value)

    def error(
        self, words: str, node: yaml.Node | None, remedy: str = "Fix the file there."
    ) -> AnchorauditError:
        """Return the error about a node, with its line."""
        return AnchorauditError(words, path=self.path, place=f"line {yaml_line(node)}", remedy=remedy)
