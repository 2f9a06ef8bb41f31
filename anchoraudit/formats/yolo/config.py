"""Reads a `data.yaml` or a darknet `.data` file: folders or lists of images by split, and class names.

Sources: ultralytics data/utils.py (check_det_dataset: `path`, `train`, `val`, `test`, `names`, `nc`,
`kpt_shape`; `validation` for `val`), yolov5 utils/general.py (check_dataset), darknet src/detector.c and
src/option_list.c (`train = data/train.txt`, `valid`, `names`).
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anchoraudit.dataset.declared import ClassEntry, Form, Stated
from anchoraudit.errors import AnchorauditError
from anchoraudit.io.documents import YamlBounds, compose_yaml, yaml_line, yaml_value
from anchoraudit.io.files import read_head, read_input
from anchoraudit.io.folders import names_in
from anchoraudit.io.unchanged import note

if TYPE_CHECKING:
    import yaml

SPLITS = ("train", "val", "valid", "validation", "test", "minival")
YAML = (".yaml", ".yml")
DARKNET = ".data"
_USUAL = ("data.yaml", "data.yml", "dataset.yaml", "dataset.yml")
_HEAD = 1 << 16  # first bytes by which a file is recognised; a long list of names may follow
_LARGEST = 1 << 20  # bytes, 35 times those of LVIS, whose 1,203 names take 30,000
MOST_CLASSES = 1_000_000  # far above any data set; a larger index is a mistake
_LONGEST_SHOWN = 80  # characters of a list or a mapping that stands where a name should
_BOUNDS = YamlBounds(
    values=_LARGEST,
    levels=100,
    aliases=10_000,
    beyond="not valid YAML: it is nested too deeply or has too many aliases",
)
_SPLIT_KEY = re.compile(rb"^[\"']?(?:train|val|valid|validation|test)[\"']?[ \t]*[:=]", re.MULTILINE)
_NAMES_KEY = re.compile(rb"^[\"']?(?:names|nc|classes)[\"']?[ \t]*[:=]", re.MULTILINE)
_REMEDY = "See https://docs.ultralytics.com/datasets/detect for the keys of a data.yaml."


@dataclass(frozen=True, slots=True)
class Written:
    """A value of the file, and its line."""

    text: str
    line: int


@dataclass(slots=True)
class Config:
    """What the file says.

    root: the value of `path`, None if it is missing.
    splits: folders or lists of images, by split.
    empty: the line of each split whose key has no value.
    keys: the keys of splits that it has, as they are written.
    form: how names are given, "" if they are not.
    entries: the names, with their indices if they have some.
    names: the value of `names`, or where they begin; None if they are missing. Where `form` is "value", it
    may be the path of a file of names.
    count: the value of `nc`, or of darknet's `classes`; None if it is missing.
    columns: the number of columns of a label line, 5 without keypoints.
    """

    path: Path
    root: Written | None = None
    splits: dict[str, list[Written]] = field(default_factory=dict)
    empty: dict[str, int] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    form: Form = ""
    entries: tuple[ClassEntry, ...] = ()
    names: Stated | None = None
    count: Stated | None = None
    columns: int = 5


def looks_like_config(path: Path, *, with_names: bool = True) -> bool:
    """Tell whether the first part of a file has the keys of such a file."""
    head = read_head(path, _HEAD)
    return bool(_SPLIT_KEY.search(head) and (_NAMES_KEY.search(head) or not with_names))


def find_config(folder: Path) -> Path | None:
    """Return the file that describes a folder: `data.yaml`, else one with the folder's name, else any."""
    files = [folder / name for name in names_in(folder) if Path(name).suffix.lower() in (*YAML, DARKNET)]
    own = {f"{folder.name}{suffix}" for suffix in YAML}
    files.sort(key=lambda file: (file.name not in _USUAL, file.name not in own, file.suffix == DARKNET))
    return next((file for file in files if looks_like_config(file)), None)


def read_config(path: Path) -> Config:
    """Read such a file. Raises AnchorauditError, with the line, if it cannot be used."""
    data = read_input(path, _LARGEST)
    note(path, data)
    utf16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    text = data.decode("utf-16" if utf16 else "utf-8-sig", "replace")
    config = config_of(path, text)
    if not config.splits:
        raise AnchorauditError(
            "none of the keys train, val and test", path=path, place="line 1", remedy=_REMEDY
        )
    return config


def config_of(path: Path, text: str) -> Config:
    """Read the text of such a file, perhaps without any split. Raises AnchorauditError as `read_config`."""
    return _darknet(path, text) if path.suffix.lower() == DARKNET else _Yaml(path).config(text)


