"""Read what an mmdetection or mmyolo config says of classes: names of the data sets, `num_classes` of heads.

Sources: mmengine 0.10.7 dataset/base_dataset.py (`_load_metainfo`: a text is the name of a file, or stays a
text), dataset_wrapper.py; mmdetection 3.3.0 datasets/*.py (METAINFO), datasets/api_wrappers/coco_api.py and
xml_style.py (what a text as `classes` does), engine/hooks/num_class_check_hook.py (which heads count
classes); 2.28.2 datasets/custom.py (get_classes). The key was `CLASSES` up to 3.0.0rc4.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anchoraudit.detectors._block import LARGEST
from anchoraudit.detectors.classes import Classes
from anchoraudit.detectors.readers._mmdet_parse import class_name
from anchoraudit.detectors.readers._stated import Stated, place
from anchoraudit.detectors.readers._table import Table, Unresolved
from anchoraudit.detectors.well_known_classes import COCO, VOC
from anchoraudit.errors import AnchorauditError
from anchoraudit.io import documents

# Names that a data set's class has itself. mmyolo's YOLOv5... are mmdetection's with other batches.
_OF_COCO = ("CocoDataset", "YOLOv5CocoDataset", "OccludedSeparatedCocoDataset")
_OF_VOC = ("VOCDataset", "YOLOv5VOCDataset")
_OWN_NAMES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_OF_COCO, COCO),
    **dict.fromkeys(_OF_VOC, VOC),
    **dict.fromkeys(("CrowdHumanDataset", "YOLOv5CrowdHumanDataset"), ("person",)),
    "WIDERFaceDataset": ("face",),
    "CityscapesDataset": ("person", "rider", "car", "truck", "bus", "train", "motorcycle", "bicycle"),
    "DeepFashionDataset": (
        "top", "skirt", "leggings", "dress", "outer", "pants", "bag", "neckwear", "headwear", "eyeglass",
        "belt", "footwear", "hair", "skin", "face",
    ),
    "iSAIDDataset": (
        "background", "ship", "store_tank", "baseball_diamond", "tennis_court", "basketball_court",
        "Ground_Track_Field", "Bridge", "Large_Vehicle", "Small_Vehicle", "Helicopter", "Swimming_pool",
        "Roundabout", "Soccer_ball_field", "plane", "Harbor",
    ),
}  # fmt: skip
_XML = ("XMLDataset", "WIDERFaceDataset", *_OF_VOC)
# Where a model counts something else than the classes of its boxes.
_NO_HEADS = ("rpn_head", "semantic_head", "backbone", "neck", "reid", "data_preprocessor")
_DEEPEST = 30  # mappings and lists in each other, and wrappers of data sets; real configs have ten
_UNUSED = ("metainfo", "METAINFO", "classes", "CLASSES", "class_name", "class_names")


def classes_of(config: Table) -> Stated:
    """Return what a config says of classes; names that nobody states are those of the data set's class.

    Raises AnchorauditError, with the line, at what ends mmdetection before training.
    """
    return _Reading(config).result()


@dataclass(frozen=True, slots=True)
class _Names:
    """The names of one data set. known: they could be read; own: they are those of the data set's class."""

    names: tuple[str, ...] = ()
    where: str = ""
    known: bool = True
    own: bool = False


@dataclass(frozen=True, slots=True)
class _Place:
    """Where names are stated: the mapping whose `classes` they are, and its dotted key in the config.

    kind: the class of the data set. new: the config is one of mmdetection 3, not 2.
    """

    owner: Table
    key: str
    kind: str
    new: bool

    @property
    def where(self) -> str:
        return place(*self.owner.place("classes"))

    def error(self, words: str, remedy: str) -> AnchorauditError:
        return self.owner.error(f"{self.key} {words}", "classes", remedy)


