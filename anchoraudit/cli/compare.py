"""`anchoraudit compare`: one data set under several detectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from anchoraudit.cli import _settings as settings_of
from anchoraudit.cli._choice import Choice
from anchoraudit.cli._in_parts import (
    is_in_parts,
    needs_the_whole,
    options_of_parts,
    parts_options,
    reading_of,
)
from anchoraudit.cli._options import (
    DetectorName,
    assume_option,
    csv_safe_option,
    dataset_argument,
    label_options,
    note_who_judged,
    read_to_use,
    version_option,
)
from anchoraudit.cli._report import HTML, report_file, report_option, write_report
from anchoraudit.detectors import NO_DETECTOR, Detector, load_detector, own_names
from anchoraudit.detectors.at_version import said
from anchoraudit.report.text.commands import without_detector

if TYPE_CHECKING:
    from anchoraudit.advice.compare import Comparison
    from anchoraudit.dataset.columns import Dataset


@click.command("compare")
@dataset_argument
@click.option(
    "--detector",
    "detectors",
    type=DetectorName(),
    multiple=True,
    help="Preset or file (repeatable).  [default: all presets]",
)
@assume_option
@version_option
@click.option(
    "--loaders",
    is_flag=True,
    help="Compare the frameworks' data loaders instead of detectors.",
)
@label_options
@parts_options
@click.option(
    "--output-format",
    type=Choice(["text", "json", "csv", "html"]),
    default="text",
    show_default=True,
    help="Form of the table; html: the report.",
)
@csv_safe_option
@report_option
@click.option(
    "-o", "--output", type=click.Path(), metavar="FILE", help="Write the table there, not to stdout."
)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing to stderr.")
def command(**given: Any) -> int:
    """Show how each detector judges DATASET, with its own loader; or, with --loaders, what loaders do.

    The data set is read once. To change single values of a detector, use a detector file, or scan. The exit
    code says only whether it worked.
    """
    from anchoraudit.cli import _output

    if given["loaders"] and given["detectors"]:
        raise click.UsageError("--loaders compares loaders, so it takes no --detector")
    if given["loaders"] and (given["report"] or given["output_format"] == HTML):
        raise click.UsageError("--loaders compares loaders, and a report is about detectors")
    report = report_file(given)
    settings = settings_of.resolve(given, quiet=given["quiet"])
    if given["loaders"]:
        if is_in_parts(given, settings):
            raise needs_the_whole("--loaders", settings)
        return _compare_loaders(given, settings)
    names = given["detectors"] or own_names()
    detectors = _detectors(given, settings)
    in_parts = is_in_parts(given, settings)
    if in_parts and (report is not None or given["output_format"] == HTML):
        raise needs_the_whole("a report", settings)
    compared = (
        _compared_in_parts(given, settings, detectors)
        if in_parts
        else _compared(given, settings, detectors, report)
    )
    dataset = compared.dataset
    from anchoraudit.io.outputs import together
    from anchoraudit.report.text import comparison

    with together():
        if given["output_format"] == "text":
            options = [*settings_of.as_options(settings), *options_of_parts(given)]
            _output.show(comparison.comparison_parts(compared, names, options), given["output"])
        elif given["output_format"] == "json":
            _output.put(comparison.comparison_json(compared, dataset), given["output"])
        elif given["output_format"] == HTML:
            _report(given, settings, detectors, (dataset, compared), given["output"])
        else:
            _output.put_csv(comparison.comparison_csv(compared), given["output"], csv_safe=given["csv_safe"])
        if report is not None:
            _report(given, settings, detectors, (dataset, compared), report)
            _output.remark(f"the report is in {report}", quiet=given["quiet"])
    return 0


def _compared(
    given: dict[str, Any],
    settings: settings_of.Settings,
    detectors: list[Detector],
    report: str | None,
) -> Comparison:
    """Read the data set, and compare the detectors. report: the file of the report."""
    from anchoraudit.cli import _output

    dataset = read_to_use(settings, quiet=given["quiet"])
    from anchoraudit.advice.compare import compare
    from anchoraudit.images.inspection import look

    _output.check_outputs(dataset, settings, given["output"], report, read=given["detectors"])
    with _output.progress("comparing detectors", quiet=given["quiet"]) as advance:
        return compare(
            dataset,
            detectors,
            drop_difficult=bool(settings.drop_difficult),
            files=look(dataset, settings.images or "header"),
            progress=advance,
        )


def _compared_in_parts(
    given: dict[str, Any], settings: settings_of.Settings, detectors: list[Detector]
) -> Comparison:
    """Compare the detectors part by part."""
    from anchoraudit.cli import _output
    from anchoraudit.partitions.comparing import compare_partitions

    with _output.progress("comparing parts", quiet=given["quiet"]) as advance:
        found = compare_partitions(
            reading_of(settings, given, advance),
            detectors,
            drop_difficult=bool(settings.drop_difficult),
            images=settings.images or "none",
        )
    _output.check_outputs(found.dataset, settings, given["output"], read=given["detectors"])
    for text in found.notes:
        _output.remark(f"note: {text}", quiet=given["quiet"])
    return found


def _report(
    given: dict[str, Any],
    settings: settings_of.Settings,
    detectors: list[Detector],
    found: tuple[Dataset, Comparison],
    target: str | None,
) -> None:
    """Write the report. found: the data set, and what was compared.

    It shows the images under the first detector that was named, else the last scan's.

    The map has the detectors that were named. All presets are too many for it; then it has the best known.
    """
    from anchoraudit.auditing.audit import audit

    dataset, compared = found
    named = given["detectors"]
    if named:
        judge = detectors[0]
    else:
        last = settings.detector if settings.detector not in (None, NO_DETECTOR) else "reference"
        judge = load_detector(last, framework_version=settings.framework_version)
    result = audit(
        dataset, judge, drop_difficult=bool(settings.drop_difficult), images=settings.images or "header"
    )
    options = without_detector(settings_of.as_options(settings))
    if named or settings.detector:
        options += ["--detector", named[0] if named else str(settings.detector)]
    else:
        note_who_judged(result, settings)
    chosen = detectors if named else None
    write_report(result, target, options, detectors=chosen, names=named, compared=compared)


def _detectors(given: dict[str, Any], settings: settings_of.Settings) -> list[Detector]:
    """Return the detectors to compare, with the rules of the version where they have any."""
    from anchoraudit.cli import _output

    version, assume = given["framework_version"], bool(settings.assume_standard)
    names = given["detectors"]
    if not names:
        if version is not None:
            raise click.UsageError(
                "--framework-version chooses the rules of a detector that --detector names; the presets of a "
                "framework have a name for each version"
            )
        return [load_detector(name) for name in own_names()]
    detectors = [load_detector(name, assume_standard=assume) for name in names]
    if version is not None and not any(detector.versions.package for detector in detectors):
        load_detector(detectors[0], framework_version=version)  # raises
    chosen = []
    for name, detector in zip(names, detectors, strict=True):
        own = version or (settings.framework_version if name == settings.detector else None)
        if own is not None and detector.versions.package:
            chosen.append(load_detector(name, assume_standard=assume, framework_version=own))
        else:
            chosen.append(detector)
        if text := said(chosen[-1]):
            _output.remark(f"note: {name}: {text}", quiet=given["quiet"])
    return chosen


def _compare_loaders(given: dict[str, Any], settings: settings_of.Settings) -> int:
    """Show what each loader drops and moves."""
    from anchoraudit.cli import _output

    dataset = read_to_use(settings, quiet=given["quiet"])
    from anchoraudit.loaders import load_as, loader_names
    from anchoraudit.report.text import loaders as report

    _output.check_outputs(dataset, settings, given["output"])
    rows = [load_as(dataset, name) for name in loader_names()]
    if given["output_format"] == "text":
        _output.show(report.loaders_parts(rows), given["output"])
    elif given["output_format"] == "json":
        _output.put(report.loaders_json(rows), given["output"])
    else:
        _output.put_csv(report.loaders_csv(rows), given["output"], csv_safe=given["csv_safe"])
    return 0
