"""`anchoraudit advise`: what each remedy would do to this data set."""

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
from anchoraudit.errors import AnchorauditError

_LARGEST_BATCH = 1_000_000


@click.command("advise")
@dataset_argument
@detector_options
@label_options
@loader_option
@classes_option
@click.option(
    "--batch-size",
    "batch_sizes",
    default="1,2,4,8,16",
    show_default=True,
    metavar="B,...",
    help="Batch sizes to compute the risk of NaN for.",
)
@click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Seed of the clustering."
)
@click.option(
    "--write-detector",
    type=click.Path(),
    metavar="FILE",
    help="Write the cheapest combination as a detector file (.toml).",
)
@output_format_option
@click.option(
    "-o", "--output", type=click.Path(), metavar="FILE", help="Write the report there, not to stdout."
)
def command(**given: Any) -> int:
    """Replay every remedy on DATASET, and say what the cheapest one is that leaves no image empty.

    Without DATASET, the last scan's is taken, with its detector. The exit code says only whether it worked.
    """
    from anchoraudit.cli import _output

    sizes = parse_sizes(given["batch_sizes"])
    target = given["write_detector"]
    if target is not None and Path(target).suffix.lower() != ".toml":
        raise AnchorauditError(
            "a detector file must end in .toml", path=target, remedy="Name a file that ends in .toml."
        )
    if target is not None:
        from anchoraudit.advice.advise import MARK

        _output.require_own(Path(target), MARK)
    settings = settings_of.resolve(given)
    detector, remarks = detector_of(settings)
    dataset = read_to_use(settings)
    from anchoraudit.advice.advise import advise
    from anchoraudit.images.inspection import CACHE

    _output.check_outputs(dataset, settings, given["output"], target)
    with _output.progress("replaying remedies") as advance:
        advice = advise(
            dataset,
            detector,
            batch_sizes=sizes,
            drop_difficult=bool(settings.drop_difficult),
            loader=settings.loader,
            image_cache=CACHE,
            seed=given["seed"],
            progress=advance,
        )
    note_who_judged(advice.audit, settings)
    for text in (*remarks, *loader_notes(advice.audit.loaded)):
        _output.remark(f"note: {text}")
    written = _write(advice, target) if target is not None else None
    from anchoraudit.report.text import advice as report

    if given["output_format"] == "json":
        _output.put(report.advice_json(advice), given["output"])
    else:
        options = settings_of.as_options(settings)
        _output.show(report.advice_parts(advice, options, written), given["output"])
    return 0


def _write(advice: Any, target: str) -> str | None:
    """Write the advised detector, or say why there is none."""
    from anchoraudit.advice.advise import MARK
    from anchoraudit.cli import _output
    from anchoraudit.io.files import write_text
    from anchoraudit.report.text.detectors import show_toml

    if advice.detector is None:
        why = "no change helps" if advice.rows[0].with_boxes else "there is nothing to change"
        _output.remark(f"note: {target} was not written: {why}")
        return None
    write_text(Path(target), f"# {MARK}.\n{show_toml(advice.detector)}")
    return target


def parse_sizes(text: str) -> list[int]:
    """Parse `1,2,4` to [1, 2, 4], each once. Raises AnchorauditError for anything else."""
    parts = [part.strip() for part in text.split(",")]
    if not all(
        part.isascii() and part.isdecimal() and 1 <= int(part[:9]) <= _LARGEST_BATCH for part in parts
    ):
        raise AnchorauditError(
            f"{text!r} are not batch sizes", remedy="Give whole numbers from 1 on, with commas: 1,2,4,8,16."
        )
    return list(dict.fromkeys(map(int, parts)))
