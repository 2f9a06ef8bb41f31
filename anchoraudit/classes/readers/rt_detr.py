"""Read a configuration of RT-DETR or D-FINE: `num_classes`, `remap_mscoco_category`, and its `__include__`.

Sources: RT-DETR rtdetrv2_pytorch src/core/yaml_utils.py (files are merged in their order, and the file itself
comes last), src/data/dataset/coco_dataset.py (mscoco_category2name; remap_mscoco_category is False where it
is left out), src/zoo/rtdetr/rtdetr_decoder.py (num_classes is 80 where it is left out).
"""

from __future__ import annotations

from pathlib import Path

from anchoraudit.classes.readers._yaml_keys import Keys, has_key
from anchoraudit.detectors.spec import Classes
from anchoraudit.detectors.well_known_classes import COCO, COCO_IDS
from anchoraudit.errors import AnchorauditError
from anchoraudit.io import documents
from anchoraudit.io.folders import is_file

SUFFIXES = (".yaml", ".yml")
LOOKS_FOR = "configuration of RT-DETR or D-FINE (.yml with num_classes or __include__)"

_DEEPEST = 20  # files that include each other in a chain; real ones have three
_MOST_FILES = 200
_USUAL_COUNT = 80


def detect(path: Path, text: str) -> bool:
    """Tell whether the top level has one of the keys."""
    del path
    return has_key(text, "__include__", "num_classes", "remap_mscoco_category")


def read(path: Path, text: str) -> Classes:
    """Read the count. With `remap_mscoco_category` the classes are those of MS COCO, by its own ids."""
    merged = _Merged()
    merged.add(path, text, ())
    count, place = merged.count or (_USUAL_COUNT, "")
    classes = Classes(count=count, by_default=not place, stated_in=place or path.name)
    if merged.remap is None or not merged.remap[0]:
        return classes
    return Classes(
        names=COCO,
        ids=COCO_IDS,
        count=count,
        by_default=True,
        stated_in=f"{merged.remap[1]} (remap_mscoco_category)",
    )


class _Merged:
    """The two keys of a file and of those that it includes; what comes later counts."""

    def __init__(self) -> None:
        self.count: tuple[int, str] | None = None
        self.remap: tuple[bool, str] | None = None
        self.files = 0

    def add(self, path: Path, text: str, above: tuple[Path, ...]) -> None:
        """Take the keys of a file, after those of what it includes. above: the chain that led here."""
        import yaml

        keys = Keys(path, text)
        self.files += 1
        chain = (*above, path.resolve())
        if (included := keys.get("__include__")) is not None:
            nodes = included.value if isinstance(included, yaml.SequenceNode) else [included]
            for node in nodes:
                name = keys.scalar(node, "__include__")
                found = path.parent / Path(name).expanduser()
                if found.resolve() in chain or len(chain) > _DEEPEST or self.files > _MOST_FILES:
                    raise keys.error(
                        f"{name!r} leads back to a file that includes it", node, "Remove the circle."
                    )
                if not is_file(found):
                    raise keys.error(
                        f"{name!r} is missing: no file {found}", node, "Keep the included files beside it."
                    )
                self.add(found, documents.read_text(found, "configuration"), chain)
        place = f"{path.name}, "
        if (count := keys.number("num_classes")) is not None:
            self.count = (count, place + keys.place("num_classes"))
        if (word := keys.text("remap_mscoco_category").lower()) != "":
            if word not in ("true", "false", "yes", "no", "on", "off"):
                raise AnchorauditError(
                    f"remap_mscoco_category is {word[:40]!r}",
                    path=path,
                    place=keys.place("remap_mscoco_category"),
                    remedy="Write True or False.",
                )
            self.remap = (word in ("true", "yes", "on"), place + keys.place("remap_mscoco_category"))