def _darknet(path: Path, text: str) -> Config:
    config = Config(path)
    for number, line in enumerate(text.splitlines(), 1):
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals or line.lstrip().startswith(("#", ";")):
            continue
        if key in SPLITS and not value:
            config.empty[key] = number
        elif not value:
            continue
        elif key in SPLITS:
            config.splits[key] = [Written(value, number)]
        elif key == "names":
            config.form, config.names = "value", Stated(value, number, value)
        elif key == "classes":
            config.count = Stated(value, number, value)
    return config


class _Yaml:
    """Takes values from YAML nodes, which know their lines. No Python objects are built from the YAML."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def config(self, text: str) -> Config:
        """Read the text of a `data.yaml`."""
        config = Config(self.path)
        top = self._mapping(compose_yaml(text, self.path, _BOUNDS), "the file")
        for name in SPLITS:
            if (node := top.get(name)) is not None:
                config.keys.add(name)
                split = "val" if name == "validation" else name
                if entries := self._texts(node, name):
                    config.splits[split] = entries
                else:
                    config.empty[split] = yaml_line(node)
        if (node := top.get("path")) is not None:
            config.root = next(iter(self._texts(node, "path")), None)
        if (node := top.get("names")) is not None:
            self._take_names(node, config, text)
        config.count = self._stated(top["nc"], text) if "nc" in top else None
        if (node := top.get("kpt_shape")) is not None:
            shape = [self._number(item, "kpt_shape") or 0 for item in self._items(node, "kpt_shape")]
            config.columns += shape[0] * shape[1] if len(shape) == 2 else 0
        return config

    def _mapping(self, node: yaml.Node | None, what: str) -> dict[str, yaml.Node]:
        import yaml

        if not isinstance(node, yaml.MappingNode):
            raise self._error(f"{what} is not a mapping of keys", node)
        return {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}

    def _take_names(self, node: yaml.Node, config: Config, text: str) -> None:
        import yaml

        config.names = self._stated(node, text)
        if isinstance(node, yaml.SequenceNode):
            config.form = "list"
            config.entries = tuple(ClassEntry(None, self._stated(item, text)) for item in node.value)
        elif isinstance(node, yaml.MappingNode):
            if (merged := next((k for k, _ in node.value if k.tag.endswith(":merge")), None)) is not None:
                raise self._error("names has a merge key (<<), which is not read", merged)
            config.form = "mapping"
            pairs = ((self._stated(key, text), self._stated(item, text)) for key, item in node.value)
            config.entries = tuple(ClassEntry(key, name) for key, name in pairs)
        elif config.names.value is not None:
            config.form = "value"

    def _stated(self, node: yaml.Node, text: str) -> Stated:
        """Return a value as it is written, and what YAML makes of it: `no` is False, `1` a number."""
        import yaml

        line = yaml_line(node)
        if not isinstance(node, yaml.ScalarNode):
            shown = text[node.start_mark.index : node.end_mark.index][:_LONGEST_SHOWN]
            return Stated(" ".join(shown.split()), line, None, nested=True)
        value = written = str(node.value)
        if not node.tag.endswith(":str"):
            # A tag of nobody's, or a number of more digits than anyone needs, stays a text.
            with suppress(ValueError):
                value = yaml_value(node)
        return Stated(written, line, value)

    def _items(self, node: yaml.Node, what: str) -> list[yaml.Node]:
        import yaml

        if isinstance(node, yaml.MappingNode):
            raise self._error(f"{what} is a mapping, not a list", node)
        return node.value if isinstance(node, yaml.SequenceNode) else [node]

    def _texts(self, node: yaml.Node, what: str) -> list[Written]:
        """Return the text, or the texts of a list. Null and empty texts are dropped."""
        items = [item for item in self._items(node, what) if not item.tag.endswith(":null")]
        texts = [Written(self._text(item, what), yaml_line(item)) for item in items]
        return [text for text in texts if text.text]

    def _text(self, node: yaml.Node, what: str) -> str:
        """Return a scalar as it is written, so that a class called `no` is not turned into False."""
        import yaml

        if not isinstance(node, yaml.ScalarNode):
            raise self._error(f"{what} is not text", node)
        return str(node.value)

    def _number(self, node: yaml.Node, what: str) -> int | None:
        text = self._text(node, what)
        if node.tag.endswith(":null"):
            return None
        if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) > MOST_CLASSES:
            raise self._error(f"{what} is {text[:40]!r}, not a number from 0 to {MOST_CLASSES:,}", node)
        return int(text)

    def _error(self, words: str, node: Any) -> AnchorauditError:
        return AnchorauditError(words, path=self.path, place=f"line {yaml_line(node)}", remedy=_REMEDY)
