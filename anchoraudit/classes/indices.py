"""Which index each class of each annotation file gets, under the class rules of a framework."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from anchoraudit.classes.contract import ClassRules
from anchoraudit.dataset.columns import Category, Dataset, ImageId
from anchoraudit.dataset.splits import is_training
from anchoraudit.detectors.classes import Classes

# The ids of MS COCO, in order: 80 of 1 to 90.
MS_COCO = tuple(sorted({*range(1, 91)} - {12, 26, 29, 30, 45, 66, 68, 69, 71, 83}))
MS_COCO_PLACES = {one: place for place, one in enumerate(MS_COCO)}
HasBoxes = Callable[[], Sequence[Sequence[bool]]]
# What rf-detr takes for "no group".
_NO_GROUP = frozenset(["", "none", "null"])
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
    if stated.ids and rules.index_for("coco") == "mscoco":
        numbers: Sequence[int] = [MS_COCO_PLACES.get(i, -1) for i in stated.ids]
    elif stated.ids:
        numbers = stated.ids
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
    into `dataset.categories`. has_boxes: tells for each source whether each class has a box there; called
    only where that counts.
    """
    make = _MAKERS["as_is" if dataset.is_fed else rules.index_for(dataset.format)]
    return [make(dataset, source, rules, stated, has_boxes) for source in range(len(dataset.class_lists))]


# The second argument is the source, as an index into `Dataset.class_lists`.
_Maker = Callable[[Dataset, int, ClassRules, Classes, HasBoxes], "dict[int, int | None]"]


def _ids(dataset: Dataset, source: int) -> dict[int, ImageId]:
    """Return the id of each class that a source lists."""
    return {number: dataset.categories[number].id for number in dataset.class_lists[source]}


def _as_is(
    dataset: Dataset, source: int, rules: ClassRules, stated: Classes, has_boxes: HasBoxes
) -> dict[int, int | None]:
    if not (dataset.declares_ids or dataset.classes_are_indices):
        return _names(dataset, source, rules, stated, has_boxes)
    first = rules.first if dataset.classes_are_indices else 0
    return {number: i + first for number, i in _ids(dataset, source).items() if isinstance(i, int)}


def _minus_one(
    dataset: Dataset, source: int, rules: ClassRules, stated: Classes, has_boxes: HasBoxes
) -> dict[int, int | None]:
    ids = _ids(dataset, source)
    if sorted(map(str, ids.values())) == sorted(map(str, MS_COCO)):
        return _mscoco(dataset, source, rules, stated, has_boxes)
    return {number: i - 1 for number, i in ids.items() if isinstance(i, int)}


def _sorted(
    dataset: Dataset, source: int, rules: ClassRules, stated: Classes, has_boxes: HasBoxes
) -> dict[int, int | None]:
    del stated, has_boxes
    return _by_sorted_id(dataset.categories, dataset.class_lists[source], rules)


def _sorted_with_boxes(
    dataset: Dataset, source: int, rules: ClassRules, stated: Classes, has_boxes: HasBoxes
) -> dict[int, int | None]:
    """Number classes by their ids, read as numbers, without groups that have no box.

    The training file numbers the classes of the others, too. There every listing of an id takes a place;
    where a file numbers its own classes, an id takes one, and its last listing counts. A box whose id is a
    text gets no index.
    """
    del stated
    categories = dataset.categories
    training = [i for i, one in enumerate(dataset.sources) if is_training(one.split)]
    numbering = training[0] if training else source
    numbers = {n: _whole(categories[n].id) for n in dataset.class_lists[numbering]}
    if None in numbers.values():
        return {}
    boxes = has_boxes()[numbering]
    with_boxes = {whole for n, whole in numbers.items() if boxes[n]}
    listed = dataset.class_lists[numbering]
    if numbering == source:
        listed = tuple({categories[n].id: n for n in listed}.values())
    parents = {categories[n].group for n in listed if categories[n].group != categories[n].name} - _NO_GROUP
    in_order = sorted(listed, key=lambda n: numbers[n] or 0)
    left = [n for n in in_order if numbers[n] in with_boxes or categories[n].name not in parents]
    of_ids = {numbers[n]: place for place, n in enumerate(left or in_order, rules.first)}
    ids = _ids(dataset, source)
    return {n: of_ids.get(i) if isinstance(i, int) else None for n, i in ids.items()}


def _whole(identity: ImageId) -> int | None:
    """Return an id as a number; None for a text that is none."""
    try:
        return int(identity)
    except ValueError:
        return None


def _by_sorted_id(
    categories: Sequence[Category], listed: Sequence[int], rules: ClassRules
) -> dict[int, int | None]:
    """Number classes by their ids. Texts are sorted as texts; of both kinds Python sorts none."""
    ids = [categories[number].id for number in listed]
    if len({isinstance(i, str) for i in ids}) > 1:
        return {}
    in_order = sorted(ids, key=lambda i: i)
    if rules.repeated_id == "once":
        in_order = list(dict.fromkeys(in_order))
    if not rules.counts_names:
        return _at_places(categories, listed, in_order, rules)
    last_name = {categories[number].id: categories[number].name for number in listed}
    names: set[str] = set()
    places: dict[ImageId, int] = {}
    for one in in_order:
        places[one] = rules.first + len(names)
        names.add(last_name[one])
    return {number: places[categories[number].id] for number in listed}


def _at_places(
    categories: Sequence[Category], listed: Sequence[int], ids: Sequence[ImageId], rules: ClassRules
) -> dict[int, int | None]:
    """Return the place of the id of each class in a list of ids, counted from the rules' first index."""
    places: dict[ImageId, int | None] = {}
    for place, one in enumerate(ids, rules.first):
        if rules.repeated_id != "first" or one not in places:
            places[one] = place
    return {number: places.get(categories[number].id) for number in listed}


def _file_order(
    dataset: Dataset, source: int, rules: ClassRules, stated: Classes, has_boxes: HasBoxes
) -> dict[int, int | None]:
    del has_boxes
    listed, names = dataset.class_lists[source], set(stated.names)
    kept = [dataset.categories[n].id for n in listed if not names or dataset.categories[n].name in names]
    return _at_places(dataset.categories, listed, kept, rules)


def _names(
    dataset: Dataset, source: int, rules: ClassRules, stated: Classes, has_boxes: HasBoxes
) -> dict[int, int | None]:
    del has_boxes
    if not stated.names:
        return {}
    index = name_indices(rules, stated)
    return {n: index.get(rules.folded(dataset.categories[n].name)) for n in dataset.class_lists[source]}


def _mscoco(
    dataset: Dataset, source: int, rules: ClassRules, stated: Classes, has_boxes: HasBoxes
) -> dict[int, int | None]:
    del rules, stated, has_boxes
    if not dataset.declares_ids:
        return {}
    ids = _ids(dataset, source)
    return {number: MS_COCO_PLACES.get(i) if isinstance(i, int) else None for number, i in ids.items()}


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