@dataclass(slots=True)
class _Reading:
    config: Table
    remarks: list[str] = field(default_factory=list)
    unread: AnchorauditError | None = None

    def result(self) -> Stated:
        heads = dict(self.heads(self.config.get("model"), "model"))
        new = "train_dataloader" in self.config
        keys = ("train_dataloader.dataset", "val_dataloader.dataset") if new else ("data.train", "data.val")
        trained = self.names(keys[0])
        evaluated = self.names(keys[1], evaluated=True) if trained and trained.known else None
        if trained and trained.own:
            self.remark_on_unused(keys[0], trained)
        boxes = [count for where, (count, _) in heads.items() if "bbox_head" in where.split("[")[0]]
        counts = [count for count, _ in heads.values()]
        stated_in = trained.where if trained and trained.where else ""
        classes = Classes(
            names=trained.names if trained else (),
            evaluated=(evaluated.names if trained and evaluated and evaluated.names != trained.names else ()),
            count=next(iter((*boxes, *counts)), 0),
            heads={where: count for where, (count, _) in heads.items()} if len(heads) > 1 else {},
            by_default=bool(trained and trained.own),
            stated_in=stated_in or next((where for _, where in heads.values()), ""),
        )
        return Stated(classes, tuple(self.remarks), self.unread)

    def not_read(self, error: AnchorauditError) -> None:
        """Keep the first value that could not be read."""
        self.unread = self.unread or error

    def heads(self, value: Any, where: str, depth: int = 0) -> Iterator[tuple[str, tuple[int, str]]]:
        """Yield each `num_classes` below `value`: its place in the config, the number, its file and line."""
        if depth > _DEEPEST:
            return
        if isinstance(value, list):
            for number, item in enumerate(value):
                yield from self.heads(item, f"{where}[{number}]", depth + 1)
        if not isinstance(value, Table) or "reid" in str(value.get("type")).lower():
            return
        if (count := value.get("num_classes")) is not None:
            key = f"{where}.num_classes"
            if isinstance(count, Unresolved):
                self.not_read(count.error(key))
            elif isinstance(count, bool) or not isinstance(count, int) or not 0 <= count <= LARGEST:
                raise value.error(
                    f"{key} is {count!r}; it must be a whole number, 0 to {LARGEST}",
                    "num_classes",
                    "Write how many classes there are.",
                )
            else:
                yield key, (count, place(*value.place("num_classes")))
        for key, item in value.items():
            if isinstance(item, Unresolved) and key.endswith("head"):
                self.not_read(item.error(f"{where}.{key}"))
            if key not in _NO_HEADS:
                yield from self.heads(item, f"{where}.{key}", depth + 1)

    def names(self, key: str, *, evaluated: bool = False) -> _Names | None:
        """Return the names of the data set at `key`; None if there is none, or if it cannot be read."""
        try:
            found = self.config.find(key)
        except AnchorauditError as error:
            if not evaluated:
                self.not_read(error)
            return None
        sets = [self.names_of(each, key, evaluated) for each in self.inner(found, key)]
        if not sets:
            return None
        if any(each.names != sets[0].names for each in sets) and all(each.known for each in sets):
            self.remarks.append(
                f"the data sets of {key} have different classes; the first one's are compared, and each is "
                "numbered by its own"
            )
        return next((each for each in sets if not each.known), sets[0])

    def inner(self, value: Any, key: str, depth: int = 0) -> Iterator[Table]:
        """Yield the data sets inside wrappers (RepeatDataset, ConcatDataset, ClassBalancedDataset, ...)."""
        if isinstance(value, Unresolved):
            self.not_read(value.error(key))
        elif isinstance(value, list) and depth <= _DEEPEST:
            for item in value:
                yield from self.inner(item, key, depth + 1)
        elif isinstance(value, Table) and depth <= _DEEPEST:
            within = next((name for name in ("dataset", "datasets") if value.get(name) is not None), None)
            if within is None:
                yield value
            else:
                yield from self.inner(value[within], f"{key}.{within}", depth + 1)

    def names_of(self, data: Table, key: str, evaluated: bool) -> _Names:
        """Return the names of one data set, without wrappers."""
        kind = class_name(data)
        new = key.startswith("train_dataloader") or key.startswith("val_dataloader")
        if new and "classes" in data and "metainfo" not in data and kind in _OWN_NAMES:
            raise data.error(
                f'{kind} takes no `classes`: mmdetection 3 stops with "TypeError: __init__() got an '
                "unexpected keyword argument 'classes'\"",
                "classes",
                "Write metainfo=dict(classes=...).",
            )
        owner: Any = data.get("metainfo") if new else data
        if isinstance(owner, Unresolved):
            self.not_read(owner.error(f"{key}.metainfo"))
            return _Names(known=False)
        value = owner.get("classes") if isinstance(owner, Table) else None
        if isinstance(owner, Table) and value is not None:
            at = f"{key}.metainfo.classes" if new else f"{key}.classes"
            return self.stated(value, _Place(owner, at, kind, new))
        if new and isinstance(owner, Table) and owner.get("CLASSES") is not None and not evaluated:
            self.remarks.append(
                f"metainfo has CLASSES ({place(*owner.place('CLASSES'))}), which mmdetection reads up to "
                f"3.0.0rc4 only; later ones read `classes`, and take the own names of {kind} here"
            )
        if kind in _OWN_NAMES:
            return _Names(_OWN_NAMES[kind], Path(data.path).name, own=True)
        if kind == "XMLDataset" and not evaluated:
            self.remarks.append(
                "XMLDataset has no classes of its own, and the file states none: mmdetection stops with "
                '"AssertionError: `classes` in `XMLDataset` can not be None."'
            )
        elif not evaluated:
            self.remarks.append(f"the file states no classes, and the own names of {kind} are not known here")
        return _Names(known=False)

    def stated(self, value: Any, at: _Place) -> _Names:
        """Return the names that a file states."""
        if isinstance(value, str):
            return self.text(value, at)
        items = value if isinstance(value, list) else [value]
        unknown = next((item for item in items if isinstance(item, Unresolved)), None)
        if unknown is not None:
            self.not_read(unknown.error(at.key))
            return _Names(known=False)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.not_read(at.error("is not a list of texts", "Write a list of names."))
            return _Names(known=False)
        if not value:
            self.remarks.append(
                f"{at.key} is empty ({at.where}): mmdetection takes every category of a COCO file"
            )
            return _Names(where=at.where, known=False)
        return _Names(tuple(value), at.where)

    def text(self, value: str, at: _Place) -> _Names:
        """Return the names of `classes='...'`: the lines of a file of that name, or, in mmdet 3, the text."""
        file = _found(value, Path(at.owner.place("classes")[0]))
        listed = f"classes=({value!r},)"
        if file is not None:
            text = documents.read_text(file, "file of class names")
            return _Names(tuple(text.removesuffix("\n").split("\n")), f"{file.name}, named in {at.where}")
        if not at.new or Path(value).suffix:
            words = (
                f"is {value!r}, a file in the folder where training starts, and there is no such file here"
            )
            self.not_read(at.error(words, f"Start in that folder; or write a list: {listed}."))
            return _Names(known=False)
        if at.kind in _XML:
            raise at.error(
                f"is the text {value!r}, no list: {at.kind} stops with KeyError at a box whose class is part "
                "of that text, and drops all others",
                f"Write a comma, so that it is a list of one: {listed}.",
            )
        self.remarks.append(
            f"{at.key} is the text {value!r} ({at.where}), no list; mmdetection takes the categories of a "
            "COCO file whose names are part of that text"
        )
        return _Names((value,), at.where)

    def remark_on_unused(self, key: str, names: _Names) -> None:
        """Say so if the config has a list of classes that its data set does not take."""
        for name in _UNUSED:
            if name in self.config:
                at = place(*self.config.place(name))
                self.remarks.append(
                    f"`{name}` ({at}) is not handed to {key}, so the {len(names.names)} own names of the "
                    "data set's class count"
                )
                return


def _found(name: str, config: Path) -> Path | None:
    """Return the file of this name in the working directory, or, for a name with a suffix, around the config.

    mmdetection looks in the working directory alone, which for training is usually a folder above the config.
    """
    around = config.resolve().parents[:6] if Path(name).suffix else ()
    for folder in (Path.cwd(), *around):
        try:
            if (folder / name).is_file():
                return folder / name
        except (OSError, ValueError):  # too long, or not a possible path
            return None
    return None
