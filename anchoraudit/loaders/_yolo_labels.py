"""The checks of label files that YOLOv5, YOLOv7 and Ultralytics share: `verify_image_label`.

They read a label file as float32 rows of a class, a centre and a size, in fractions of the image. If one row
has more columns than a box has, every row of its file is a polygon, and becomes the box around its points.
Whatever a check refuses drops the image with all its labels. An image without labels stays, as background.
The versions differ in limits, in what they take for a row, and in words; `Checks` holds these differences.

The labels are checked as columns. Only label files that are not plain (`Dataset.label_lines`) are read line
by line.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from anchoraudit.loaders._rules import Rule

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from anchoraudit.arrays import Bool, Float, Int
    from anchoraudit.loaders._sieve import Sieve

    Float32 = npt.NDArray[np.float32]

_SMALLEST_SIDE = 10  # pixels: both sides are asserted to be above 9
_SHOWN = 6  # numbers of a message that are repeated
_JPEG = (".jpg", ".jpeg", ".jpe", ".jfif")
_SAME = 1e-6  # of an image: float32 and the six digits of converters change coordinates by less


class Rules(NamedTuple):
    """The rules of one version, in the order of the framework."""

    absent: Rule
    suffix: Rule
    broken: Rule
    unsized: Rule
    small: Rule
    elsewhere: Rule
    text: Rule
    not_number: Rule
    half_point: Rule
    no_point: Rule
    mixed: Rule | None
    ragged: Rule
    columns: Rule
    below: Rule
    above: Rule
    fraction: Rule | None
    beyond: Rule
    equal: Rule
    polygon: Rule
    resized: Rule


@dataclass(frozen=True)
class Checks:
    """How one version checks images and labels.

    source: the file and the function. suffixes: of the image files that it lists, in lower case. longest_box:
    a row with more columns makes polygons of all rows of its file. blank_rows: which blank lines between rows
    count as rows without columns: "none", those of white "space", or "all". takes_mark: a byte-order mark at
    the start of a label file is skipped. refuses_mixed: rows of five columns among polygons are refused.
    lowest: the least value accepted; sides_from_zero: only of centres, sides must not be below 0. highest:
    the greatest coordinate accepted; highest_first: it is checked before the lowest. whole_classes: a class
    must be a whole number. beyond: what happens at a class beyond the names: the image is dropped ("image"),
    or train.py stops ("stops"). drops_equal: equal rows are dropped; else their image is. by_points: polygons
    are equal if their points are. reads_jpeg: a JPEG that does not end with its mark is decoded.
    height_first: a message gives the size as (height, width). below, above, columns, too_many: the
    framework's words for values out of range, rows without five columns, and classes beyond the names.
    """

    source: str
    suffixes: frozenset[str]
    lowest: float
    highest: float
    below: str
    above: str
    columns: str
    too_many: str
    longest_box: int = 6
    blank_rows: str = "space"
    takes_mark: bool = False
    refuses_mixed: bool = False
    sides_from_zero: bool = False
    highest_first: bool = True
    whole_classes: bool = False
    beyond: str = "image"
    beyond_source: str = ""
    drops_equal: bool = True
    by_points: bool = False
    reads_jpeg: bool = True
    height_first: bool = True

    @cached_property
    def rules(self) -> Rules:
        """The rules of this version."""
        source = self.source
        paths = f"{source.partition(' ')[0]} `img2label_paths`"
        limit, nothing = f"{self.highest:g}", ", or not a number" if self.highest_first else ""
        low = f"below {self.lowest:g}" if self.lowest else "below 0"
        sides = ", or a side below 0" if self.sides_from_zero else ""
        equal = Rule("image", "equal labels", source, error="duplicate labels")
        if self.drops_equal:
            equal = Rule("box", "equal to an earlier label", source, expected=True)
        return Rules(
            absent=Rule("image", "no image file: its labels are never read", source),
            suffix=Rule("image", "image file with a suffix that is not read", source),
            broken=Rule("image", "broken image file", source),
            unsized=Rule("image", "unknown image size", source),
            small=Rule("image", "a side below 10 pixels", source),
            elsewhere=Rule("box", "label file where it is not looked for", paths, "yolo"),
            text=Rule("image", "label file that is not UTF-8 text", source, "yolo"),
            not_number=Rule("image", "label that is not a number", source, "yolo"),
            half_point=Rule("image", "polygon with half a point", source, "yolo"),
            no_point=Rule("image", "row without columns or points", source, "yolo"),
            mixed=Rule("image", "boxes among polygons", source, "yolo") if self.refuses_mixed else None,
            ragged=Rule("image", "rows with different numbers of columns", source, "yolo"),
            columns=Rule("image", "rows without five columns", source, "yolo"),
            below=Rule("image", f"a label {low}{sides}, or not a number", source),
            above=Rule("image", f"a coordinate above {limit}{nothing}", source),
            fraction=Rule("image", "a class that is not a whole number", source, "yolo")
            if self.whole_classes
            else None,
            beyond=Rule("image", "a class beyond the names", source)
            if self.beyond == "image"
            else Rule("stops", "a class beyond the names", self.beyond_source),
            equal=equal,
            polygon=Rule("moves", "read as a polygon of its numbers", source, "yolo"),
            resized=Rule("moves", "scaled from the stated size to that of the image", source),
        )

    @property
    def listed(self) -> tuple[Rule, ...]:
        """The rules of this version, as documentation lists them."""
        return tuple(rule for rule in self.rules if rule is not None)


@dataclass
class Labels:
    """What stands in the label files of N images: M rows, of which some may be dropped already.

    values: float32 [M, 4], centre and size in fractions of the image. classes: float32 [M], NaN if not known.
    sides: float64 [N, 2], width and height in pixels that the fractions were made with. count: how many
    classes there are, None if nobody says. moved: bool [M], rows that are read as another box than the data
    set's. twins: rows that equal an earlier one in class and bounds, but have other points. once: the
    converter writes equal rows once.
    """

    values: Float32
    classes: Float32
    sides: Float
    count: int | None
    moved: Bool | None = None
    twins: set[int] = field(default_factory=set)
    once: bool = False


def verify(sieve: Sieve, checks: Checks, labels: Labels) -> None:
    """Check images and labels, and hand over what is left in pixels of the image as it is opened."""
    from anchoraudit.dataset.traits import ImageTrait

    rules = checks.rules
    _check_images(sieve, checks)
    sieve.drop_boxes(rules.elsewhere, sieve.images.has(ImageTrait.LABELS_ELSEWHERE)[sieve.boxes.image])
    _read_odd_files(sieve, checks, labels)
    judge = _Judge(sieve, labels)
    order = [judge.above, judge.below] if checks.highest_first else [judge.below, judge.above]
    for check in order:
        check(checks)
    if rules.fraction is not None:
        judge.fraction(rules.fraction)
    judge.beyond(checks)
    again = _duplicates(sieve, labels)
    if checks.drops_equal:
        sieve.drop_boxes(rules.equal, again)
    else:
        sieve.drop_images_of(rules.equal, again)
    _hand_over(sieve, checks, labels)


# Images


def _check_images(sieve: Sieve, checks: Checks) -> None:
    import numpy as np

    rules = checks.rules
    width, height = sieve.opened(turned=True)
    sieve.drop_images(rules.absent, sieve.absent())
    sieve.drop_images(rules.suffix, _other_suffix(sieve, checks.suffixes))
    refused = _refused(sieve, checks)
    broken = np.zeros(len(width), dtype=np.bool_)
    broken[list(refused)] = True
    sieve.drop_images(rules.broken, broken, lambda image: refused[image])
    sieve.drop_images(rules.unsized, np.isnan(width) | np.isnan(height))

    def say(image: int) -> str:
        sides = (int(width[image]), int(height[image]))
        return f"image size {sides[::-1] if checks.height_first else sides} <10 pixels"

    sieve.drop_images(rules.small, np.minimum(width, height) < _SMALLEST_SIDE, say)


def _other_suffix(sieve: Sieve, suffixes: frozenset[str]) -> Bool:
    """Tell which images have a name with the suffix of an image file that the framework does not list."""
    import numpy as np

    from anchoraudit.images.found import is_image_name

    names = sieve.images.file_names
    usual = (".jpg", ".png", ".jpeg")
    found = np.zeros(len(names), dtype=np.bool_)
    odd = [i for i, name in enumerate(names) if not name.endswith(usual)]
    found[[i for i in odd if is_image_name(names[i]) and _suffix(names[i]) not in suffixes]] = True
    return found


def _suffix(name: str) -> str:
    return name.rpartition(".")[2].lower()


def _refused(sieve: Sieve, checks: Checks) -> dict[int, str]:
    """Return why the framework refuses image files, for those that have a problem and are refused.

    Pillow is asked to read them as the framework reads them, where they are on this disk. Elsewhere, a
    version that does not decode a JPEG is taken to accept one with a readable header.
    """
    from anchoraudit.images import pillow
    from anchoraudit.io.files import open_regular

    found: dict[int, str] = {}
    files = sieve.files
    if files is None or not any(files.problem):
        return found
    with pillow.strict():
        for image, problem in enumerate(files.problem):
            if not problem:
                continue
            if math.isnan(files.width[image]):
                found[image] = problem
                continue
            path = sieve.dataset.image_path(image)
            name = sieve.images.file_names[image].lower()
            words = "" if not checks.reads_jpeg and name.endswith(_JPEG) else problem
            try:
                if path is not None:
                    file = open_regular(path)
                    try:
                        words = pillow.refused(file, decodes=checks.reads_jpeg)
                    finally:
                        os.close(file)
            except (OSError, MemoryError):
                words = problem
            if words:
                found[image] = words
    return found


# Label files that are not plain


def _read_odd_files(sieve: Sieve, checks: Checks, labels: Labels) -> None:
    """Read label files that are not plain line by line, and drop the images of those that are refused."""
    import numpy as np

    odd = sieve.dataset.label_lines
    if not odd:
        return
    order = sieve.boxes.by_image()
    image = sieve.boxes.image[order]
    refused: dict[Rule, dict[int, tuple[int, str]]] = {}
    moved = np.zeros(len(labels.values), dtype=np.bool_)
    for at, lines in odd.items():
        rows = order[np.searchsorted(image, at) : np.searchsorted(image, at, side="right")]
        read = _parse("\n".join(lines), checks)
        if isinstance(read, _Refused):
            culprit = int(rows[min(read.row, len(rows) - 1)]) if len(rows) else -1
            refused.setdefault(read.rule, {})[at] = (culprit, read.words)
        elif len(read.values) == len(rows):  # else it was cut where only one of both cuts
            own = labels.values[rows]
            moved[rows] = ~(np.abs(own - read.values[:, 1:]) <= _SAME).all(axis=1)
            labels.values[rows], labels.classes[rows] = read.values[:, 1:], read.values[:, 0]
            labels.twins.update(rows[read.twins].tolist())
    for rule in checks.listed:
        if rule in refused:
            _drop(sieve, rule, refused[rule])
    labels.moved = moved


def _drop(sieve: Sieve, rule: Rule, these: dict[int, tuple[int, str]]) -> None:
    import numpy as np

    images = np.zeros(len(sieve.images), dtype=np.bool_)
    boxes = np.zeros(len(sieve.boxes), dtype=np.bool_)
    for image, (culprit, _) in these.items():
        if culprit >= 0:
            boxes[culprit] = True
        else:
            images[image] = True
    image_of = sieve.boxes.image
    sieve.drop_images_of(rule, boxes, lambda row: these[int(image_of[row])][1])
    sieve.drop_images(rule, images, lambda image: these[image][1])


class _Refused(NamedTuple):
    rule: Rule
    words: str
    row: int = 0


class _Read(NamedTuple):
    """values: float32 [n, 5]. twins: rows that equal an earlier one in class and bounds, not in points."""

    values: Float32
    twins: list[int]


def _parse(text: str, checks: Checks) -> _Read | _Refused:
    """Read the text of a label file as the framework does, in its order of operations."""
    import numpy as np

    rules = checks.rules
    text = text.removeprefix("\ufeff") if checks.takes_mark else text
    try:
        text = text.encode("utf-8", "surrogateescape").decode("utf-8")
    except UnicodeDecodeError as error:
        return _Refused(rules.text, str(error))
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    kept: dict[str, Callable[[str], bool]] = {
        "none": lambda line: bool(line.strip()),
        "space": bool,
        "all": lambda line: True,
    }
    rows = [line.split() for line in text.strip().splitlines() if kept[checks.blank_rows](line)]
    if not rows:
        return _Read(np.empty((0, 5), dtype=np.float32), [])
    longest = max(map(len, rows))
    if longest > checks.longest_box:
        return _parse_polygons(rows, checks)
    lengths = {len(row) for row in rows}
    if len(lengths) > 1:
        words = (
            "setting an array element with a sequence. The requested array has an inhomogeneous shape after "
            f"1 dimensions. The detected shape was ({len(rows)},) + inhomogeneous part."
        )
        return _Refused(rules.ragged, words, _first(rows, lambda row: len(row) != 5))
    values = _numbers(rows, rules)
    if isinstance(values, _Refused):
        return values
    if longest != 5:
        return _Refused(rules.columns, checks.columns.format(columns=longest))
    return _Read(values, [])


def _parse_polygons(rows: list[list[str]], checks: Checks) -> _Read | _Refused:
    import numpy as np

    rules = checks.rules
    if rules.mixed is not None and any(len(row) == 5 for row in rows):
        first = _first(rows, lambda row: len(row) == 5)
        return _Refused(rules.mixed, "labels mix segment and detection rows", first)
    empty = _first(rows, lambda row: not row)
    if not rows[empty]:
        return _Refused(rules.no_point, "list index out of range", empty)
    classes = _numbers([row[:1] for row in rows], rules)
    if isinstance(classes, _Refused):
        return classes
    polygons: list[Float32] = []
    for number, row in enumerate(rows):
        points = _numbers([row[1:]], rules)
        if isinstance(points, _Refused):
            return points._replace(row=number)
        if points.size % 2:
            words = f"cannot reshape array of size {points.size} into shape (2)"
            return _Refused(rules.half_point, words, number)
        polygons.append(points.reshape(-1, 2))
    lone = next((number for number, points in enumerate(polygons) if not len(points)), None)
    if lone is not None:
        words = "zero-size array to reduction operation minimum which has no identity"
        return _Refused(rules.no_point, words, lone)
    low = np.stack([points.min(axis=0) for points in polygons])
    high = np.stack([points.max(axis=0) for points in polygons])
    with np.errstate(over="ignore", invalid="ignore"):
        values = np.concatenate([classes, (low + high) / 2, high - low], axis=1)
    return _Read(values, _twins(values, polygons) if checks.by_points else [])


def _twins(values: Float32, polygons: list[Float32]) -> list[int]:
    """Return the rows whose bounds equal an earlier row's, while their points do not."""
    met: set[bytes] = set()
    points: set[bytes] = set()
    found = []
    for number, (row, polygon) in enumerate(zip(values, polygons, strict=True)):
        bounds, whole = (row + 0.0).tobytes(), row[:1].tobytes() + polygon.tobytes()
        if bounds in met and whole not in points:
            found.append(number)
        met.add(bounds)
        points.add(whole)
    return found


