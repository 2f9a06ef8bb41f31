"""What can be wrong with a data set, as data: one entry a code, said in the same words everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Kind:
    """What one finding code stands for: severity, a short title, why it matters, what to do."""

    severity: Severity
    title: str
    why: str
    suggestion: str


# A whole file or image lost to the audit is an error; an entry that is passed over while its image is
# still judged rightly is a warning. NaN is an error in its own right: one such box is enough to turn
# every weight of a network into NaN, whatever the encoder does.
CATALOGUE: dict[str, Kind] = {
    "PAR001": Kind(
        "error",
        "file cannot be read",
        "its images and boxes are missing from the audit, and from training",
        "mend or remove the file, then scan again",
    ),
    "PAR002": Kind(
        "error",
        "image entry of another shape",
        "without an id an image cannot be joined with its boxes",
        "give every image entry an integer or string `id` and a `file_name`",
    ),
    "PAR003": Kind(
        "warning",
        "annotation entry of another shape",
        "its box is lost to the audit, and most loaders stop at it",
        "mend the entry or remove it",
    ),
    "PAR004": Kind(
        "warning",
        "not a number",
        "the box is not usable: a loader stops at it or turns it into NaN",
        "write coordinates as plain decimal numbers",
    ),
    "PAR005": Kind(
        "error",
        "document type or entity declaration refused",
        "declarations can expand without bound or name other files, and annotations need none",
        "remove the <!DOCTYPE ...> from the file",
    ),
    "PAR006": Kind(
        "error",
        "text in another encoding than declared",
        "its text cannot be read without guessing",
        "save the file as UTF-8, or declare its encoding in the first line",
    ),
    "PAR007": Kind(
        "info",
        "passed over: not an annotation",
        "it stands among the annotations but is none",
        "nothing to do, or move it elsewhere",
    ),
    "BOX001": Kind(
        "error",
        "coordinates are not finite",
        "NaN or infinity in one box becomes NaN in the loss, and in every weight after one step",
        "remove the box or draw it again",
    ),
    "BOX002": Kind(
        "warning",
        "box without area, or inverted",
        "no anchor can match it; some frameworks raise on it",
        "remove the box or draw it again",
    ),
    "BOX003": Kind(
        "warning",
        "box outside its image",
        "nothing of it is left after clipping to the image",
        "check the image's size and the coordinates' unit",
    ),
    "IMG001": Kind(
        "warning",
        "image file is absent",
        "the annotation is audited, but training will not find the picture",
        "put the image where it belongs, or remove the entry",
    ),
    "IMG002": Kind(
        "warning",
        "image size is not to be had",
        "boxes cannot be clipped or resized without it, so the image's verdict is unknown",
        "declare width and height, or put the image beside its annotation",
    ),
    "IMG003": Kind(
        "error",
        "no image could be audited",
        "no image's size is known, so nothing can be said about this data set",
        "put the images beside their annotations, or declare width and height",
    ),
    "SET001": Kind(
        "error",
        "image id used more than once",
        "boxes are joined to images by id: all of them go to one image, the others train as blank",
        "give every image an id of its own",
    ),
    "SET002": Kind(
        "warning",
        "annotation id used more than once",
        "tools that index annotations by id, pycocotools among them, keep only the last",
        "give every annotation an id of its own",
    ),
    "SET003": Kind(
        "warning",
        "annotation of an unknown image",
        "its box is in the file but reaches no image",
        "add the image, or remove the annotation",
    ),
    "SET004": Kind(
        "warning",
        "image in two splits",
        "what is trained on is also evaluated on, and the score flatters",
        "keep the image in one split",
    ),
    "ANC001": Kind(
        "warning",
        "a box that makes every anchor positive",
        "it overlaps no anchor, so its best IoU is 0, and forcing takes every anchor whose IoU is that: all "
        "of them learn that empty background is this box",
        "leave the box out, or widen the border (--allowed-border off) so that an anchor overlaps it",
    ),
    "SET006": Kind(
        "error",
        "no image at all",
        "there is nothing to train on, and nothing was audited",
        "check the path and the split",
    ),
    "SET005": Kind(
        "warning",
        "listed in a split, without annotation or image",
        "the loader will look for a file that is not there",
        "remove the line from the split list, or add the files",
    ),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with the data: its code, and where it is.

    `path` is the file, `place` the place in it (`line 4, column 2`, `annotations[17].bbox`, `object 2`),
    `evidence` the value met. Severity, reason and remedy follow from the code.
    """

    code: str
    message: str
    path: str = ""
    place: str = ""
    evidence: str = ""

    @property
    def severity(self) -> Severity:
        """`error`, `warning` or `info`."""
        return CATALOGUE[self.code].severity

    @property
    def title(self) -> str:
        """The kind of finding in a few words."""
        return CATALOGUE[self.code].title

    @property
    def why(self) -> str:
        """Why it matters."""
        return CATALOGUE[self.code].why

    @property
    def suggestion(self) -> str:
        """What to do about it."""
        return CATALOGUE[self.code].suggestion

    @property
    def location(self) -> str:
        """File and place in one string."""
        return ", ".join(part for part in (self.path, self.place) if part)
