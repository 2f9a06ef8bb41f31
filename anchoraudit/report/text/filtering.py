"""What a filter dropped and what it kept, as text."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from rich.text import Text

from anchoraudit.arrays import Bool, Int
from anchoraudit.auditing.audit import Audit
from anchoraudit.certificates.document import path_for
from anchoraudit.dataset.locations import Location, Locations
from anchoraudit.detectors import Detector
from anchoraudit.encoding.verdicts import VERDICTS
from anchoraudit.fixes import DROPPED, Plan
from anchoraudit.io.addresses import path_of
from anchoraudit.loaders import PLAIN
from anchoraudit.manifest.keeping import Filtered
from anchoraudit.manifest.writing import Written
from anchoraudit.report import words
from anchoraudit.report.text.commands import command, value_of, without
from anchoraudit.report.text.table import Table
from anchoraudit.report.text.terminal import facts, first_lines, readable, steps, table
from anchoraudit.rules import rule_of

EXAMPLES = 3  # of each kind of fix
_FIXES = {
    "clipped": "clipped to the image; it reached past it by at most a pixel",
    "not_finite": "dropped: coordinates are not finite",
    "no_area": "dropped: no area, or inverted",
    "outside": "dropped: outside its image",
    "far_outside": "dropped: far outside its image",
    "exact_duplicate": "dropped: equals an earlier box of its image and class",
    "near_duplicate": "dropped: IoU of 0.95 or more with an earlier box of its image and class",
    "exchanged": "minimum and maximum exchanged, where the box was inverted",
    "reread": "written in the convention of the format",
    "swapped": "width and height swapped, to match the image file",
    "renumbered": "new id, so that there are no gaps",
}


def filter_parts(
    filtered: Filtered, written: Sequence[Written], options: Sequence[str], *, first: Sequence[str] = ()
) -> list[object]:
    """Return the parts of the report, in order. first: what is said before all else."""
    audit, keep, plan = filtered.audit, filtered.keep, filtered.plan
    dataset, results = audit.original, audit.image_results
    images, boxes = len(dataset.images), len(dataset.boxes)
    gone_boxes = int(results.boxes[~keep].sum())
    erring = np.zeros_like(keep)
    erring[list(filtered.why)] = True
    erring &= ~keep
    boxes_of = results.boxes
    verdicts = {
        verdict: (n, int(boxes_of[gone].sum()))
        for verdict in VERDICTS
        if (n := int(np.count_nonzero(gone := ~keep & ~erring & audit.verdict_is(verdict))))
    }
    codes: dict[str, tuple[int, int]] = {}
    for image in np.flatnonzero(erring).tolist():
        code = filtered.why[image].code
        n, of_code = codes.get(code, (0, 0))
        codes[code] = n + 1, of_code + int(boxes_of[image])
    gone_images = int(np.count_nonzero(~keep))
    lines = [
        ("read", f"{dataset.root}: {dataset.recognised}"),
        ("detector", "none: only errors of the data" if audit.replayed is None else str(audit.detector)),
        (
            "dropped",
            f"{words.count(gone_images, 'image')} of {images:,} ({words.share(gone_images, images)}), "
            f"{words.count(gone_boxes, 'box')} of {boxes:,} ({words.share(gone_boxes, boxes)})"
            f"{'' if plan is None else ', after the fixes'}",
        ),
        *(("written", f"{one.path}: {words.count(one.images, 'image')}") for one in written),
        *(("certified", f"{path_for(one.path)}") for one in written if one.sha256),
        *(("note", remark) for remark in (() if plan is None else plan.remarks)),
        *(("note", remark) for one in written for remark in one.remarks),
        *(("note", remark) for remark in _taken_out(filtered)),
    ]
    unknown = int(np.count_nonzero(keep & audit.verdict_is("unknown")))
    if unknown:
        lines.append(("note", of_unknown_size(unknown)))
    fixes = [] if plan is None else _fixes(plan, keep)
    if plan is not None and not fixes:
        lines.insert(2, ("fixes", "there was nothing to fix"))
    parts = [*first_lines(first), facts(lines), ""]
    if fixes:
        parts += [fix_table(fixes), ""]
    if verdicts or codes:
        parts += [dropped_table(verdicts, codes, images, audit.replayed), ""]
    return parts + steps("What to do next", _check(filtered, written, options))


def dropped_table(
    verdicts: Mapping[str, tuple[int, int]],
    codes: Mapping[str, tuple[int, int]],
    images: int,
    detector: Detector | None,
) -> Table:
    """Return a row for each reason for which images go.

    verdicts, codes: how many images and boxes go, by verdict, and by the code of an error. images: how many
    there are.
    """
    rows = [
        (verdict, f"{n:,}", words.share(n, images), f"{boxes:,}", words.dropped(verdict, detector))
        for verdict, (n, boxes) in sorted(verdicts.items(), key=lambda each: VERDICTS.index(each[0]))
    ]
    if codes:
        n, boxes = (sum(numbers) for numbers in zip(*codes.values(), strict=True))
        error = f"an error of the image: {', '.join(sorted(codes))}"
        rows.append(("(error)", f"{n:,}", words.share(n, images), f"{boxes:,}", error))
    return table("Dropped, by verdict", ("verdict", "images>", "share>", "boxes>", "meaning"), rows)


def _taken_out(filtered: Filtered) -> list[str]:
    """Say how many boxes of kept images were left out because they have an error."""
    if filtered.taken is None:
        return []
    before, these = filtered.taken
    number = int(np.count_nonzero(these & filtered.keep[before.boxes.image]))
    if not number:
        return []
    return [of_kept_images(number)]


def of_unknown_size(number: int) -> str:
    """Say how many images were kept that could not be judged."""
    return (
        f"{words.count(number, 'image')} of unknown size kept, not checked "
        "(--drop empty_foreground,blank,no_usable_box,unknown drops them)"
    )


def of_kept_images(number: int) -> str:
    """Say how many boxes of kept images were left out because they have an error."""
    return f"{words.count(number, 'box')} of kept images dropped because of errors"


def _fixes(plan: Plan, keep: Bool) -> list[tuple[str, str, Text]]:
    """Return a row for each kind of fix: all dropped boxes, and changes in images that are kept."""
    every = fixed(plan, keep)
    shown = {name: places_of(plan, name, rows[:EXAMPLES]) for name, rows in every.items()}
    return fix_rows({name: len(rows) for name, rows in every.items()}, shown)


def fixed(plan: Plan, keep: Bool) -> dict[str, Int]:
    """Return the rows of boxes, images or classes that each kind of fix is made of: int64.

    keep: bool [N], the images that stay. Of others, only dropped boxes count.
    """
    of_kept = keep[plan.dataset.boxes.image]
    masks: dict[str, Bool] = {name: plan.dropped == code for code, name in enumerate(DROPPED) if name}
    masks |= {
        "clipped": plan.clipped & of_kept,
        "exchanged": plan.exchanged & of_kept,
        "reread": plan.dataset.reread & (plan.dropped == 0) & of_kept,
        "swapped": plan.swapped & keep,
        "renumbered": plan.renumbered,
    }
    return {name: np.flatnonzero(masks[name]) for name in _FIXES}


def places_of(plan: Plan, name: str, rows: Int) -> list[str]:
    """Return where some fixes of a kind are, as a report shows it."""
    locations = Locations(plan.dataset)
    where: Callable[[int], Location] = locations.of_image if name == "swapped" else locations.of_box
    if name == "renumbered":
        where = partial(_renumbered, plan)
    return [_shown(where(row), plan.dataset.root) for row in rows.tolist()]


def fix_rows(counts: Mapping[str, int], shown: Mapping[str, Sequence[str]]) -> list[tuple[str, str, Text]]:
    """Return a row for each kind of fix. counts: how many there are. shown: where the first ones are."""
    rows: list[tuple[str, str, Text]] = []
    for name, meaning in _FIXES.items():
        if number := counts.get(name, 0):
            rest = number - len(shown[name])
            more = [f"... and {rest:,} more (all with --diff)"] * (rest > 0)
            text = Text(f"{meaning}\n")
            text.append("\n".join(map(readable, (*shown[name], *more))), style="dim")
            rows.append((name.replace("_", " "), f"{number:,}", text))
    return rows


def fix_table(rows: Sequence[tuple[str, str, Text]]) -> Table:
    """Return the table of fixes."""
    return table("Fixes", ("fix", "count>", "what it is, and where"), rows)


def _renumbered(plan: Plan, row: int) -> Location:
    category = plan.dataset.categories[row]
    assert plan.category_ids is not None
    return Location("", f"{category.name!r}: {category.id} -> {plan.category_ids[row]}", "")


def _shown(where: Location, root: Path) -> str:
    """Write the file, relative to the data set, and the place."""
    path = where.path
    with contextlib.suppress(ValueError):
        path = str(path_of(path).relative_to(root)) if path else ""
    return ", ".join(part for part in ("" if path == "." else path, where.place) if part)


def _check(filtered: Filtered, written: Sequence[Written], options: Sequence[str]) -> list[tuple[str, str]]:
    """Return the command that confirms the result, if a scan can read it."""
    audit, keep = filtered.audit, filtered.keep
    allow = ["--allow-blank"] if filtered.keeps_blank else []
    readable = [one for one in written if one.path.suffix.lower() != ".txt"]
    if not readable:
        what = "this list; for VOC, put it into ImageSets/Main and name it with --split"
        if audit.original.lists_paths:
            what = "this list: name it as `train` in data.yaml; a .yaml manifest does that"
        return [(f"train on {what}", "")]
    if (folder := _needed_image_folder(audit, keep)) is not None:
        allow = [*allow, "--image-folder", folder]
    # Keep the options on labels. Drop those on how the old source was read.
    own = without(
        options,
        "--format",
        "--split",
        "--voc-offset",
        "--box-convention",
        "--box-field",
        "--columns",
        "--unlisted",
        "--allow-blank",
        "--image-folder",
        "--class-attribute",
        *(() if audit.original.has_entries or value_of(options, "--loader") == PLAIN else ("--loader",)),
    )
    stays = _errors_that_stay(audit)
    asked = (
        f"scan it again (filter does not fix {', '.join(stays)}):" if stays else "confirm it (exit code 0):"
    )
    return [
        (asked if i == 0 else "", command("scan", [str(one.path)], own, *allow))
        for i, one in enumerate(readable)
    ]


def _errors_that_stay(audit: Audit) -> list[str]:
    """Return the codes of reading errors that are still in what is written.

    Only COCO is copied byte for byte. Other formats are written anew, without such errors.
    """
    if not audit.dataset.has_entries:
        return []
    met = {finding.code for finding in audit.dataset.findings if rule_of(finding.code).severity == "error"}
    return sorted(met - {"BOX001"})  # no manifest has boxes that are not finite


def _needed_image_folder(audit: Audit, keep: Bool) -> str | None:
    """Return the folder of kept images without a declared size, if there is exactly one."""
    images, sources = audit.dataset.images, audit.dataset.sources
    if images.measured is None or not audit.dataset.has_entries:
        return None
    needed = np.unique(images.source[keep & images.measured & ~audit.verdict_is("unknown")]).tolist()
    folders = {sources[source].image_folder for source in needed}
    return str(folders.pop()) if len(folders) == 1 else None
