"""`anchoraudit filter`: a manifest without the images that teach nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from anchoraudit.cli import _settings as settings_of
from anchoraudit.cli._in_parts import is_in_parts, parts_options
from anchoraudit.cli._options import (
    class_rules_option,
    classes_of,
    classes_option,
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
from anchoraudit.errors import AnchorauditError, inert
from anchoraudit.io.addresses import is_address

if TYPE_CHECKING:
    from anchoraudit.arrays import Bool, Int
    from anchoraudit.auditing.audit import Audit
    from anchoraudit.dataset.columns import Dataset
    from anchoraudit.detectors import Detector
    from anchoraudit.fixes import Plan
    from anchoraudit.io.unchanged import Reading
    from anchoraudit.manifest.judging import Judged
    from anchoraudit.manifest.keeping import Filtered
    from anchoraudit.manifest.unfit import Unfit
    from anchoraudit.manifest.writing import Written

# The share of the images above which a filter by the default detector says so first.
_MANY = 0.1
# The rule about data of which no box can be trained.
_NOTHING_TRAINS = "SET011"


@click.command("filter")
@dataset_argument
@click.option(
    "-o",
    "--output",
    type=click.Path(),
    metavar="FILE",
    help="The manifest: .json (COCO), .txt (a list), .yaml (YOLO: a data.yaml and its lists), or the suffix "
    "of the source's table. {split} in the name: one file per split. Part by part: a folder, or a file for "
    "one file; also at an address.",
)
@click.option(
    "--drop",
    metavar="VERDICT,...",
    help="Verdicts to drop.  [default: empty_foreground,blank,no_usable_box,encoder_error,left_out]",
)
@click.option("--keep-blank", is_flag=True, help="Keep images without annotations.")
@click.option(
    "--dropped", type=click.Path(), metavar="F", help="List dropped images and reasons (.csv, .parquet)."
)
@csv_safe_option
@click.option("--force", is_flag=True, help="Replace an existing output.")
@click.option(
    "--fix",
    is_flag=True,
    help="Clip boxes up to a pixel past the image; drop duplicate, empty and outside boxes.",
)
@click.option(
    "--unsafe-fixes",
    is_flag=True,
    help="--fix, and also swap exchanged image sizes, close gaps in category ids, drop near duplicates.",
)
@click.option("--diff", is_flag=True, help="Show the changes without writing them.")
@click.option(
    "--certify",
    is_flag=True,
    help="Also write FILE.certificate.json, which `anchoraudit verify` compares with the files.",
)
@detector_options
@label_options
@loader_option
@classes_option
@class_rules_option
@rule_options
@parts_options
def command(**given: Any) -> int:
    """Write DATASET without the images whose foreground mask is empty, and without single errors.

    A scan of the result finds no error: images and boxes that have one are left out. COCO stays COCO, byte
    for byte; tables can stay tables, with all bytes of a row; other formats become COCO (.json), or a list
    of images as their frameworks read it (.txt, for YOLO also .yaml). Inputs are never changed. Without
    DATASET, the last scan's is taken, with its detector. With --detector none, only what has an error goes.
    """
    from anchoraudit.cli import _output
    from anchoraudit.io import unchanged
    from anchoraudit.manifest import keeping, unfit, writing
    from anchoraudit.manifest.judging import require_no_whole
    from anchoraudit.manifest.table_cut import is_same_table
    from anchoraudit.report.text.filtering import filter_parts

    _require_an_output(given)
    settings = settings_of.resolve(given)
    detector, remarks = detector_or_none(settings)
    if detector is None:
        _require_no_verdicts(given)
    if is_in_parts(given, settings) or is_address(given["output"] or ""):
        from anchoraudit.cli._filter_in_parts import filter_in_parts

        return filter_in_parts(given, settings, detector, remarks, _drop(given))
    with unchanged.recorded(large=given["certify"] or _is_table(given["output"])) as record:
        dataset = read_dataset(settings)
    files = [] if given["output"] is None else writing.targets(dataset, given["output"])
    if files and writing.is_apart(dataset, given["output"]):
        remarks = [*remarks, "a file for each split, because the splits share ids or differ in classes"]
    fixing = given["fix"] or given["unsafe_fixes"]
    rereading = bool(dataset.reread.any())
    is_table = given["output"] is not None and is_same_table(dataset, Path(given["output"]))
    if fixing or rereading:
        _require_room(files, fixing=fixing, is_table=is_table)
    if not given["diff"]:
        named = [Path(given["output"])] if writing.is_data_yaml(given["output"]) else []
        _check_outputs(dataset, settings, [*(path for path, _ in files), *named], given)
    plan = _plan(dataset, given) if fixing else _rewriting(dataset) if rereading else None
    source = dataset if plan is None else plan.apply(dataset)
    # Where a row of a table is an image with a list of boxes, the list is not changed.
    may_go = _holds_boxes(given) and not (is_table and dataset.images.entry is not None)
    result, taken, found = _judged(source, detector, settings, boxes_may_go=may_go)
    note_who_judged(result, settings)
    keep = ~found.images
    if detector is not None:
        keep &= keeping.kept_by(result, _drop(given), keep_blank=given["keep_blank"])
    require_no_whole(unfit.whole_of(found, result, keep), source.root)
    owns = [own for _, own in files] or [np.ones_like(keep)]
    blank = None
    if not (dataset.has_entries or is_table) and _holds_boxes(given):
        blank = _confirmed(result, keep, found, owns, (given, settings, detector))
    if _NOTHING_TRAINS in rules_of(settings):
        _leave_out_manifests_that_train_nothing(result, keep, found, owns)
    filtered = keeping.Filtered(result, keep, plan, taken, found.why, blank)
    _say_notes([*remarks, *(plan.remarks if plan is not None and given["diff"] else ())])
    if given["diff"]:
        _show_difference(filtered, given, settings)
        return 0
    _say_notes(_taken_for_data(dataset, written := _write(filtered, files, given, record), settings))
    options, first = settings_of.as_options(settings), _first_lines(result, keep, given, settings)
    _output.show(filter_parts(filtered, written, options, first=first), None)
    return 0


def _write(
    filtered: Filtered, files: list[tuple[Path, Bool]], given: dict[str, Any], record: Mapping[str, Reading]
) -> list[Written]:
    """Write a manifest to each of `files`, of those of its images that stay, and what goes with it.

    Either all is written, or nothing is. record: how the files of the data set were read.
    """
    from anchoraudit.certificates.document import path_for
    from anchoraudit.certificates.issuing import Issuer
    from anchoraudit.cli import _output
    from anchoraudit.io.outputs import replacing, together, write_text
    from anchoraudit.io.steps import step
    from anchoraudit.io.unchanged import sha256_again
    from anchoraudit.manifest.table_cut import is_same_table
    from anchoraudit.manifest.writing import is_data_yaml, write_data_yaml, write_manifest
    from anchoraudit.report.dropped import are_numbers, dropped_rows, write_dropped

    audit, keep, plan, output = filtered.audit, filtered.keep, filtered.plan, given["output"]
    some = [(path, keep & own) for path, own in files if (keep & own).any()]
    if not some:
        write_manifest(audit, np.zeros_like(keep), files[0][0])  # nothing is left: raises, and says why
    issuer = Issuer(filtered, record) if given["certify"] else None
    # What a certificate says of files is found out first: if one has changed, nothing is written.
    labels = [issuer.labels(own) for _, own in some] if issuer is not None else []
    step("writing")
    with together():
        hashed, taken = issuer is not None, filtered.taken
        written = [write_manifest(audit, own, path, plan, hashed=hashed, taken=taken) for path, own in some]
        copied = any(is_same_table(audit.original, path) for path, _ in some)
        for source in audit.original.sources if copied else ():
            if (reading := record.get(str(source.path))) is not None:
                sha256_again(source.path, reading)  # raises, and nothing is written, if it has changed
        named = [write_data_yaml(audit.original, Path(output), written)] if is_data_yaml(output) else []
        if issuer is not None:
            for one, own_labels in zip(written, labels, strict=True):
                write_text(path_for(one.path), issuer.certificate(one, own_labels).text())
        if given["dropped"] is not None:
            suffix = _output.require_table_suffix(given["dropped"])
            rows = dropped_rows(audit, keep, filtered.why)
            step("writing the table")
            with replacing(Path(given["dropped"])) as stream:
                safe, numbers = given["csv_safe"], are_numbers(rows)
                write_dropped(rows, stream, suffix, numbers=numbers, csv_safe=safe)
    return [*written, *named]


def _require_room(files: list[tuple[Path, Bool]], *, fixing: bool, is_table: bool) -> None:
    """Raise AnchorauditError if the manifests hold no boxes that could be changed."""
    from anchoraudit.manifest.writing import require_room_for_fixes

    for path, _ in files:
        if fixing:
            require_room_for_fixes(path, is_table=is_table)
        require_room_for_fixes(path, "corrected ones", "--box-convention", is_table=is_table)


def _taken_for_data(
    dataset: Dataset, written: Sequence[Written], settings: settings_of.Settings
) -> list[str]:
    """Return a note if whoever scans the folder of the data set again would find what was written there."""
    from anchoraudit.formats import detect

    root = dataset.root
    inside = [one.path for one in written if root.is_dir() and root.resolve() in one.path.resolve().parents]
    if not inside:
        return []
    try:
        formats = {detect(root, format=settings.format or "auto").format, dataset.format}
        if len(formats) == 1:
            return []
    except AnchorauditError:  # two data sets
        pass
    return [f"{inside[0]} is in {root}, and a scan of that finds it now: name the one you mean, or move it"]


def _say_notes(texts: Sequence[str]) -> None:
    from anchoraudit.cli import _output

    for text in texts:
        _output.remark(f"note: {text}")


def _show_difference(filtered: Filtered, given: dict[str, Any], settings: settings_of.Settings) -> None:
    """Print what would change, and write nothing."""
    from anchoraudit.cli import _output
    from anchoraudit.manifest.difference import difference
    from anchoraudit.report.text.differences import Counted, diff_lines

    changes = Counted(difference(filtered))
    _output.put_pieces(map(inert, diff_lines(changes, filtered.audit.replayed)), None)
    if not filtered.keep.all():
        for line in _first_lines(filtered.audit, filtered.keep, given, settings):
            _output.remark(line)
    _output.remark(changes.summary(len(filtered.keep)))


def _judged(
    source: Dataset, detector: Detector | None, settings: settings_of.Settings, *, boxes_may_go: bool
) -> Judged:
    """Audit what is to be written, without the boxes that have an error if they may go."""
    from anchoraudit.manifest.judging import judged

    return judged(
        source,
        lambda dataset: _audited(dataset, detector, settings, settings.loader),
        boxes_may_go=boxes_may_go,
    )


def _audited(
    dataset: Dataset, detector: Detector | None, settings: settings_of.Settings, loader: str | None
) -> Audit:
    """Audit a data set under the settings, but for the loader."""
    from anchoraudit.auditing.audit import audit
    from anchoraudit.images.inspection import CACHE

    return audit(
        dataset,
        detector,
        drop_difficult=bool(settings.drop_difficult),
        rules=rules_of(settings),
        loader=loader,
        classes=None if detector is not None else classes_of(settings),
        class_rules=settings.class_rules,
        images=settings.images or "header",
        image_cache=CACHE,
    )


def _confirmed(
    result: Audit,
    keep: Bool,
    found: Unfit,
    owns: list[Bool],
    asked: tuple[dict[str, Any], settings_of.Settings, Detector | None],
) -> bool:
    """Take out of `keep` [N] what a scan of the manifests, written anew as COCO, would find.

    A detector has another loader for COCO than for the source, which is not asked any more: an image can be
    left out or stop training there alone. owns: the images of each manifest, bool [N]. Adds to `found.why`.
    Returns whether that scan finds images without objects. Raises as `require_no_whole` does.
    """
    from anchoraudit.dataset.findings import Finding
    from anchoraudit.encoding.verdicts import VERDICTS
    from anchoraudit.loaders import PLAIN
    from anchoraudit.manifest import unfit
    from anchoraudit.manifest.judging import require_no_whole
    from anchoraudit.manifest.keeping import kept_by
    from anchoraudit.manifest.read_back import read_back
    from anchoraudit.report import words
    from anchoraudit.rules import all_rules

    given, settings, detector = asked
    codes = {rule.verdict: code for code, rule in all_rules().items()}
    loader = settings.loader if settings.loader == PLAIN else None
    blank = False
    for own in owns:
        settled = False
        while not settled and (keep & own).any():
            with read_back(result.original, keep & own) as (copy, rows):
                again = _audited(copy, detector, settings, loader)
                errors = unfit.unfit(again)
                gone = errors.images
                gone[copy.boxes.image[errors.boxes]] = True
                if detector is not None:
                    gone |= ~kept_by(again, _drop(given), keep_blank=given["keep_blank"])
                for image in np.flatnonzero(gone).tolist():
                    why = errors.why.get(image) or errors.why_boxes.get(image)
                    if why is None:
                        verdict = VERDICTS[int(again.image_results.verdict[image])]
                        why = Finding(codes.get(verdict, "RUN002"), words.why(again, image))
                    found.why.setdefault(int(rows[image]), replace(why, message=f"as COCO: {why.message}"))
                keep[rows[gone]] = False
                settled = not gone.any()
                if settled and any(one.code == _NOTHING_TRAINS for one in errors.whole):
                    _leave_out_all(keep, rows, found)
                elif settled:
                    whole = unfit.whole_of(errors, again, np.ones(len(copy.images), dtype=np.bool_))
                    require_no_whole([Finding(one.code, one.message) for one in whole], result.original.root)
                    blank |= bool(again.verdict_is("blank").any())
    return blank


def _leave_out_manifests_that_train_nothing(
    result: Audit, keep: Bool, found: Unfit, owns: list[Bool]
) -> None:
    """Take out of `keep` [N] the images of each manifest of which no box would train.

    An image of unknown size may have one that does. owns: the images of each manifest, bool [N].
    """
    trains = result.verdict_is("unknown")
    trains[result.original.boxes.image[result.labels.usable]] = True
    for own in owns:
        left = keep & own
        if left.any() and not (left & trains).any():
            _leave_out_all(keep, np.flatnonzero(left), found)


def _leave_out_all(keep: Bool, rows: Int, found: Unfit) -> None:
    """Take the images `rows` [n] of a manifest that would train nothing out of `keep` [N], and say why."""
    from anchoraudit.dataset.findings import Finding

    keep[rows] = False
    why = Finding(_NOTHING_TRAINS, "no other remaining image has a usable box")
    found.why.update(dict.fromkeys(rows.tolist(), why))


def _holds_boxes(given: dict[str, Any]) -> bool:
    """Tell whether the output holds boxes, and not only names of images."""
    from anchoraudit.manifest.writing import holds_boxes

    return given["output"] is None or holds_boxes(given["output"])


def _is_table(output: str | None) -> bool:
    """Tell whether the output may be a table, by its suffix, before the data set is read."""
    from anchoraudit.manifest.writing import SUFFIXES, YAML

    return output is not None and Path(output).suffix.lower() not in (*SUFFIXES, *YAML)


def _first_lines(
    result: Audit, keep: Bool, given: dict[str, Any], settings: settings_of.Settings
) -> list[str]:
    """Say whose verdicts these are, where nobody chose; with those of others, where many images go."""
    from anchoraudit.report import words

    gone = int(np.count_nonzero(~keep))
    if result.detector_chosen or gone <= _MANY * len(keep):
        return words.who_judged(result)
    from anchoraudit.advice.well_known import dropped_by_others

    drop = _drop(given)
    others = dropped_by_others(result.original, drop, drop_difficult=bool(settings.drop_difficult))
    # Images that go for another reason than their verdict go whichever detector judges.
    anyway = gone - int(np.count_nonzero(result.verdict_is(*drop)))
    return words.who_dropped(result, gone, {name: number + anyway for name, number in others.items()})


def _require_an_output(given: dict[str, Any]) -> None:
    """Raise a usage error unless it is clear what to write, or that nothing is to be written."""
    from anchoraudit.cli import _output

    context = click.get_current_context()
    if given["diff"] and given["dropped"] is not None:
        raise click.UsageError("--diff writes nothing, so it takes no --dropped", context)
    if given["diff"] and given["certify"]:
        raise click.UsageError("--diff writes nothing, so it cannot --certify", context)
    if not given["diff"] and given["output"] is None:
        option = next(param for param in context.command.params if param.name == "output")
        raise click.MissingParameter(ctx=context, param=option)
    if given["dropped"] is not None:
        _output.require_table_suffix(given["dropped"])


def _require_no_verdicts(given: dict[str, Any]) -> None:
    """Raise AnchorauditError for an option about verdicts, where no detector gives them."""
    for name, flag in (("drop", "--drop"), ("keep_blank", "--keep-blank")):
        if given[name]:
            raise AnchorauditError(
                f"{flag} needs a detector: without one there are no verdicts",
                remedy=(
                    f"Name a detector, or omit {flag}; without a detector, images with errors are "
                    "dropped and blank ones kept."
                ),
            )


def _check_outputs(
    dataset: Dataset, settings: settings_of.Settings, files: list[Path], given: dict[str, Any]
) -> None:
    """Refuse outputs that must not be replaced."""
    from anchoraudit.certificates.document import path_for
    from anchoraudit.cli import _output

    certificates = [path_for(path) for path in files] if given["certify"] else []
    for path in files if given["certify"] else ():
        if path.exists() and not path.is_file():
            raise AnchorauditError(
                "a certificate is of a file, and stands beside it", path=path, remedy="Name a file."
            )
    _output.check_outputs(dataset, settings, *map(str, files), *map(str, certificates), given["dropped"])
    for path in (*files, *certificates, *([Path(given["dropped"])] if given["dropped"] else [])):
        if path.exists() and not given["force"]:
            raise AnchorauditError(
                "the output exists already", path=path, remedy="Use --force to replace it."
            )


def _plan(dataset: Dataset, given: dict[str, Any]) -> Plan:
    from anchoraudit import fixes
    from anchoraudit.cli import _output
    from anchoraudit.images.inspection import CACHE

    cache = None if given["diff"] else CACHE
    with _output.progress("checking image files") as advance:
        return fixes.plan(dataset, unsafe=given["unsafe_fixes"], image_cache=cache, progress=advance)


def _rewriting(dataset: Dataset) -> Plan:
    """Return the plan that only writes, as the format has them, boxes read in another convention."""
    from anchoraudit import fixes

    return fixes.no_fixes(dataset)


def _drop(given: dict[str, Any]) -> tuple[str, ...]:
    from anchoraudit.manifest.keeping import DEFAULT_DROP

    named = given["drop"]
    drop = DEFAULT_DROP if named is None else tuple(part.strip() for part in named.split(",") if part.strip())
    return tuple(verdict for verdict in drop if not (verdict == "blank" and given["keep_blank"]))
