"""CLS016: class ids that are text on one side and numbers on the other."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence

import numpy as np

from anchoraudit.classes.table import class_written
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._classes import counted, framework, ids_counted
from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._rule import Rule
from anchoraudit.rules._totals import Counted


def check(context: Context) -> Sequence[Finding]:
    """Find boxes most of whose class ids are those of classes, but for their type, and ids of both types."""
    dataset = context.dataset
    if not dataset.declares_ids:
        return []
    ids = _ids_met(context)
    if are_most(context):
        return _of_all(context, ids)
    if any(_is_told(context, own) for own, _ in ids):
        return []  # of single boxes
    if found := _of_texts(context):
        return found
    if ids or not any(_has_both(dataset, listed) for listed in dataset.class_lists):
        return []
    one = next(str(category.id) for category in dataset.categories if isinstance(category.id, str))
    text = (
        f"`categories` has ids that are numbers and ids that are texts, such as {_shown(one)}; Python "
        "sorts no such list: TypeError: '<' not supported between instances of 'str' and 'int'"
    )
    return context.about_all("CLS016", text, _shown(one), "types of class ids")


def single(context: Context) -> Hits:
    """Find single boxes where the framework stops and no loader says so; else they are CLS001 and RUN."""
    written = _written(context.dataset)
    ids = {row: own for row, own in _rows(context.dataset).items() if _is_told(context, own)}

    def tell(row: int) -> tuple[str, str]:
        own = ids[row]
        says = f"class id {_shown(own)}, where `categories` has {_shown(written[str(own)])}"
        return f"{says}: {_becomes(context, own)}", _shown(own)

    return context.about_boxes("CLS016", np.array(sorted(ids), dtype=np.int64), tell)


def are_few(context: Context) -> bool:
    """Tell whether it is a minority of the boxes."""
    return not are_most(context)


def are_most(context: Context) -> bool:
    """Tell whether it is half of the boxes, or more."""
    return 2 * sum(boxes for _, boxes in _ids_met(context)) >= context.totals.box_count > 0


def count(context: Context) -> Counted:
    """Count the boxes of each such id."""
    return Counter(f"id {json.dumps(own)}" for own in _rows(context.dataset).values())


def _ids_met(context: Context) -> list[tuple[object, int]]:
    return ids_counted(context.totals.of_rule("CLS016").numbers("id "))


def _written(dataset: Dataset) -> dict[str, object]:
    """Return the ids of the classes, by their text."""
    written: dict[str, object] = {}
    for category in dataset.categories:
        written.setdefault(str(category.id), category.id)
    return written


def _rows(dataset: Dataset) -> dict[int, object]:
    """Return the class id of each box that has one of another type, by row."""
    if not dataset.declares_ids:
        return {}
    written = _written(dataset)
    texts = dataset.boxes.class_texts
    return {row: own for row, text in texts.items() if str(own := class_written(text)) in written}


def _is_told(context: Context, own: object) -> bool:
    """Tell whether the framework stops at such an id, and no loader says so."""
    rules = None if context.classes is None else context.classes.rules
    if rules is None or rules.mixed_ids != "raises" or context.loaded is not None:
        return False
    return rules.text_ids != "raises" or isinstance(own, str)


def _of_texts(context: Context) -> Sequence[Finding]:
    """Report ids that are texts on both sides, where the framework stops at them and no loader says so."""
    table, dataset = context.classes, context.dataset
    if table is None or table.rules is None or table.rules.text_ids != "raises" or context.loaded is not None:
        return []
    counts = zip(dataset.categories, context.boxes_by_category.tolist(), strict=True)
    texts = {category.id: boxes for category, boxes in counts if boxes and isinstance(category.id, str)}
    if not texts:
        return []
    first = next(iter(texts))
    error = table.rules.text_ids_error.format(id=_shown(first))
    text = (
        f"the class ids of {counted(sum(texts.values()))} are texts, such as {_shown(first)}: "
        f"{framework(context)} stops{f': {error}' if error else ''}"
    )
    return context.about_all("CLS016", text, _shown(first), "types of class ids")


def _of_all(context: Context, ids: Sequence[tuple[object, int]]) -> list[Finding]:
    own = ids[0][0]
    says = f"{_shown(own)} in the annotations, {_shown(_written(context.dataset)[str(own)])} in `categories`"
    boxes = counted(sum(number for _, number in ids))
    text = f"the class ids of {boxes} are of another type: {says}; {_becomes(context, own)}"
    return context.about_all("CLS016", text, says, "types of class ids")


def _becomes(context: Context, own: object) -> str:
    """Say what the framework does with such a box."""
    rules = None if context.classes is None else context.classes.rules
    if rules is None:
        return "frameworks drop these boxes in silence, or stop with a KeyError"
    if rules.text_ids == "raises" and not isinstance(own, str):
        return f"{framework(context)} trains them, but pycocotools finds no such class when it evaluates"
    if rules.mixed_ids == "dropped":
        return f"{framework(context)} silently drops these boxes"
    error = (rules.text_ids_error or rules.mixed_ids_error).format(id=_shown(own))
    return f"{framework(context)} stops{f': {error}' if error else ''}"


def _has_both(dataset: Dataset, listed: Sequence[int]) -> bool:
    return len({isinstance(dataset.categories[number].id, str) for number in listed}) == 2


def _shown(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


RULE = Rule(
    code="CLS016",
    severity="error",
    title="class ids of different types",
    what=(
        "COCO: the `category_id` of annotations is a text where the `id` in `categories` is a number, or "
        "the reverse, and they would be equal otherwise. Or `categories` of one file has ids of both types. "
        "Or both are texts, and the framework takes numbers only, as DETR does. Of a "
        "minority of the boxes it is reported only where the framework stops and no loader of its own is "
        "replayed; else see CLS001 and RUN001 to RUN003."
    ),
    why=(
        '"1" and 1 are different keys. mmdetection and pycocotools drop all such boxes in silence; '
        "detectron2 and YOLOX stop with an error that names the id alone."
    ),
    example='"categories": [{"id": "1", "name": "cat"}], and "category_id": 1',
    remedy="write all class ids as numbers",
    check=check,
    scope="totals",
    count=count,
    tentative=single,
    tentative_if=are_few,
)
