"""`anchoraudit advise`: what each remedy would do to this data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from anchoraudit.cli import _settings as settings_of
from anchoraudit.cli._in_parts import (
    LOCAL,
    is_in_parts,
    judging_of,
    needs_the_whole,
    options_of_parts,
    parts_options,
    reading_of,
)
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
from anchoraudit.errors import AnchorauditError, TooLargeError

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
    detector, remarks = detector_of(settings)
    if detector.anchors.levels:
        for option in ("tile", "overlap"):
            if given[option] is not None:
                raise AnchorauditError(
                    f"--{option} is for detectors without anchors; {detector.name} has some",
                    remedy="Omit it, or name a detector that learns boxes at points or queries.",
                )
    made = _made(given, settings, detector, sizes, report_to)
    note_who_judged(made.advice.audit, settings)
    for text in (*remarks, *made.loader):
        _output.remark(f"note: {text}")
    from anchoraudit.io.outputs import together

    with together():
        written = None if target is None else _write(*_advised(made.advice), target)
        options = [*settings_of.as_options(settings), *made.options]
        if given["output_format"] == "json":
            _output.put(_as_json(made.advice), given["output"])
        elif given["output_format"] == "text":
            _output.show(_as_text(made.advice, options, written), given["output"])
        if made.dataset is not None:
            _reports(given, settings, made.dataset, made.advice)
    return 0


class _Made(NamedTuple):
    """Advice; what the loader did; by which options it works part by part; and the data set read whole."""

    advice: Advice | Rescue
    loader: list[str]
    options: list[str]
    dataset: Dataset | None


def _made(
    given: dict[str, Any],
    settings: settings_of.Settings,
    detector: Detector,
    sizes: list[int],
    report_to: str | None,
) -> _Made:
    """Read the data set, and replay the remedies; part by part if it does not fit into memory."""
    from anchoraudit.cli import _output

    if is_in_parts(given, settings):
        return _made_in_parts(given, settings, detector, sizes)
    try:
        dataset = read_to_use(settings)
    except TooLargeError as error:
        given["engine"] = LOCAL
        _output.remark(f"note: {error.message}: read part by part, as by --engine local")
        return _made_in_parts(given, settings, detector, sizes)
    from anchoraudit.advice.advise import advise
    from anchoraudit.advice.rescue import rescue
    from anchoraudit.images.inspection import CACHE

    _output.check_outputs(dataset, settings, given["output"], given["write_detector"], report_to)
    with _output.progress("replaying remedies") as advance:
        about: dict[str, Any] = {
            "drop_difficult": bool(settings.drop_difficult),
            "loader": settings.loader,
            "image_cache": CACHE,
            "progress": advance,
        }
        found: Advice | Rescue
        if detector.anchors.levels:
            found = advise(dataset, detector, batch_sizes=sizes, seed=given["seed"], **about)
        else:
            found = rescue(dataset, detector, **_tiles(given), **about)
    return _Made(found, loader_notes(found.audit.loaded), [], dataset)


def _made_in_parts(
    given: dict[str, Any], settings: settings_of.Settings, detector: Detector, sizes: list[int]
) -> _Made:
    """Replay the remedies part by part. Raises AnchorauditError for what needs the whole."""
    from anchoraudit.cli import _output

    if given["report"] is not None or given["output_format"] == HTML:
        raise needs_the_whole("a report", settings)
    from anchoraudit.advice.advise import NOTHING
    from anchoraudit.partitions.advising import advised
    from anchoraudit.partitions.rescuing import rescued

    judging = replace(judging_of(settings, detector), rules=NOTHING, class_rules=None)
    found: Advice | Rescue
    with _output.progress("replaying remedies") as advance:
        reading = reading_of(settings, given, advance)
        if detector.anchors.levels:
            found, tally = advised(reading, judging, batch_sizes=sizes, seed=given["seed"])
        else:
            found, tally = rescued(reading, judging, **_tiles(given))
    _output.check_outputs(found.audit.dataset, settings, given["output"], given["write_detector"])
    return _Made(found, [] if tally is None else tally.sentences(), options_of_parts(given), None)


def _tiles(given: dict[str, Any]) -> dict[str, Any]:
    from anchoraudit.advice.rescue import OVERLAP, TILE

    return {
        "tile": given["tile"] or TILE,
        "overlap": OVERLAP if given["overlap"] is None else given["overlap"],
    }


def _advised(found: Advice | Rescue) -> tuple[Detector | None, str]:
    """Return the detector to write, or why there is none."""
    from anchoraudit.advice.advise import Advice

    if isinstance(found, Advice):
        return found.detector, "no change helps" if found.rows[0].with_boxes else "there is nothing to change"
    best = None if found.best is None else found.best.detector
    why = "the fix is not a change of the detector" if found.best else "no change helps"
    return best, why if found.needed else "there is nothing to change"


def _as_json(found: Advice | Rescue) -> str:
    from anchoraudit.advice.advise import Advice
    from anchoraudit.report.text.advice import advice_json
    from anchoraudit.report.text.rescue import rescue_json

    return advice_json(found) if isinstance(found, Advice) else rescue_json(found)


def _as_text(found: Advice | Rescue, options: Sequence[str], written: str | None) -> list[object]:
    from anchoraudit.advice.advise import Advice
    from anchoraudit.report.text.advice import advice_parts
    from anchoraudit.report.text.rescue import rescue_parts

    if isinstance(found, Advice):
        return advice_parts(found, options, written)
    return rescue_parts(found, options, written)


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
