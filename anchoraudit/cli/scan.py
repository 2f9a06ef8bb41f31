"""`anchoraudit scan`: the audit, as a report, tables and an exit code."""

from __future__ import annotations

from typing import Any

import click

from anchoraudit.cli import _settings as settings_of
from anchoraudit.cli._options import (
    dataset_argument,
    detector_of,
    detector_options,
    label_options,
    output_format_option,
    read_dataset,
)


@click.command("scan")
@dataset_argument
@detector_options
@label_options
@click.option(
    "--counts", is_flag=True, help="Also count every image's positive, negative and ignored anchors."
)
@click.option(
    "--export-images", type=click.Path(), metavar="F", help="Write a row an image (.csv, .parquet)."
)
@click.option("--export-boxes", type=click.Path(), metavar="F", help="Write a row a box (.csv, .parquet).")
@output_format_option
@click.option(
    "-o", "--output", type=click.Path(), metavar="FILE", help="Write the report there, not to stdout."
)
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    metavar="N",
    help="Flagged images to list.  [default: 20 in text, all in JSON]",
)
@click.option("--exit-zero", is_flag=True, help="Exit 0 whatever was found.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "never"]),
    help="Findings that make exit code 1; never: exit 0 whatever was found.  [default: error]",
)
@click.option(
    "--allow-blank", is_flag=True, default=None, help="Blank images are meant to be there: no exit code 1."
)
@click.option("-q", "--quiet", is_flag=True, help="One line of text, and nothing on stderr.")
def command(**given: Any) -> int:
    """Say which images of DATASET would train without foreground, and why.

    DATASET is a folder (Pascal VOC or COCO) or a COCO JSON file; without it, that of the settings file, or
    the last scan is repeated.
    """
    from anchoraudit.cli import _output

    quiet = given["quiet"]
    settings = settings_of.resolve(given, quiet=quiet, repeat=True)
    detector, remarks = detector_of(settings)
    for target in (given["export_images"], given["export_boxes"]):
        if target is not None:
            _output.require_table_suffix(target)
    dataset = read_dataset(settings)  # before NumPy is imported: processes that read start sooner
    from anchoraudit.auditing import audit

    _output.check_outputs(dataset, settings, given["output"], given["export_images"], given["export_boxes"])
    with _output.progress("counting anchors", quiet=quiet or not given["counts"]) as advance:
        result = audit(
            dataset,
            detector,
            drop_difficult=bool(settings.drop_difficult),
            counts=given["counts"],
            progress=advance,
        )
    if given["export_images"]:
        _output.export(result.images_frame(), given["export_images"])
    if given["export_boxes"]:
        _output.export(result.boxes_frame(), given["export_boxes"])
    for text in remarks:
        _output.remark(f"note: {text}", quiet=quiet)
    _report(result, given, settings_of.as_options(settings))
    settings_of.record(settings)
    return exit_code(result, settings, exit_zero=given["exit_zero"])


def _report(result: Any, given: dict[str, Any], options: list[str]) -> None:
    from anchoraudit.cli import _output

    if given["output_format"] == "json":
        from anchoraudit.report.machine import scan_json

        _output.put(scan_json(result, given["limit"]), given["output"])
        return
    from anchoraudit.report import words

    if given["quiet"]:
        _output.put(words.headline(result) + "\n", given["output"])
        return
    from anchoraudit.report import terminal
    from anchoraudit.report.next_steps import after_scan

    limit = 20 if given["limit"] is None else given["limit"]
    parts = terminal.scan_parts(result, limit, after_scan(result, options), chosen="--detector" in options)
    _output.show(parts, given["output"])


def exit_code(result: Any, settings: settings_of.Settings, *, exit_zero: bool = False) -> int:
    """1 if an image would train without foreground, or a finding is as severe as `--fail-on` says."""
    fail_on = settings.fail_on or "error"
    if exit_zero or fail_on == "never":
        return 0
    from anchoraudit.verdicts import WITHOUT_FOREGROUND

    failing = [v for v in WITHOUT_FOREGROUND if v != "blank" or not settings.allow_blank]
    severities = ("error",) if fail_on == "error" else ("error", "warning")
    return int(bool(result.images_with(*failing)) or any(f.severity in severities for f in result.findings))
