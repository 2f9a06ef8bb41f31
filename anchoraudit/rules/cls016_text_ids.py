"""CLS016: class ids that are text on one side and numbers on the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._classes import counted, framework, written_class
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
        if str(own := written_class(text)) in written
    }
    if 2 * len(pairs) >= len(dataset.boxes) > 0:
        return _of_all(context, list(pairs.values()))
    if pairs:
        return _of_some(context, pairs)
    kinds = {type(category.id) is str for category in dataset.categories}
    if len(kinds) < 2:
        return []
    one = next(str(category.id) for category in dataset.categories if isinstance(category.id, str))
    text = (
        f"`categories` has ids that are numbers and ids that are texts, such as {_shown(one)}; Python "
        "sorts no such list: TypeError: '<' not supported between instances of 'str' and 'int'"
    )
    return context.about_all("CLS016", text, _shown(one), "types of class ids")


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
    if rules.mixed_ids == "dropped":
        return f"{framework(context)} drops these boxes without a word"
    error = rules.mixed_ids_error.format(id=_shown(own))
    return f"{framework(context)} stops{f': {error}' if error else ''}"


def _shown(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


RULE = Rule(
    code="CLS016",
    severity="error",
    title="class ids of different types",
    what=(
        "COCO: the `category_id` of annotations is a text where the `id` in `categories` is a number, or "
        "the reverse, and they would be equal otherwise. Or `categories` has ids of both types. Of a "
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
)
