"""`anchoraudit advise`: what each remedy would do to this data set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from anchoraudit.cli import _settings as settings_of
from anchoraudit.cli._in_parts import is_in_parts, parts_options
from anchoraudit.cli._options import (
    classes_option,
    dataset_argument,
    detector_of,
    detector_options,
    label_options,
    loader_notes,
    loader_option,
    note_who_judged,
    read_to_use,
)
from anchoraudit.cli._report import HTML, format_option, report_file, report_option, write_report
from anchoraudit.errors import AnchorauditError

if TYPE_CHECKING:
    from anchoraudit.advice.advise import Advice
    from anchoraudit.advice.rescue import Rescue
    from anchoraudit.dataset.columns import Dataset
    from anchoraudit.detectors import Detector

_LARGEST_BATCH = 1_000_000


@click.command("advise")
@dataset_argument
@detector_options
@label_options
@loader_option
@classes_option
@parts_options
@click.option(
    "--batch-size",
    "batch_sizes",
    default="1,2,4,8,16",
    show_default=True,
    metavar="B,...",
    help="Batch sizes for the risk of NaN.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Random seed of the clustering.",
)
@click.option(
    "--write-detector",
    type=click.Path(),
    metavar="FILE",
    help="Write the recommended detector to this file (.toml).",
)
@click.option(
    "--tile",
    type=click.IntRange(16, 100_000),
    metavar="PX",
    help="Detectors without anchors: also try tiles of this size.  [default: 640]",
)
@click.option(
    "--overlap",
    type=click.FloatRange(0, 0.9),
    metavar="SHARE",
    help="Overlap of neighbouring tiles, as a share of their size.  [default: 0.2]",
)
@format_option
@report_option
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
    report_to = report_file(given)
    settings = settings_of.resolve(given)
    if is_in_parts(given, settings):
        raise AnchorauditError(
            "advise needs the whole data set at once",
            path=settings.dataset or "",
            remedy="Advise on some of the parts, such as one of the files or one --split, then scan all with "
            "the detector that helps.",
        )
    detector, remarks = detector_of(settings)
    dataset = read_to_use(settings)
    from anchoraudit.advice.advise import advise
    from anchoraudit.images.inspection import CACHE

    _output.check_outputs(dataset, settings, given["output"], target, report_to)
    if not detector.anchors.levels:
        return _rescue(given, settings, dataset, detector, remarks)
    for option in ("tile", "overlap"):
        if given[option] is not None:
            raise AnchorauditError(
                f"--{option} is for detectors without anchors; {detector.name} has some",
                remedy="Omit it, or name a detector that learns boxes at points or queries.",
            )
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
    why_not = "no change helps" if advice.rows[0].with_boxes else "there is nothing to change"
    from anchoraudit.io.outputs import together
    from anchoraudit.report.text import advice as report

    options = settings_of.as_options(settings)
    with together():
        written = _write(advice.detector, why_not, target) if target is not None else None
        if given["output_format"] == "json":
            _output.put(report.advice_json(advice), given["output"])
        elif given["output_format"] == "text":
            _output.show(report.advice_parts(advice, options, written), given["output"])
        _reports(given, settings, dataset, advice)
    return 0


def _reports(
    given: dict[str, Any], settings: settings_of.Settings, dataset: Dataset, advice: Advice | Rescue
) -> None:
    """Write the HTML reports that were asked for, with the findings that advice does without."""
    targets = [given["report"]] if given["report"] is not None else []
    if given["output_format"] == HTML:
        targets.append(given["output"])
    if not targets:
        return
    from anchoraudit.auditing.audit import audit
    from anchoraudit.cli import _output
    from anchoraudit.images.inspection import CACHE

    result = audit(
        dataset,
        advice.audit.detector,
        drop_difficult=bool(settings.drop_difficult),
        loader=settings.loader,
        images=settings.images or "header",
        image_cache=CACHE,
    )
    result.detector_chosen, result.suggested = advice.audit.detector_chosen, advice.audit.suggested
    for target in targets:
        write_report(result, target, settings_of.as_options(settings), advice=advice)
    if given["report"] is not None:
        _output.remark(f"the report is in {given['report']}")


def _rescue(
    given: dict[str, Any],
    settings: settings_of.Settings,
    dataset: Dataset,
    detector: Detector,
    remarks: Sequence[str],
) -> int:
    """Advise on a detector without anchors."""
    from anchoraudit.advice.rescue import OVERLAP, TILE, rescue
    from anchoraudit.cli import _output
    from anchoraudit.images.inspection import CACHE
    from anchoraudit.io.outputs import together
    from anchoraudit.report.text import rescue as report

    with _output.progress("replaying remedies") as advance:
        found = rescue(
            dataset,
            detector,
            drop_difficult=bool(settings.drop_difficult),
            loader=settings.loader,
            image_cache=CACHE,
            tile=given["tile"] or TILE,
            overlap=OVERLAP if given["overlap"] is None else given["overlap"],
            progress=advance,
        )
    note_who_judged(found.audit, settings)
    for text in (*remarks, *loader_notes(found.audit.loaded)):
        _output.remark(f"note: {text}")
    with together():
        written = None
        if given["write_detector"] is not None:
            best = None if found.best is None else found.best.detector
            why = "the fix is not a change of the detector" if found.best else "no change helps"
            why = why if found.needed else "there is nothing to change"
            written = _write(best, why, given["write_detector"])
        if given["output_format"] == "json":
            _output.put(report.rescue_json(found), given["output"])
        elif given["output_format"] == "text":
            options = settings_of.as_options(settings)
            _output.show(report.rescue_parts(found, options, written), given["output"])
        _reports(given, settings, dataset, found)
    return 0


def _write(detector: Detector | None, why_not: str, target: str) -> str | None:
    """Write the advised detector, or say why there is none."""
    from anchoraudit.advice.advise import MARK
    from anchoraudit.cli import _output
    from anchoraudit.io.outputs import write_text
    from anchoraudit.report.text.detectors import show_toml

    if detector is None:
        _output.remark(f"note: {target} was not written: {why_not}")
        return None
    write_text(Path(target), f"# {MARK}.\n{show_toml(detector)}")
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
