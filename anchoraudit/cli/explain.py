"""`anchoraudit explain`: one image, anchor by anchor or point by point."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from anchoraudit.cli import _settings as settings_of
from anchoraudit.cli._options import (
    classes_option,
    dataset_argument,
    detector_of,
    detector_options,
    label_options,
    loader_notes,
    loader_option,
    note_who_judged,
    output_format_option,
    read_to_use,
)
from anchoraudit.dataset.columns import Dataset
from anchoraudit.errors import AnchorauditError
from anchoraudit.io.suggest import did_you_mean


@click.command("explain")
@click.argument("image")
@dataset_argument
@detector_options
@label_options
@loader_option
@classes_option
@output_format_option
@click.option(
    "-o",
    "--output",
    type=click.Path(),
    metavar="PICTURE",
    help="Draw boxes, with best anchors and border, or with points (.png, .jpg).",
)
def command(image: str, **given: Any) -> int:
    """Explain one IMAGE of DATASET: by id, file name or stem.

    Replays every anchor, or point: the mask, each box's best anchor or its points, why it is matched or not,
    what would match it, and the losses of this image alone.
    """
    from anchoraudit.advice.explain import explain
    from anchoraudit.cli import _output
    from anchoraudit.images.inspection import CACHE

    settings = settings_of.resolve(given)
    detector, remarks = detector_of(settings)
    dataset = read_to_use(settings)
    _output.check_outputs(dataset, settings, given["output"])
    explanation = explain(
        dataset,
        _find(dataset, image),
        detector,
        drop_difficult=bool(settings.drop_difficult),
        loader=settings.loader,
        image_cache=CACHE,
    )
    for text in (*remarks, *loader_notes(explanation.audit.loaded)):
        _output.remark(f"note: {text}")
    note_who_judged(explanation.audit, settings)
    if given["output"] is not None:
        from anchoraudit.io.outputs import replacing
        from anchoraudit.report.plots.explained import draw

        drawn = draw(explanation, Path(given["output"]).suffix)
        with replacing(Path(given["output"])) as stream:
            stream.write(drawn)
    if given["output_format"] == "json":
        from anchoraudit.report.as_json import explain_json

        _output.put(explain_json(explanation), None)
    else:
        from anchoraudit.report.text.explanation import explanation_parts

        _output.show(explanation_parts(explanation), None)
    return 0


def _find(dataset: Dataset, name: str) -> int:
    """Return the row of the image called `name`. Raises AnchorauditError if there is none, or several."""
    found = dataset.find(name)
    if len(found) == 1:
        return found[0]
    if found:
        images, splits = dataset.images, dataset.splits
        where = ", ".join(
            f"{splits[int(images.split[i])]}: {images.file_names[i]} (id {images.ids[i]})" for i in found[:5]
        )
        raise AnchorauditError(
            f"{len(found)} images are called {name!r} ({where})",
            path=dataset.root,
            remedy=(
                "Name the id, or choose a split with --split."
                if len({images.ids[i] for i in found}) == len(found)
                else "Choose a split with --split, or give every image an id of its own."
            ),
        )
    known = [*map(str, dataset.images.ids), *dataset.images.file_names]
    hint = did_you_mean(name, known, most=3) if len(known) <= 50_000 else ""
    raise AnchorauditError(
        f"no image {name!r} among {len(dataset.images):,}",
        path=dataset.root,
        remedy=f"{hint}Give an id, a file name or a stem; scan --export-images lists them.",
    )
