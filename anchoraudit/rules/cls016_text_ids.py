"""CLS016: class ids that are text on one side and numbers on the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from anchoraudit.classes.table import class_written
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._classes import counted, framework
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule


def check(context: Context) -> Sequence[Finding]:
    """Find annotations whose class id is that of a class, but for its type, and ids of both types."""
    dataset = context.dataset
    if not dataset.declares_ids:
        return []
    written: dict[str, object] = {}
    for category in dataset.categories:
        written.setdefault(str(category.id), category.id)
    pairs = {
        row: (own, written[str(own)])
        for row, text in dataset.boxes.class_texts.items()
        if str(own := class_written(text)) in written
    }
    if 2 * len(pairs) >= len(dataset.boxes) > 0:
        return _of_all(context, list(pairs.values()))
    if found := _of_some(context, pairs) or _of_texts(context):
        return found
    if pairs or not any(_has_both(dataset, listed) for listed in dataset.class_lists):
        return []
    one = next(str(category.id) for category in dataset.categories if isinstance(category.id, str))
    text = (
        f"`categories` has ids that are numbers and ids that are texts, such as {_shown(one)}; Python "
        "sorts no such list: TypeError: '<' not supported between instances of 'str' and 'int'"
    )
    return context.about_all("CLS016", text, _shown(one), "types of class ids")


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


def _of_all(context: Context, pairs: Sequence[tuple[object, object]]) -> list[Finding]:
    own, theirs = pairs[0]
    says = f"{_shown(own)} in the annotations, {_shown(theirs)} in `categories`"
    text = f"the class ids of {counted(len(pairs))} are of another type: {says}; {_becomes(context, own)}"
    return context.about_all("CLS016", text, says, "types of class ids")


def _of_some(context: Context, pairs: Mapping[int, tuple[object, object]]) -> Sequence[Finding]:
    """Report single boxes where the framework stops and no loader says so; else they are CLS001 and RUN."""
    rules = None if context.classes is None else context.classes.rules
    if rules is None or rules.mixed_ids != "raises" or context.loaded is not None:
        return []
    if rules.text_ids == "raises":
        pairs = {row: pair for row, pair in pairs.items() if isinstance(pair[0], str)}

    def tell(row: int) -> tuple[str, str]:
        own, theirs = pairs[row]
        says = f"class id {_shown(own)}, where `categories` has {_shown(theirs)}"
        return f"{says}: {_becomes(context, own)}", _shown(own)

    return context.about_boxes("CLS016", np.array(sorted(pairs), dtype=np.int64), tell)


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
    scope="whole",
    needs_whole="it looks at all images and boxes at once",
)
