"""`anchoraudit export`: the flagged images, for a program that shows and corrects annotations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from anchoraudit.cli import _settings as settings_of
from anchoraudit.cli._choice import Choice
from anchoraudit.cli._options import (
    class_rules_option,
    classes_of,
    classes_option,
    dataset_argument,
    detector_options,
    detector_or_none,
    label_options,
    loader_option,
    note_who_judged,
    read_dataset,
    rule_options,
    rules_of,
)
from anchoraudit.report.exports import target_names


@click.command("export")
@dataset_argument
@click.option("--to", type=Choice(target_names()), required=True, help="The program that imports the files.")
@click.option(
    "-o", "--output", type=click.Path(), required=True, metavar="DIR", help="The folder for the files."
)
@click.option(
    "--verdict",
    metavar="VERDICT,...",
    help="Images with these verdicts; all: every image.  [default: the flagged ones]",
)
@click.option("--force", is_flag=True, help="Replace files of the same names.")
@detector_options
@label_options
@loader_option
@classes_option
@class_rules_option
@rule_options
def command(**given: Any) -> int:
    """Write the flagged images of DATASET as files that another program imports.

    Each image has its verdict, the causes of its unmatched boxes and its split as tags, each box its status
    and cause. Images are named where they are, and not copied. Without DATASET, the last scan's is taken,
    with its detector. With --detector none, the images with an error are written.
    """
    from anchoraudit.auditing.audit import audit
    from anchoraudit.cli import _output
    from anchoraudit.images.inspection import CACHE
    from anchoraudit.report import words
    from anchoraudit.report.exports._write import export

    settings = settings_of.resolve(given)
    detector, remarks = detector_or_none(settings)
    dataset = read_dataset(settings)
    result = audit(
        dataset,
        detector,
        drop_difficult=bool(settings.drop_difficult),
        rules=rules_of(settings),
        loader=settings.loader,
        classes=None if detector is not None else classes_of(settings),
        class_rules=settings.class_rules,
        images=settings.images or "header",
        image_cache=CACHE,
    )
    note_who_judged(result, settings)
    named = given["verdict"] or ""
    verdicts = tuple(part.strip() for part in named.split(",") if part.strip())
    written = export(result, Path(given["output"]), given["to"], verdicts=verdicts, force=given["force"])
    for text in (*remarks, *written.remarks):
        _output.remark(f"note: {text}")
    lines = [
        *words.who_judged(result),
        f"Wrote {words.count(written.images, 'image')} and {words.count(written.boxes, 'box')} to "
        f"{', '.join(str(written.folder / name) for name in written.files)}.",
        written.how,
    ]
    _output.show(lines, None)
    return 0
