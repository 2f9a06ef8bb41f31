"""The cleaned manifest: the data set less the images an encoder can do nothing with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from anchoraudit.auditing.audit import Audit
from anchoraudit.dataset.columns import Bool, Dataset
from anchoraudit.encoding.verdicts import VERDICTS
from anchoraudit.errors import AnchorauditError, printable
from anchoraudit.fixes import Plan
from anchoraudit.formats.coco.text import Texts
from anchoraudit.io.files import replacing
from anchoraudit.manifest.coco_build import write_coco
from anchoraudit.manifest.coco_cut import write_coco_cut
from anchoraudit.manifest.leaving import left_out

# An empty foreground mask, for whatever reason.
DEFAULT_DROP = ("empty_foreground", "blank", "no_usable_box", "encoder_error")
SUFFIXES = (".json", ".txt")
SPLIT = "{split}"


@dataclass(frozen=True, slots=True)
class Written:
    """One manifest: the file, how many images it holds, and remarks for the user."""

    path: Path
    images: int
    remarks: tuple[str, ...]


def kept_by(audit: Audit, drop: tuple[str, ...] = DEFAULT_DROP) -> Bool:
    """Tell which images stay when those of the verdicts `drop` go. bool [N].

    What would be blank in the manifest, since its size is unknown and its boxes have no coordinates without
    one, goes with the blank ones.

    Raises AnchorauditError for a verdict that does not exist, or that is fine.
    """
    allowed = [verdict for verdict in VERDICTS if verdict != "ok"]
    for verdict in drop:
        if verdict not in allowed:
            raise AnchorauditError(f"cannot drop {verdict!r}", remedy=f"Choose from: {', '.join(allowed)}.")
    keep = ~audit.verdict_is(*drop)
    return keep & ~_emptied(audit) if "blank" in drop else keep


def _emptied(audit: Audit) -> Bool:
    """Tell which images of unknown size have boxes and would be blank: none of these goes into a manifest."""
    dataset, unknown = audit.dataset, audit.verdict_is("unknown")
    if not unknown.any():
        return unknown
    gone = left_out(dataset, Texts([source.path for source in dataset.sources])) > 0
    stays = np.zeros_like(unknown)
    stays[dataset.boxes.image[~gone]] = True
    emptied: Bool = unknown & (audit.image_results.boxes > 0) & ~stays
    return emptied


def targets(dataset: Dataset, output: str) -> list[tuple[Path, Bool]]:
    """Return the files to write for `output`, and which images may go into each.

    `{split}` in the name stands for the split: one file for each. Raises AnchorauditError for another
    suffix than .json and .txt.
    """
    if Path(output).suffix.lower() not in SUFFIXES:
        raise AnchorauditError(
            "a manifest is .json (COCO) or .txt (a list of images)",
            path=output,
            remedy="Choose one of these.",
        )
    if SPLIT not in output:
        return [(Path(output), np.ones(len(dataset.images), dtype=np.bool_))]
    return [
        (Path(output.replace(SPLIT, name.replace("/", "-") or "all")), dataset.images.split == code)
        for code, name in enumerate(dataset.splits)
    ]


def write_manifest(audit: Audit, keep: Bool, path: Path, plan: Plan | None = None) -> Written:
    """Write the images `keep` [N] to `path`, all or nothing.

    `.json`: COCO, cut out of the source's own bytes where that is COCO. `.txt`: a line an image, the stem
    for VOC (as in ImageSets), the file name for COCO. plan: the fixes that the audited data set is the
    result of.

    Raises AnchorauditError if no image would be left, the file cannot be written, or a list is to hold fixes.
    """
    dataset = audit.dataset
    if not (keep & ~audit.verdict_is("unknown")).any():
        raise AnchorauditError(
            f"none of {len(dataset.images):,} images that could be judged would be left; nothing was written",
            path=path,
            remedy="Fit the anchors first (anchoraudit cluster), or drop fewer verdicts with --drop.",
        )
    if plan is not None:
        require_room_for_fixes(path)
    with replacing(path) as stream:
        if path.suffix.lower() == ".txt":
            remarks = _write_list(dataset, keep, stream)
        elif dataset.has_entries:
            remarks = write_coco_cut(dataset, keep, stream, plan)
        else:
            remarks = write_coco(dataset, keep, stream)
    return Written(path, int(np.count_nonzero(keep)), tuple(remarks))


def require_room_for_fixes(path: Path) -> None:
    """Raise AnchorauditError if a manifest holds no boxes that could be fixed."""
    if path.suffix.lower() == ".txt":
        raise AnchorauditError(
            "a list of images holds no boxes, and so no fixes",
            path=path,
            remedy="Write a .json manifest, or leave --fix out.",
        )


def _write_list(dataset: Dataset, keep: Bool, stream: BinaryIO) -> list[str]:
    images = dataset.images
    if dataset.declares_ids:
        lines = [images.file_names[i] for i in np.flatnonzero(keep).tolist()]
    else:
        lines = sorted(str(images.ids[i]) for i in np.flatnonzero(keep).tolist())
    for line in lines:
        if "\n" in line or "\r" in line:
            raise AnchorauditError(
                f"the file name {printable(line)!r} has a line break; a list cannot hold it",
                remedy="Rename the file, or write a .json manifest.",
            )
    stream.write("".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape"))
    return []
