"""Which index each class of each annotation file gets, under the class rules of a framework."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from anchoraudit.classes.contract import ClassRules
from anchoraudit.dataset.columns import Category, Dataset, ImageId
from anchoraudit.dataset.splits import is_training
from anchoraudit.detectors.classes import Classes

# The ids of MS COCO, in order: 80 of 1 to 90.
MS_COCO = tuple(sorted({*range(1, 91)} - {12, 26, 29, 30, 45, 66, 68, 69, 71, 83}))
HasBoxes = Callable[[], Sequence[bool]]
_BACKGROUND = frozenset(["background", "__background__", "_background_", "bg"])


def has_background(names: Sequence[str]) -> bool:
    """Tell whether a list of names begins with one for the background.

    Examples
    --------
    >>> has_background(["__background__", "cat"]), has_background(["cat", "background"])
    (True, False)
    """
    return bool(names) and names[0].strip().casefold() in _BACKGROUND


def name_indices(rules: ClassRules, stated: Classes, ids: Sequence[object] = ()) -> dict[str, int]:
    """Return the index of each name that a configuration states, as the model gets it.

    A list whose first name is the background counts it as index 0. Else the first name has the index
    `rules.first`; where the framework hands over ids, it is 1 if the data use no id 0 and these names leave
    room for a background. Of a name that is listed twice, the place that the framework finds counts.

    ids: the class ids of the data, for frameworks that hand them over as they are.
    """
    names = stated.names
    if stated.ids:
        numbers: Sequence[int] = stated.ids
    elif has_background(names):
        numbers = range(len(names))
    else:
        numbers = range(first := _first(rules, ids), first + len(names))
    found: dict[str, int] = {}
    for name, number in zip(names, numbers, strict=True):
        found.setdefault(name, number)
    return found


def _first(rules: ClassRules, ids: Sequence[object]) -> int:
    if rules.index_for("coco") != "as_is" or not ids:
        return rules.first
    whole = [i for i in ids if isinstance(i, int)]
    return 1 if whole and min(whole) >= 1 else 0


def class_indices(
    dataset: Dataset, rules: ClassRules, stated: Classes, has_boxes: HasBoxes
) -> list[dict[int, int | None]]:
    """Return, for each source, the index of each class that it lists; None for one that gets none.

    Classes of which nobody can say it are left out: names that no configuration lists. Keys are indices
    into `dataset.categories`. has_boxes: tells whether each class has a box; called only where that counts.
    """
    make = _MAKERS[rules.index_for(dataset.format)]
    return [make(dataset, listed, rules, stated, has_boxes) for listed in dataset.class_lists]


_Maker = Callable[[Dataset, Sequence[int], ClassRules, Classes, HasBoxes], "dict[int, int | None]"]


def _as_is(
    dataset: Dataset, listed: Sequence[int], rules: ClassRules, stated: Classes, has_boxes: HasBoxes
) -> dict[int, int | None]:
    if not (dataset.declares_ids or dataset.classes_are_indices):
        return _names(dataset, listed, rules, stated, has_boxes)
    ids = {number: dataset.categories[number].id for number in listed}
    return {number: i for number, i in ids.items() if isinstance(i, int)}


def _minus_one(
    dataset: Dataset, listed: Sequence[int], rules: ClassRules, stated: Classes, has_boxes: HasBoxes
) -> dict[int, int | None]:
    ids = {number: dataset.categories[number].id for number in listed}
    if sorted(map(str, ids.values())) == sorted(map(str, MS_COCO)):
        return _mscoco(dataset, listed, rules, stated, has_boxes)
    return {number: i - 1 for number, i in ids.items() if isinstance(i, int)}


def _sorted(
    dataset: Dataset, listed: Sequence[int], rules: ClassRules, stated: Classes, has_boxes: HasBoxes
) -> dict[int, int | None]:
    del stated, has_boxes
    return _by_sorted_id(dataset.categories, listed, rules)


def _sorted_with_boxes(
    dataset: Dataset, listed: Sequence[int], rules: ClassRules, stated: Classes, has_boxes: HasBoxes
) -> dict[int, int | None]:
    del stated
    # The training file numbers the classes of the others, too.
    training = [i for i, source in enumerate(dataset.sources) if is_training(source.split)]
    numbering = dataset.class_lists[training[0]] if training else listed
    boxes = has_boxes()
    parents = {dataset.categories[number].group for number in numbering}
    left = [n for n in numbering if boxes[n] or dataset.categories[n].name not in parents]
    by_number = _by_sorted_id(dataset.categories, left, rules)
    of_ids = {dataset.categories[number].id: index for number, index in by_number.items()}
    return {number: of_ids.get(dataset.categories[number].id) for number in listed}


def _by_sorted_id(
    categories: Sequence[Category], listed: Sequence[int], rules: ClassRules
) -> dict[int, int | None]:
    """Number classes by their ids. Texts are sorted as texts; of both kinds Python sorts none."""
    ids = [categories[number].id for number in listed]
    if len({isinstance(i, str) for i in ids}) > 1:
        return {}
    return _at_places(categories, listed, sorted(ids, key=lambda i: i), rules)


def _at_places(
    categories: Sequence[Category], listed: Sequence[int], ids: Sequence[ImageId], rules: ClassRules
) -> dict[int, int | None]:
    """Return the place of the id of each class in a list of ids, counted from the rules' first index."""
    places: dict[ImageId, int | None] = {}
    for place, one in enumerate(ids, rules.first):
        if rules.repeated_id == "last" or one not in places:
            places[one] = place
    return {number: places.get(categories[number].id) for number in listed}


def _file_order(
    dataset: Dataset, listed: Sequence[int], rules: ClassRules, stated: Classes, has_boxes: HasBoxes
) -> dict[int, int | None]:
    del has_boxes
    names = set(stated.names)
    kept = [dataset.categories[n].id for n in listed if not names or dataset.categories[n].name in names]
    return _at_places(dataset.categories, listed, kept, rules)


def _names(
    dataset: Dataset, listed: Sequence[int], rules: ClassRules, stated: Classes, has_boxes: HasBoxes
) -> dict[int, int | None]:
    del has_boxes
    if not stated.names:
        return {}
    index = name_indices(rules, stated)
    return {number: index.get(rules.folded(dataset.categories[number].name)) for number in listed}


def _mscoco(
    dataset: Dataset, listed: Sequence[int], rules: ClassRules, stated: Classes, has_boxes: HasBoxes
) -> dict[int, int | None]:
    del rules, stated, has_boxes
    place = {i: number for number, i in enumerate(MS_COCO)}
    ids = {number: dataset.categories[number].id for number in listed}
    return {number: place.get(i) if isinstance(i, int) else None for number, i in ids.items()}


_MAKERS: dict[str, _Maker] = {
    "as_is": _as_is,
    "minus_one": _minus_one,
    "sorted": _sorted,
    "sorted_with_boxes": _sorted_with_boxes,
    "file_order": _file_order,
    "names": _names,
    "label_map": _names,
    "mscoco": _mscoco,
}
