"""Read which images and boxes the training data set of an mmdetection or mmyolo config leaves out.

Sources: mmdetection 3.3.0 datasets/coco.py and xml_style.py (filter_data, bbox_min_size: a key that
`filter_cfg` lacks asks nothing, and in a test nothing is left out), dataset_wrappers.py; mmengine 0.10.7
dataset/dataset_wrapper.py; mmyolo 0.6.0 datasets (the same data sets). mmdetection 2.28.2
datasets/{custom,coco,xml_style}.py: `filter_empty_gt` of the data set is true by default, images below 32
pixels always go, and `min_size` is that of boxes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from anchoraudit.detectors.readers._mmdet_parse import class_name
from anchoraudit.detectors.readers._mmdet_resize import all_steps, pipeline_of
from anchoraudit.detectors.readers._table import Table, Unresolved
from anchoraudit.detectors.spec import Detector, Loading
from anchoraudit.errors import AnchorauditError

_DEEPEST = 30  # wrappers of data sets inside each other; real configs have three
_NEW, _OLD = "train_dataloader.dataset", "data.train"
_OLD_IMAGE_SIDE = 32.0  # pixels: `_filter_imgs(min_size=32)`


def with_loading(detector: Detector, config: Table) -> Detector:
    """Return the detector with what the config asks of the loader; without a data set, with its own.

    Raises AnchorauditError, with the line, at a value that ends mmdetection.
    """
    found = _Reading(config)
    stated = found.stated()
    loading = detector.loading if not stated else _loosest(stated)
    notes = list(found.notes)
    if any(each != stated[0] for each in stated):
        notes.append(
            "the data sets of training differ in filter_cfg; the replay leaves out only what all of them "
            "leave out"
        )
    if loading.blank == "kept" and _crops_blank_away(config):
        notes.append(
            "RandomCrop of the training pipeline hands over no picture without boxes "
            "(allow_negative_crop=False): another image, drawn at random, takes its place"
        )
    return msgspec.structs.replace(detector, loading=loading, notes=(*detector.notes, *notes))


@dataclass(slots=True)
class _Reading:
    config: Table
    notes: list[str] = field(default_factory=list)

    def stated(self) -> list[Loading]:
        """Return what each data set of training leaves out; nothing of what cannot be read."""
        key = _NEW if "train_dataloader" in self.config else _OLD
        try:
            found = self.config.find(key)
            return [_loading(data, key == _NEW) for data in self.inner(found, key)]
        except _UnreadError as error:
            self.notes.append(
                f"which images training leaves out is not read in full: {error.args[0].message}"
            )
            return []

    def inner(self, value: Any, key: str, depth: int = 0) -> Iterator[Table]:
        """Yield the data sets inside wrappers (RepeatDataset, MultiImageMixDataset, ConcatDataset, ...)."""
        if isinstance(value, Unresolved):
            raise _UnreadError(value.error(key))
        if depth > _DEEPEST:
            return
        if isinstance(value, list):
            for item in value:
                yield from self.inner(item, key, depth + 1)
        elif isinstance(value, Table):
            within = next((name for name in ("dataset", "datasets") if value.get(name) is not None), None)
            if within is None:
                yield value
            else:
                yield from self.inner(value[within], f"{key}.{within}", depth + 1)


class _UnreadError(Exception):
    """A value that parsing does not give; its argument is the error that says so."""


def _loading(data: Table, new: bool) -> Loading:
    """Return what one data set leaves out, without wrappers."""
    voc = any(name in class_name(data) for name in ("XML", "VOC", "WIDERFace"))
    if _value(data, "test_mode"):
        return Loading(blank="kept", least_image_side=0.0, least_box_side=0.0 if voc else None)
    if not new:
        return Loading(
            blank=_blank(data, default=True),
            least_image_side=_OLD_IMAGE_SIDE,
            least_box_side=_side(data, "min_size") if voc else None,
        )
    given = _value(data, "filter_cfg")
    if given is not None and not isinstance(given, Table):
        raise data.error("filter_cfg is not a mapping", "filter_cfg", "Write filter_cfg=dict(...).")
    asked = Table(data.path, data.line) if given is None else given
    return Loading(
        blank=_blank(asked, default=False),
        least_image_side=_side(asked, "min_size"),
        least_box_side=_side(asked, "bbox_min_size") if voc else None,
    )


def _blank(asked: Table, default: bool) -> Literal["kept", "dropped"]:
    value = _value(asked, "filter_empty_gt") if "filter_empty_gt" in asked else default
    return "dropped" if value else "kept"


def _side(asked: Table, key: str) -> float:
    if _value(asked, key) is None and key == "min_size" and key in asked:
        raise asked.error("min_size is None, and mmdetection compares it with numbers", key, "Write 0.")
    with asked.blame(key):
        side = asked.number(key, 0.0)
        return Loading(least_image_side=max(side, 0.0)).image_side(0.0)


def _value(owner: Table, key: str) -> Any:
    """Return an entry, None without it. Raises _UnreadError if its value is not in the text."""
    value = owner.get(key)
    if isinstance(value, Unresolved):
        raise _UnreadError(value.error(key))
    return value


def _loosest(stated: list[Loading]) -> Loading:
    """Return the rule under which goes only what goes in every one of the data sets."""
    boxes = [each.least_box_side for each in stated if each.least_box_side is not None]
    return Loading(
        blank="dropped" if all(each.blank == "dropped" for each in stated) else "kept",
        least_image_side=min(each.image_side(0.0) for each in stated),
        least_box_side=min(boxes) if boxes else None,
    )


def _crops_blank_away(config: Table) -> bool:
    """Tell whether a step of the pipeline returns nothing for every image without boxes."""
    try:
        steps = list(all_steps(pipeline_of(config) or ()))
        return any(
            class_name(step) == "RandomCrop" and not step.flag("allow_negative_crop", False) for step in steps
        )
    except AnchorauditError:  # what reads the input size has said so
        return False
