"""BOX017: boxes written in another convention than that of their format."""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Bool, Float, Int
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.findings import Finding
from anchoraudit.dataset.readings import (
    DOUBTED,
    Misreading,
    ReadingCounts,
    as_written,
    count_readings,
    judged_rows,
    misreading,
    misreadings,
    wrong_among,
)
from anchoraudit.images.inspection import ImageFiles
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule
from anchoraudit.rules._totals import Counted, First, OwnTotals

THING = "convention of all boxes"


def misread(dataset: Dataset, files: ImageFiles | None = None) -> list[Misreading]:
    """Return the sources whose boxes are in another convention than the one that they are read in.

    files: facts about the image files. An image whose sides its annotation exchanges (IMG007) is judged by
    the sides of its file: there, the size is wrong and not the boxes.
    """
    return misreadings(dataset, _sizes(dataset, files))


def check(context: Context) -> list[Finding]:
    """Report sources in another convention, and boxes that only this program reads as the user says."""
    dataset, own = context.dataset, context.totals.of_rule("BOX017")
    found, sources = [], range(len(dataset.sources))
    if _may_be_misread(*(own.column(name, len(sources)) for name in ("odd", "all"))):
        every = (misreading(dataset, number, _counts_of(own, number)) for number in sources)
        found += [_about(context, one) for one in every if one is not None]
    reread = np.flatnonzero(own.column("read otherwise", len(sources)))
    if context.loaded is not None and len(reread):
        found += _read_otherwise(context, int(reread[0]))
    return found


def count(context: Context) -> Counted:
    """Count, for each source, what tells whether it is misread."""
    dataset, files, in_part = context.dataset, context.image_files, context.dataset.class_boxes is not None
    confirmed = np.bincount(dataset.images.source[_confirmed(dataset, files)], minlength=len(dataset.sources))
    if not len(dataset.boxes):
        return {f"confirmed {number}": images for number, images in enumerate(confirmed.tolist())}
    odd = _odd(context)
    source, sources = dataset.images.source[dataset.boxes.image], len(dataset.sources)
    of_odd, of_all = (np.bincount(rows, minlength=sources) for rows in (source[odd], source))
    counted: dict[str, int | Int | First] = {"odd": of_odd, "all": of_all}
    if dataset.read_as is not None:
        counted["read otherwise"] = np.bincount(source[dataset.reread], minlength=sources)
    if not in_part and not _may_be_misread(of_odd, of_all):
        return counted  # on a large set, the rest takes a moment
    sizes = _sizes(dataset, files)
    odd |= _is_exchanged(dataset, files)[dataset.boxes.image]  # of these the data set has another size
    for number, rows in enumerate(judged_rows(dataset)):
        suspected = np.flatnonzero(odd[rows])
        wrong = np.zeros(len(rows), dtype=np.bool_)
        wrong[suspected] = wrong_among(dataset, rows[suspected], sizes)
        counts = count_readings(dataset, number, rows, wrong, sizes, in_part=in_part)
        counted |= {f"{name} {number}": value for name, value in vars(counts).items()}
        counted[f"confirmed {number}"] = int(confirmed[number])
        if counts.wrong:
            row, place = context.first_box(rows[wrong])
            counted[f"first {number}"] = First(place, (_numbers_said(context, row),))
    return counted


def _counts_of(own: OwnTotals, number: int) -> ReadingCounts:
    """Return what was counted of a source."""
    judged, wrong, past, far = (own.number(f"{name} {number}") for name in ("judged", "wrong", "past", "far"))
    sides, sampled, tried = (
        own.column(f"{name} {number}", shape)
        for name, shape in zip(("sides", "sampled", "tried"), ReadingCounts.shapes(), strict=True)
    )
    return ReadingCounts(judged, wrong, past, far, sides, sampled, tried)


def _odd(context: Context) -> Bool:
    """Tell which boxes may be impossible, from the sizes that the data set has: bool [M]."""
    with np.errstate(invalid="ignore"):
        odd = ~context.has_extent | (context.past > 1.0)
        odd |= (context.dataset.boxes.xyxy[:, 2] < 3.0) & (context.dataset.boxes.xyxy[:, 3] < 3.0)
    return odd