def _numbers(rows: list[list[str]], rules: Rules) -> Float32 | _Refused:
    """Return words as float32, with as many columns in each row, or the first that is no number."""
    import numpy as np

    values = []
    for number, row in enumerate(rows):
        for word in row:
            try:
                values.append(float(word))
            except ValueError as error:
                return _Refused(rules.not_number, str(error), number)
    with np.errstate(over="ignore"):
        found: Float32 = np.array(values, dtype=np.float64).astype(np.float32).reshape(len(rows), -1)
    return found


def _first(rows: list[list[str]], wanted: Callable[[list[str]], bool]) -> int:
    return next((number for number, row in enumerate(rows) if wanted(row)), 0)


# Values


class _Judge:
    """Checks the values of all labels that are left, and words what it refuses."""

    def __init__(self, sieve: Sieve, labels: Labels) -> None:
        self.sieve = sieve
        self.labels = labels
        self.left = sieve.left  # what stands in the label files

    def _of_image(self, row: int) -> Float32:
        """Return the label file with this row: float32 [n, 5]."""
        import numpy as np

        rows = np.flatnonzero((self.sieve.boxes.image == self.sieve.boxes.image[row]) & self.left)
        found: Float32 = np.column_stack([self.labels.classes[rows], self.labels.values[rows]])
        return found[np.sort(np.unique(found, axis=0, return_index=True)[1])] if self.labels.once else found

    def below(self, checks: Checks) -> None:
        import numpy as np

        from anchoraudit.loaders._sieve import any_of_four

        values, classes = self.labels.values, self.labels.classes
        least = np.float32(checks.lowest)
        bad = any_of_four(~(values >= least)) | ~(classes >= least)
        if checks.sides_from_zero:
            bad |= ~(values[:, 2] >= 0) | ~(values[:, 3] >= 0)

        def say(row: int) -> str:
            file = self._of_image(row)
            shown = file[file < (0 if checks.sides_from_zero else least)]
            return checks.below.format(values=_shown(shown))

        self.sieve.drop_images_of(checks.rules.below, bad, say)

    def above(self, checks: Checks) -> None:
        import numpy as np

        from anchoraudit.loaders._sieve import any_of_four

        most = np.float32(checks.highest)

        def say(row: int) -> str:
            file = self._of_image(row)[:, 1:]
            return checks.above.format(values=_shown(file[file > most]))

        self.sieve.drop_images_of(checks.rules.above, any_of_four(~(self.labels.values <= most)), say)

    def fraction(self, rule: Rule) -> None:
        import numpy as np

        classes = self.labels.classes

        def say(row: int) -> str:
            file = self._of_image(row)[:, 0]
            with np.errstate(invalid="ignore"):  # infinity has no remainder
                return f"non-integer class labels {_shown(file[file % 1 != 0])}"

        self.sieve.drop_images_of(rule, ~(np.trunc(classes) == classes) | np.isinf(classes), say)

    def beyond(self, checks: Checks) -> None:
        count = self.labels.count
        if count is None:
            return
        rule, too_many = checks.rules.beyond, checks.too_many
        bad = self.labels.classes >= count

        def say(row: int) -> str:
            highest = self._of_image(row)[:, 0].max()
            if highest == float("inf"):
                return "cannot convert float infinity to integer"
            return too_many.format(label=int(highest), count=count, last=count - 1)

        if rule.what == "stops":
            self.sieve.stop_at_images_of(rule, bad, say)
        else:
            self.sieve.drop_images_of(rule, bad, say)


