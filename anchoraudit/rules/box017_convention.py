"""BOX017: boxes written in another convention than that of their format."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from anchoraudit.arrays import Float
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.findings import Finding
from anchoraudit.dataset.readings import DOUBTED, Misreading, as_written, misreadings
from anchoraudit.images.inspection import ImageFiles
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule

THING = "convention of all boxes"


def misread(dataset: Dataset, files: ImageFiles | None = None) -> list[Misreading]:
    """Return the sources whose boxes are in another convention than the one that they are read in.

    files: facts about the image files. An image whose sides its annotation exchanges (IMG007) is judged by
    the sides of its file: there, the size is wrong and not the boxes.
    """
    return misreadings(dataset, _sizes(dataset, files))


def check(context: Context) -> list[Finding]:
    """Report sources in another convention, and boxes that only this program reads as the user says."""
    dataset = context.dataset
    found = [_about(context, one) for one in _suspects(context)]
    if context.loaded is not None and dataset.reread.any():
        found += _read_otherwise(context)
    return found


def _suspects(context: Context) -> Sequence[Misreading]:
    """Return `misread`, which is not asked where hardly a box is odd: on a large set it takes a moment."""
    with np.errstate(invalid="ignore"):
        odd = ~context.has_extent | (context.past > 1.0)
        odd |= (context.dataset.boxes.xyxy[:, 2] < 3.0) & (context.dataset.boxes.xyxy[:, 3] < 3.0)
    dataset = context.dataset
    rows = np.flatnonzero(odd)
    if len(rows) < DOUBTED:
        return []
    source = dataset.images.source
    of_odd = np.bincount(source[dataset.boxes.image[rows]], minlength=len(dataset.sources))
    of_all = np.bincount(source[dataset.boxes.image], minlength=len(dataset.sources))
    # Far below the share from which `misreadings` doubts a source.
    return misread(dataset, context.image_files) if (of_odd > 0.05 * of_all).any() else []


def _about(context: Context, one: Misreading) -> Finding:
    dataset = context.dataset
    source = dataset.sources[one.source]
    text = one.said
    if one.likely.is_transposed and not _sizes_confirmed(context, one):
        text += ", unless the declared width and height of the images are exchanged"
    image = dataset.images.ids[int(dataset.boxes.image[one.row])]
    numbers = ", ".join(f"{value:.7g}" for value in as_written(dataset, one.row))
    width, height = context.image_sides[one.row].tolist()
    evidence = f"[{numbers}] in an image of {width:g}x{height:g}: image {image!r}"
    return Finding("BOX017", text, str(source.path), "", evidence, THING)


def _sizes_confirmed(context: Context, one: Misreading) -> bool:
    """Tell whether the sizes of a source's images are those of their files."""
    images, files = context.dataset.images, context.image_files
    own = images.source == one.source
    if files is None:
        return False
    same = (files.width == images.width) & (files.height == images.height)
    return bool((same & own).any())


def _sizes(dataset: Dataset, files: ImageFiles | None) -> Float:
    """Return the sizes of the images [N, 2], those with their sides exchanged as their files have them."""
    images = dataset.images
    sizes = np.column_stack([images.width, images.height])
    if files is not None:
        exchanged = (files.width == images.height) & (files.height == images.width)
        sizes[exchanged] = sizes[exchanged][:, ::-1]
    return sizes


def _read_otherwise(context: Context) -> list[Finding]:
    """Return the finding that the framework's loader does not read the boxes as the user does."""
    dataset, loaded = context.dataset, context.loaded
    assert dataset.read_as is not None and loaded is not None
    row = int(np.argmax(dataset.reread))
    own = dataset.convention_of(int(dataset.images.source[dataset.boxes.image[row]]))
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
    scope="whole",
    needs_whole="it looks at all images and boxes at once",
)