def _may_be_misread(odd: Int, every: Int) -> bool:
    """Tell whether the odd boxes of any source are many. odd, every: boxes of each source, int64 [S]."""
    # Far below the share from which a source is doubted.
    return int(odd.sum()) >= DOUBTED and bool((odd > 0.05 * every).any())


def _about(context: Context, one: Misreading) -> Finding:
    own, source = context.totals.of_rule("BOX017"), context.dataset.sources[one.source]
    text = one.said
    if one.likely.is_transposed and not own.number(f"confirmed {one.source}"):
        text += ", unless the declared width and height of the images are exchanged"
    first = own.first(f"first {one.source}")
    assert first is not None  # some boxes are impossible
    return Finding("BOX017", text, str(source.path), "", first.told[0], THING)


def _numbers_said(context: Context, row: int) -> str:
    """Write the numbers of a box as its file has them, with the size of its image."""
    dataset = context.dataset
    numbers = ", ".join(f"{value:.7g}" for value in as_written(dataset, row))
    width, height = context.image_sides[row].tolist()
    image = dataset.images.ids[int(dataset.boxes.image[row])]
    return f"[{numbers}] in an image of {width:g}x{height:g}: image {image!r}"


def _confirmed(dataset: Dataset, files: ImageFiles | None) -> Bool:
    """Tell which images have the size of their file: bool [N]."""
    images = dataset.images
    if files is None:
        return np.zeros(len(images), dtype=np.bool_)
    same: Bool = (files.width == images.width) & (files.height == images.height)
    return same


def _is_exchanged(dataset: Dataset, files: ImageFiles | None) -> Bool:
    """Tell which images have the sides of their file exchanged: bool [N]."""
    images = dataset.images
    if files is None:
        return np.zeros(len(images), dtype=np.bool_)
    exchanged: Bool = (files.width == images.height) & (files.height == images.width)
    return exchanged


def _sizes(dataset: Dataset, files: ImageFiles | None) -> Float:
    """Return the sizes of the images [N, 2], those with their sides exchanged as their files have them."""
    sizes = np.column_stack([dataset.images.width, dataset.images.height])
    exchanged = _is_exchanged(dataset, files)
    sizes[exchanged] = sizes[exchanged][:, ::-1]
    return sizes


def _read_otherwise(context: Context, number: int) -> list[Finding]:
    """Return the finding that the framework's loader does not read the boxes of a source as the user does."""
    dataset, loaded = context.dataset, context.loaded
    assert dataset.read_as is not None and loaded is not None
    own = dataset.convention_of(number)
    text = (
        f"read as {dataset.read_as.words} as you say, but {loaded.loader} reads the files as {own.words}: "
        f"filter --box-convention {dataset.read_as.name} writes them so that it reads the same boxes"
    )
    return context.about_all("BOX017", text, f"--box-convention {dataset.read_as.name}", THING)


RULE = Rule(
    code="BOX017",
    severity="error",
    title="boxes in another convention than their format's",
    what=(
        "Many boxes of a file (a tenth of them; at least 3, and in a small file the half) have no extent, "
        "reach past their image by more than 2 px and 2 %, or lie in its first 2 px; and read in another "
        "order or unit, (nearly) none does. Known orders: x, y, w, h; two corners; centre and size; rows "
        "before columns; corners exchanged; in pixels, fractions, percent or thousandths of the image. "
        "Findings about single boxes of the file that follow from it are left out. With --box-convention it "
        "is reported where the framework's loader still reads the files otherwise."
    ),
    why=(
        "The numbers are right, and every box is wrong: the model stops at inverted boxes, or trains on "
        "those that look like boxes. Clipping, or leaving out the impossible boxes, keeps the wrong ones."
    ),
    example='{"width": 1333, "height": 1000}, and bboxes such as [700, 80, 890, 280]: two corners',
    remedy=(
        "look at one image, then scan with the --box-convention in the message; filter with it "
        "writes them corrected. No box has to be drawn again"
    ),
    check=check,
    follow=("RUN001", "RUN002", "RUN003", "RUN005", "RUN006", "RUN008", "ANC002", "ANC006", "ANC007"),
    symptoms=(
        *("BOX002", "BOX003", "BOX004", "BOX005", "BOX006", "BOX007", "BOX008", "BOX009", "BOX010"),
        *("BOX012", "BOX013", "BOX014", "BOX015", "BOX016", "SET011"),
    ),
    scope="totals",
    count=count,
)