def _shown(values: Float32) -> str:
    """Return numbers as the framework's NumPy prints them: `[ 1.02]`."""
    texts = [f"{value:.5g}" for value in values[:_SHOWN].tolist()]
    more = " ..." if len(values) > _SHOWN else ""
    return f"[ {' '.join(texts)}{more}]" if texts else "[]"


def _duplicates(sieve: Sieve, labels: Labels) -> Bool:
    """Tell which rows equal an earlier one in class and label that is left in the same image: bool [M]."""
    import numpy as np

    from anchoraudit.dataset.duplicates import exact_duplicates

    rows = np.flatnonzero(sieve.left & sieve.images_left[sieve.boxes.image])
    taken = sieve.boxes if len(rows) == len(sieve.boxes) else sieve.boxes.take(rows)
    boxes = replace(
        taken,
        xyxy=labels.values[rows].astype(np.float64) + 0.0,  # -0 equals 0
        category=_codes(taken.category, labels.classes[rows]),
        crowd=np.zeros(len(rows), dtype=np.bool_),
    )
    again = np.zeros(len(labels.values), dtype=np.bool_)
    again[rows] = exact_duplicates(replace(sieve.dataset, boxes=boxes)) >= 0
    again[list(labels.twins)] = False
    return again


def _codes(category: Int, classes: Float32) -> Int:
    """Return an integer for each class, also of those that are none of the data set's."""
    import numpy as np

    unknown = np.flatnonzero(category < 0)
    if not len(unknown):
        return category
    codes = category.copy()
    codes[unknown] = category.max() + 1 + np.unique(classes[unknown], return_inverse=True)[1]
    return codes


