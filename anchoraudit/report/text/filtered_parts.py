"""What a filter in parts dropped and what it kept, as text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from anchoraudit.encoding.verdicts import VERDICTS
from anchoraudit.io.packed import whole_suffix
from anchoraudit.io.stores import is_pattern
from anchoraudit.manifest.coco_cut import NOT_CLIPPED
from anchoraudit.manifest.leaving import STOPS, told_of
from anchoraudit.report import words
from anchoraudit.report.text.commands import command, without
from anchoraudit.report.text.filtering import (
    dropped_table,
    fix_rows,
    fix_table,
    of_kept_images,
    of_unknown_size,
)
from anchoraudit.report.text.parts import not_checked
from anchoraudit.report.text.terminal import facts, first_lines, steps, table

if TYPE_CHECKING:
    from anchoraudit.partitions.filtering import FilteredParts

_LISTED = 20  # files


def filtered_parts(
    found: FilteredParts, options: Sequence[str], engine: Sequence[str], *, detector_chosen: bool
) -> list[object]:
    """Return the parts of the report. options: of the run; engine: those by which it worked part by part."""
    audit = found.audit
    counts, dataset = audit.summary(), audit.dataset
    gone_images, gone_boxes = found.images - counts["images"], found.boxes - counts["boxes"]
    first = []
    if not detector_chosen and audit.replayed is not None:
        first = words.who_dropped_in_parts(audit.replayed, gone_images, found.images)
    lines = [
        ("read", f"{dataset.root}: {dataset.recognised}"),
        ("detector", "none: only errors of the data" if audit.replayed is None else str(audit.replayed)),
        (
            "dropped",
            f"{words.count(gone_images, 'image')} of {found.images:,} "
            f"({words.share(gone_images, found.images)}), {words.count(gone_boxes, 'box')} of "
            f"{found.boxes:,} ({words.share(gone_boxes, found.boxes)})"
            f"{'' if found.fixed is None else ', after the fixes'}",
        ),
        (
            "written",
            f"{found.output}: {words.count(sum(part.bytes > 0 for part in found.parts), 'file')}, "
            f"{words.count(counts['images'], 'image')}, listed in {found.manifest}",
        ),
        *([("certified", f"{found.certificate}")] if found.certificate is not None else []),
        *(("note", text) for text in found.remarks),
        *(("note", text) for text in told_of(found.dropped.boxes)),
        *(("note", of_kept_images(number)) for number in [found.dropped.boxes.get(STOPS, 0)] if number),
        *(("note", f"not read, so not written: {why}") for why in audit.failed.values()),
    ]
    void = [part.name for part in found.parts if not part.bytes]
    if void:
        others = f" and {len(void) - 1:,} more" if len(void) > 1 else ""
        lines.append(("note", f"{void[0]}{others} not written: no row would be left, and there is no header"))
    if unknown := counts["verdicts"].get("unknown", 0):
        lines.append(("note", of_unknown_size(unknown)))
    lines += [("not checked", text) for text in not_checked(audit.findings)]
    if unclipped := sum(part.unclipped for part in found.parts):
        lines.append(("note", NOT_CLIPPED.format(unclipped)))
    fixes = []
    if found.fixed is not None:
        shown = {name: [text for _, text in places] for name, places in found.fixed.shown.items()}
        fixes = fix_rows(found.fixed.counts, shown)
        if not fixes:
            lines.insert(2, ("fixes", "there was nothing to fix"))
    parts = [*first_lines(first), facts(lines), "", *_files(found), ""]
    parts += [fix_table(fixes), ""] if fixes else []
    verdicts = {name: pair for name, pair in found.dropped.images.items() if name in VERDICTS}
    erring = {name: pair for name, pair in found.dropped.images.items() if name not in VERDICTS}
    if found.dropped.images:
        parts += [dropped_table(verdicts, erring, found.images, audit.replayed), ""]
    own = without(options, "--format", "--split", "--allow-blank", "--image-folder")
    more = ["--allow-blank"] if counts["verdicts"].get("blank") else []
    more += ["--image-folder", found.image_folder] if found.image_folder else []
    check = command("scan", [_readable(found)], own, *engine, *more)
    return [*parts, *steps("What to do next", [("confirm it (exit code 0):", check)])]


def _readable(found: FilteredParts) -> str:
    """Return what to scan: the output, or a pattern for its files where the data set was one.

    A folder of Parquet files is a data set, and one of other tables is not.
    """
    suffixes = {whole_suffix(PurePosixPath(part.name)) for part in found.parts}
    is_folder = found.manifest.parent == found.output
    if not (is_folder and is_pattern(found.audit.dataset.root)) or suffixes == {".parquet"}:
        return str(found.output)
    between = "**/" if any("/" in part.name for part in found.parts) else ""
    return f"{found.output}/{between}*{suffixes.pop()}"


def _files(found: FilteredParts) -> list[object]:
    """List the files of which most went first, as many as fit on a screen."""
    order = sorted(found.parts, key=lambda part: part.rows.images_out - part.rows.images_in)
    rows = [
        (
            part.name,
            f"{part.rows.images_in:,}",
            f"{part.rows.images_in - part.rows.images_out:,}",
            f"{part.rows.rows_in:,}",
            f"{part.rows.rows_in - part.rows.rows_out:,}",
        )
        for part in order[:_LISTED]
    ]
    more = len(order) - len(rows)
    listed: list[object] = [
        table("Files", ("file", "images>", "dropped>", "rows>", "dropped>"), rows),
    ]
    return listed + [f"... and {more:,} more (all in {found.manifest})"] * (more > 0)
