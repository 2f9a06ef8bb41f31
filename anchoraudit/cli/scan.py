"""`anchoraudit scan`: the audit as a report, tables and an exit code."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from anchoraudit.cli import _settings as settings_of
from anchoraudit.cli._choice import Choice
from anchoraudit.cli._in_parts import (
    LOCAL,
    is_in_parts,
    leave_out,
    needs_the_whole,
    options_of_parts,
    parts_options,
    whole_in_parts,
)
from anchoraudit.cli._options import (
    class_rules_option,
    classes_of,
    csv_safe_option,
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
from anchoraudit.cli._report import HTML, report_file, report_option, write_report
from anchoraudit.errors import AnchorauditError, TooLargeError
from anchoraudit.io.meanwhile import meanwhile

if TYPE_CHECKING:
    from anchoraudit.detectors import Detector

_FRAMEWORK = "framework"  # `--augment` with the recipe that the detector names
_TABLE = ""  # `--classes` without a file: only the table is asked for
_BASELINE = "anchoraudit-baseline.json"


class OutputFormat(Choice):
    """`text`, and every output that has a module."""

    def __init__(self) -> None:
        from anchoraudit.report.outputs import names

        super().__init__(["text", *names()])


@click.command("scan")
@dataset_argument
@detector_options
@label_options
@loader_option
@click.option(
    "--classes",
    is_flag=False,
    flag_value=_TABLE,
    type=click.Path(),
    metavar="[FILE]",
    help="Show the class table; FILE: the classes of your configuration (names, classes.csv, a config, ...).",
)
@class_rules_option
@rule_options
@parts_options
@click.option("--counts", is_flag=True, help="Also count positive, negative and ignored anchors per image.")
@click.option(
    "--augment",
    metavar="WHAT",
    help=(
        "Also audit augmented copies: framework (the detector's own training), or any of "
        "flip,scale=0.5..1.5,translate=0.1,crop=0.3..1,keep=centre."
    ),
)
@click.option(
    "--draws",
    type=click.IntRange(1, 100_000),
    metavar="N",
    help="Augmented copies per image.  [default: 32]",
)
@click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), metavar="N", help="Random seed for --augment.  [default: 0]"
)
@click.option(
    "--export-images", type=click.Path(), metavar="F", help="Write one row per image (.csv, .parquet)."
)
@click.option(
    "--export-boxes", type=click.Path(), metavar="F", help="Write one row per box (.csv, .parquet)."
)
@csv_safe_option
@click.option(
    "--output-format",
    type=OutputFormat(),
    default="text",
    show_default=True,
    help="Form of the report: text, concise, json, jsonl, csv, github, sarif, junit, markdown or html.",
)
@click.option(
    "-o", "--output", type=click.Path(), metavar="FILE", help="Write the report there, not to stdout."
)
@report_option
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    metavar="N",
    help="How many of the worst images to list; with --verbose, also how many places of each finding.  "
    "[default: 5, with --verbose 20 and 3; all in JSON]",
)
@click.option("-v", "--verbose", is_flag=True, help="The long report: every detail, and all next steps.")
@click.option("--exit-zero", is_flag=True, help="Always exit 0.")
@click.option(
    "--fail-on",
    type=Choice(["error", "warning", "never"]),
    help="Least severity that sets exit code 1; never: always exit 0.  [default: error]",
)
@click.option(
    "--allow-blank",
    is_flag=True,
    default=None,
    help="Blank images are intended; they do not set exit code 1.",
)
@click.option(
    "--baseline",
    type=click.Path(),
    metavar="FILE",
    help="Hide the findings in this file; only new ones set exit code 1.",
)
@click.option(
    "--write-baseline",
    is_flag=True,
    help="Write all findings to the baseline.  [default: anchoraudit-baseline.json]",
)
@click.option("-q", "--quiet", is_flag=True, help="Print one line, and nothing to stderr.")
def command(**given: Any) -> int:
    """Say which images of DATASET would train without foreground, and why.

    DATASET is a folder (Pascal VOC, COCO, YOLO), a file (COCO JSON, data.yaml, a table of boxes) or the
    address of tables (s3://...); without it, that of the settings file, or the last scan is repeated.
    """
    from anchoraudit.cli import _output

    quiet = given["quiet"]
    with_table = _with_class_table(given)
    augmentation = _augmentation(given)
    settings = settings_of.resolve(given, quiet=quiet, repeat=True)
    detector, remarks = detector_or_none(settings)
    if detector is None:
        _require_no_encoder(given)
    elif augmentation == _FRAMEWORK:
        from anchoraudit.auditing.augmentation.frameworks.recipe import recipe_of

        recipe_of(detector)  # raises before anything is read
    for target in (given["export_images"], given["export_boxes"]):
        if target is not None:
            _output.require_table_suffix(target)
    report = report_file(given)
    if is_in_parts(given, settings):
        return _scan_in_parts(given, settings, detector, remarks, with_table=with_table)
    with_report = given["output_format"] == "text" and not quiet
    try:  # before NumPy is imported, so that reading processes start sooner
        follows = partial(_import_what_follows, detector, settings, with_report=with_report)
        with meanwhile(follows):
            dataset = read_dataset(settings, quiet=quiet)
    except TooLargeError as error:
        given["engine"] = LOCAL
        _output.remark(f"note: {error.message}: scanned part by part, as by --engine local", quiet=quiet)
        return _scan_in_parts(given, settings, detector, remarks, with_table=with_table)
    from anchoraudit.auditing.audit import audit
    from anchoraudit.images.inspection import CACHE
    from anchoraudit.io.outputs import together

    named = [given[name] for name in ("output", "export_images", "export_boxes", "report")]
    written = (given["baseline"] or _BASELINE) if given["write_baseline"] else None
    read = [given["baseline"]] if given["baseline"] and written is None else []
    _output.check_outputs(dataset, settings, *named, written, read=read)
    with _output.progress("counting anchors", quiet=quiet or not given["counts"]) as advance:
        result = audit(
            dataset,
            detector,
            drop_difficult=bool(settings.drop_difficult),
            counts=given["counts"],
            rules=rules_of(settings),
            loader=settings.loader,
            classes=None if detector is not None else classes_of(settings),
            class_rules=settings.class_rules,
            images=settings.images or "header",
            image_cache=CACHE,
            progress=advance,
        )
    note_who_judged(result, settings)
    if augmentation is not None:
        result.sensitivity = _sensitivity(result, augmentation, given)
    with together():
        if given["export_images"]:
            _output.export(result.images_frame(), given["export_images"], csv_safe=given["csv_safe"])
        if given["export_boxes"]:
            _output.export(result.boxes_frame(), given["export_boxes"], csv_safe=given["csv_safe"])
        for text in remarks:
            _output.remark(f"note: {text}", quiet=quiet)
        shown = _against_baseline(result, given, quiet=quiet)
        options = settings_of.as_options(settings)
        _report(result, shown, given, options, with_table=with_table)
        if report is not None:
            write_report(result, report, options, shown)
            _output.remark(f"the report is in {report}", quiet=quiet)
    settings_of.record(settings)
    known = shown if given["baseline"] or given["write_baseline"] else None
    return exit_code(result, settings, known, exit_zero=given["exit_zero"])


def _import_what_follows(
    detector: Detector | None, settings: settings_of.Settings, *, with_report: bool
) -> None:
    """Import what the audit, all rules and the report need, which takes up to half a second."""
    from anchoraudit.auditing import audit  # noqa: F401
    from anchoraudit.encoding.engines import engine_of
    from anchoraudit.rules import all_rules

    if detector is not None:
        engine_of(detector)
    all_rules()
    if settings.detector is None:
        from anchoraudit.advice import suggested  # noqa: F401
    if with_report:
        from anchoraudit.report.text import next_steps, scan  # noqa: F401


def _scan_in_parts(
    given: dict[str, Any],
    settings: settings_of.Settings,
    detector: Any,
    remarks: list[str],
    *,
    with_table: bool,
) -> int:
    """Audit the data set part by part, and report the merged numbers. with_table: with that of classes."""
    from anchoraudit.cli import _output

    _require_of_parts(given, settings)
    whole = whole_in_parts(settings, detector, given)
    quiet, chosen = given["quiet"], settings.detector is not None
    for text in remarks:
        _output.remark(f"note: {text}", quiet=quiet)
    if (given["limit"] or 0) > len(whole.flagged) < whole.counts["flagged"]:
        kept, every = len(whole.flagged), whole.counts["flagged"]
        text = (
            f"parts keep {kept} of the {every:,} flagged images, so --limit {given['limit']:,} lists {kept}"
        )
        _output.remark(f"note: {text}; for more, {leave_out(settings)}", quiet=quiet)
    if given["output_format"] == "json":
        from anchoraudit.report.outputs import json_of_parts

        _output.put_pieces(json_of_parts(whole, given["limit"], detector_chosen=chosen), given["output"])
    elif quiet:
        from anchoraudit.report.text.parts import headline

        _output.put(f"{headline(whole, detector_chosen=chosen)}\n", given["output"])
    else:
        from anchoraudit.report.text.parts import parts_report
        from anchoraudit.report.text.parts_steps import after_scan_in_parts
        from anchoraudit.report.text.scan import WORST

        limit = WORST if given["limit"] is None else given["limit"]
        steps = after_scan_in_parts(whole, settings_of.as_options(settings), options_of_parts(given))
        classes = _class_table(whole, whole.by_class) if with_table else []
        report = parts_report(whole, limit, steps, detector_chosen=chosen, classes=classes)
        _output.show(report, given["output"])
    settings_of.record(settings)
    return exit_code(whole, settings, exit_zero=given["exit_zero"])


# What needs every image and box at once.
_OF_THE_WHOLE = (
    *("counts", "augment", "export_images", "export_boxes", "report", "verbose", "baseline"),
    *("write_baseline",),
)


def _require_of_parts(given: dict[str, Any], settings: settings_of.Settings) -> None:
    """Raise AnchorauditError for an option that cannot be answered from parts."""
    for name in _OF_THE_WHOLE:
        if given[name]:
            raise needs_the_whole(f"--{name.replace('_', '-')}", settings)
    if given["output_format"] not in ("text", "json"):
        raise AnchorauditError(
            f"--output-format {given['output_format']} needs the whole data set at once",
            remedy=f"Choose text or json, or {leave_out(settings)}.",
        )


def _with_class_table(given: dict[str, Any]) -> bool:
    """Tell whether the table of classes is asked for, and sort out what `--classes` was given.

    `scan --classes dataset/` names the data set: a folder is no list of classes.
    """
    named = given["classes"]
    if named is None:
        return False
    if named == _TABLE:
        given["classes"] = None
    elif given["dataset"] is None and Path(named).is_dir():
        given["dataset"], given["classes"] = named, None
    return True


def _augmentation(given: dict[str, Any]) -> Any:
    """Parse `--augment`: None without it, `framework` as it stands. Raises AnchorauditError for a bad one."""
    if given["augment"] is not None and given["augment"].strip() == _FRAMEWORK:
        return _FRAMEWORK
    if given["augment"] is not None:
        from anchoraudit.auditing.augmentation.spec import Augmentation

        return Augmentation.parse(given["augment"])
    for name in ("draws", "seed"):
        if given[name] is not None:
            raise AnchorauditError(
                f"--{name} {given[name]} without --augment",
                remedy="Add an augmentation: --augment flip,crop=0.3..1",
            )
    return None


def _require_no_encoder(given: dict[str, Any]) -> None:
    """Raise AnchorauditError for an option that asks for what an encoder does, where there is none."""
    for name in ("counts", "augment"):
        if given[name]:
            raise AnchorauditError(
                f"--{name} needs a detector, but --detector none was given",
                remedy=f"Name a detector, or omit --{name}.",
            )


def _sensitivity(result: Any, augmentation: Any, given: dict[str, Any]) -> Any:
    """Audit under random geometry."""
    from anchoraudit.auditing.augmentation.frameworks.training import presented, under_training
    from anchoraudit.auditing.augmentation.sensitivity import sensitivity
    from anchoraudit.cli import _output

    draws, seed = 32 if given["draws"] is None else given["draws"], given["seed"] or 0
    with _output.progress("augmenting", quiet=given["quiet"]) as advance:
        dataset, labels, detector = result.dataset, result.labels, result.detector
        if augmentation == _FRAMEWORK:
            drawn = presented(labels, result.admitted)
            return under_training(dataset, drawn, detector, draws=draws, seed=seed, progress=advance)
        return sensitivity(dataset, labels, detector, augmentation, draws=draws, seed=seed, progress=advance)


def _report(result: Any, shown: Any, given: dict[str, Any], options: list[str], *, with_table: bool) -> None:
    """Print or write the report. shown: the findings to report. with_table: with the table of classes."""
    from anchoraudit.cli import _output
    from anchoraudit.report import words

    if given["output_format"] == HTML:
        write_report(result, given["output"], options, shown, limit=given["limit"])
        return
    if given["output_format"] != "text":
        from anchoraudit.report.outputs import render

        pieces = render(given["output_format"], result, shown, given["limit"])
        if given["output_format"] == "csv" and given["csv_safe"]:
            _output.put_csv("".join(pieces), given["output"], csv_safe=True)
        else:
            _output.put_pieces(pieces, given["output"])
        return
    if given["quiet"]:
        lines = filter(None, (words.summary_line(result), words.augmented_line(result)))
        _output.put("".join(f"{line}\n" for line in lines), given["output"])
        return
    from anchoraudit.report.text.next_steps import after_scan

    steps = after_scan(result, options)
    classes: list[object] = []
    if with_table:
        from anchoraudit.auditing.shares import by_class

        classes = _class_table(result, by_class(result))
    limit = given["limit"]
    if given["verbose"]:
        from anchoraudit.report.text.scan_details import EXAMPLES, LISTED, detailed_parts

        images, places = (LISTED, EXAMPLES) if limit is None else (limit, limit)
        parts = detailed_parts(result, images, places, steps, shown=shown, classes=classes)
    else:
        from anchoraudit.report.text.scan import WORST, scan_parts

        images = WORST if limit is None else limit
        parts = scan_parts(result, images, steps, shown=shown, classes=classes)
    _output.show(parts, given["output"])


def _class_table(result: Any, by_class: Any) -> list[object]:
    """Return the class table of an audit, or of parts. by_class: what becomes of the boxes of each class."""
    from anchoraudit.report.text.classes import class_table

    return class_table(result.classes, None if result.replayed is None else by_class.of("unmatched"))


def _against_baseline(result: Any, given: dict[str, Any], *, quiet: bool) -> Any:
    """Return the findings that are not in the baseline, and write the baseline if asked to."""
    from anchoraudit.cli import _output

    if not given["baseline"] and not given["write_baseline"]:
        return result.findings
    from anchoraudit.auditing import baseline

    root = result.dataset.root
    file = Path(given["baseline"] or _BASELINE)
    if given["write_baseline"]:
        known = baseline.write(file, result.findings, root)
        _output.remark(f"the baseline {file} now has {len(result.findings):,} findings", quiet=quiet)
    else:
        known = baseline.read(file)
    shown = baseline.new_findings(result.findings, known, root)
    hidden = len(result.findings) - len(shown)
    if hidden and not given["write_baseline"]:
        _output.remark(f"{hidden:,} findings are in the baseline {file} and not shown", quiet=quiet)
    return shown


def exit_code(
    result: Any, settings: settings_of.Settings, shown: Any = None, *, exit_zero: bool = False
) -> int:
    """Return 1 if a rule that was selected has findings as severe as `--fail-on`.

    An image without foreground is a finding of the rule about its verdict, so `--select` and `--ignore`
    decide about it, too. shown: the findings that a baseline does not know; if given, only they count.
    """
    fail_on = settings.fail_on or "error"
    if exit_zero or fail_on == "never":
        return 0
    severe = {"error"} if fail_on == "error" else {"error", "warning"}
    intended = {"blank"} if settings.allow_blank else set()
    findings = result.findings if shown is None else shown
    rules = [findings.rule(code) for code in findings.counts]
    return int(any(rule.severity in severe and rule.verdict not in intended for rule in rules))