# Handing over


def _hand_over(sieve: Sieve, checks: Checks, labels: Labels) -> None:
    """Give the boxes in pixels of the images as they are opened: upright."""
    import numpy as np

    width, height = sieve.opened(turned=True)
    known = ~(np.isnan(width) | np.isnan(height))
    sides = np.stack([width, height], axis=1)
    other = known & (sides != labels.sides).any(axis=1)
    boxes = np.flatnonzero(other[sieve.boxes.image])
    if len(boxes):
        image = sieve.boxes.image[boxes]
        xyxy = sieve.boxes.xyxy.copy()
        with np.errstate(divide="ignore"):
            xyxy[boxes] *= np.tile(sides[image] / labels.sides[image], 2)
        sieve.move(checks.rules.resized, xyxy)
    if labels.moved is not None and labels.moved.any():
        rows = np.flatnonzero(labels.moved)
        values = labels.values[rows].astype(np.float64)
        half = values[:, 2:] / 2
        corners = np.concatenate([values[:, :2] - half, values[:, :2] + half], axis=1)
        xyxy = sieve.boxes.xyxy.copy()
        xyxy[rows] = corners * np.tile(sides[sieve.boxes.image[rows]], 2)
        sieve.move(checks.rules.polygon, xyxy)
    sieve.opens_as(np.where(known, width, sieve.images.width), np.where(known, height, sieve.images.height))
