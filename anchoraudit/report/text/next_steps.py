"""What to do after a scan: the remedies that fit this data set, each as a command to copy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from anchoraudit.anchors.clustered import count_distinct
from anchoraudit.arrays import Bool
from anchoraudit.auditing.audit import Audit
from anchoraudit.boxes import box_sizes
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.fates import KEPT
from anchoraudit.encoding.causes import CAUSES
from anchoraudit.encoding.statuses import NEVER
from anchoraudit.encoding.verdicts import WITHOUT_FOREGROUND
from anchoraudit.manifest.unfit import unfit
from anchoraudit.report import words
from anchoraudit.report.text.commands import command, without, without_detector
from anchoraudit.rules.box017_convention import misread

if TYPE_CHECKING:
    from anchoraudit.report.text.scan import FirstOfRules

Step = tuple[str, str]  # what it does, the command (or "")
_CONVENTION = "BOX017"  # the rule about boxes in another convention than that of their format
# The rules whose findings name an entry at which the framework stops, or for which it drops an image.
_OF_THE_RUN = ("RUN001", "RUN002", "RUN005", "RUN006")
GUARD_THE_LOSS: Step = (
    "or guard the loss: divide by max(1, positives); these images then teach nothing",
    "",
)


def after_scan(audit: Audit, options: Sequence[str]) -> list[Step]:
    """Return the steps after a scan with `options` (command-line words)."""
    dataset = str(audit.dataset.root)
    if _CONVENTION in audit.findings.counts and (first := _conventions(audit, dataset, options)):
        return first
    if audit.replayed is None:
        return fix_errors(audit.findings) or _other_detectors(dataset, options)
    results = audit.image_results
    dropped = audit.verdict_is("left_out") & (results.boxes > 0)
    lost = audit.verdict_is(*WITHOUT_FOREGROUND) | dropped
    if not lost.any():
        return _clean(audit, dataset, options)
    steps = fix_stopping(audit.findings)
    if audit.images_with("empty_foreground"):
        unit = audit.detector.match.unit
        steps.append(("see what each remedy would do:", command("advise", [dataset], options)))
        steps.append((f"see one image {unit} by {unit}:", _explain(audit, dataset, options)))
        steps += _better_detector(audit, dataset, options)
    else:
        steps += _not_in_place(audit, dataset, options)
    # What boxes may go does not matter to errors of the whole, and to know it the files are read again.
    if whole := unfit(audit, boxes_may_go=False).whole:
        codes = ", ".join(dict.fromkeys(finding.code for finding in whole))
        steps.append((f"fix by hand what filter cannot ({codes}), and scan again", ""))
    elif not lost.all():
        leave_out = command("filter", [dataset], options, "-o", manifest_name(audit.dataset))
        steps.append((f"drop them ({_gone(audit, lost)}):", leave_out))
    kept = not audit.detector.anchors.levels and audit.detector.loss.outcome == "zero"
    if kept and audit.images_with("blank") and "--allow-blank" not in options:
        keep = command("scan", [dataset], options, "--allow-blank")
        steps.append(("or keep images without annotation as background, if that is intended:", keep))
    if audit.detector.loss.outcome == "nan":
        steps.append(GUARD_THE_LOSS)
    return steps


def _conventions(audit: Audit, dataset: str, options: Sequence[str]) -> list[Step]:
    """Return how to read boxes that are written in another convention, and how to write them mended.

    Where only some of the files are misread, or each in another way, their splits are named one by one.
    """
    original, plain = audit.original, without(options, "--box-convention")
    met = misread(original, audit.image_files)
    if not met:
        mended = _written_mended(audit, dataset, options)
        return (
            [("write the boxes in the framework's convention, and train on that file:", mended)]
            if mended
            else []
        )
    every = {original.sources[one.source].split for one in met}
    apart = len(met) < len(original.sources) or len({one.likely for one in met}) > 1
    splits = [source.split for source in original.sources]
    steps: list[Step] = [("look at an image and its boxes, then read them in the likely convention:", "")]
    seen: set[tuple[str, ...]] = set()
    for one in met:
        split = original.sources[one.source].split
        told = ["--box-convention", one.likely.name]
        own, name = plain, manifest_name(original)
        if apart and split in original.splits and splits.count(split) == 1 and every != {""}:
            own, name = without(plain, "--split"), f"{split.replace('/', '-')}.json"
            told = ["--split", split, *told]
        if tuple(told) not in seen:
            seen.add(tuple(told))
            steps.append(("", command("scan", [dataset], own, *told)))
            steps.append(("and write them corrected:", command("filter", [dataset], own, *told, "-o", name)))
    return steps


def _written_mended(audit: Audit, dataset: str, options: Sequence[str]) -> str:
    """Return the command that writes boxes, read as the user says, in that of their format; "" without."""
    if not audit.original.reread.any():
        return ""
    return command("filter", [dataset], options, "-o", manifest_name(audit.original))


def _gone(audit: Audit, lost: Bool) -> str:
    """Say how much a filter leaves out: `2 boxes; 3 images, 0.8 %`. Boxes that stop the model go alone."""
    by_box = np.zeros_like(lost)
    said: list[str] = []
    if audit.admitted is not None and len(fatal := audit.admitted.fatal):
        by_box[audit.dataset.boxes.image[fatal]] = True
        if audit.loaded is not None:
            by_box &= (audit.loaded.image_fate == KEPT) & (audit.loaded.stop_rule == 0)
        said.append(words.count(len(fatal), "box"))
    if images := int(np.count_nonzero(lost & ~by_box)):
        said.append(f"{words.count(images, 'image')}, {words.share(images, len(lost))}")
    return "; ".join(said)


def _explain(audit: Audit, dataset: str, options: Sequence[str]) -> str:
    """Return the command that explains the worst image; with its split if another image has the same id."""
    worst = words.flagged(audit, "empty_foreground")[0]
    image = str(audit.dataset.images.ids[worst])
    if len(audit.dataset.find(image)) == 1:
        return command("explain", [image, dataset], options)
    split = audit.dataset.splits[int(audit.dataset.images.split[worst])]
    return command("explain", [image, dataset], without(options, "--split"), "--split", split)


def manifest_name(dataset: Dataset) -> str:
    """Return one file name for all splits, or one for each if two splits use the same ids."""
    ids = dataset.boxes.annotation_ids
    if len(dataset.sources) > 1 and ids is not None:
        distinct = len(set(ids.tolist())) == len(ids) and len(set(dataset.images.ids)) == len(dataset.images)
        return "clean.json" if distinct else "clean-{split}.json"
    return "clean.json"


def _clean(audit: Audit, dataset: str, options: Sequence[str]) -> list[Step]:
    """Return the guard for a data set that is fine, or what else makes the scan fail."""
    if errors := fix_errors(audit.findings):
        return errors
    mended = _written_mended(audit, dataset, options)
    steps = [guard_the_run(command("scan", [dataset], options))]
    steps = _not_in_place(audit, dataset, options) + steps
    if mended:
        what = "train on these files if your loader reads them so; else write them corrected, and use that:"
        steps.append((what, mended))
    return steps


def _not_in_place(audit: Audit, dataset: str, options: Sequence[str]) -> list[Step]:
    """Return the step about boxes that no point of their own trains, if there are any."""
    results = audit.image_results
    short = np.zeros(1, dtype=np.int64) if results.lost is None else results.lost
    lost = int((results.of(*NEVER) + np.maximum(results.of("borrowed"), short)).sum())
    if audit.detector.anchors.levels or not lost:
        return []
    verb = "is" if lost == 1 else "are"
    what = f"{words.count(lost, 'usable box')} {verb} never trained, or at the wrong place; see what helps:"
    return [(what, command("advise", [dataset], options))]


def fix_errors(findings: FirstOfRules) -> list[Step]:
    """Return the step about findings at error level, if there are any."""
    rules = [findings.rule(code) for code in findings.counts]
    if errors := sorted({rule.title for rule in rules if rule.severity == "error"}):
        return [(f"fix the findings at error level ({'; '.join(errors)}), and scan again", "")]
    return []


def fix_stopping(findings: FirstOfRules) -> list[Step]:
    """Return the step about entries at which the framework stops, or for which it drops an image, if any."""
    if stopping := [code for code in findings.counts if code in _OF_THE_RUN]:
        verb = "lists" if len(stopping) == 1 else "list"
        return [(f"fix the entries that {' and '.join(stopping)} {verb}, and scan again", "")]
    return []


def guard_the_run(scan: str) -> Step:
    """Return the step for a data set that is fine. scan: the command that said so."""
    return ("every checked image has foreground; to guard a training run:", f"{scan} && python train.py")


def _other_detectors(dataset: str, options: Sequence[str]) -> list[Step]:
    """Return what shows how encoders label the images, which a scan without a detector cannot tell."""
    return [
        (
            "no error in the data; see how detectors judge it:",
            command("compare", [dataset], options),
        )
    ]


def _better_detector(audit: Audit, dataset: str, options: Sequence[str]) -> list[Step]:
    """Suggest new anchors for boxes of the wrong size or shape, a wider border for boxes at the edge."""
    images = np.flatnonzero(audit.verdict_is("empty_foreground"))
    causes = {CAUSES[code] for code in audit.image_results.cause[images].tolist()}
    steps: list[Step] = []
    shaped = audit.detector.match.depends_on_anchors
    if shaped and causes - {"edge"} and (k := _affordable_k(audit)):
        if len(audit.detector.anchors.levels) == 1:
            fit = command("cluster", [dataset], options, "--k", str(k), "-o", "anchors.toml")
            kept = without(options, "--anchors")
            scan = command("scan", [dataset], kept, "--anchors", "anchors.toml")
        else:  # anchors alone do not say which level they belong to; a whole detector does
            fit = command(
                "cluster", [dataset], options, "--k", str(k), "--for", "reference", "-o", "detector.toml"
            )
            kept = without_detector(options)
            scan = command("scan", [dataset], kept, "--detector", "detector.toml")
        steps += [("fit anchors to this data, and scan with them:", fit), ("", scan)]
    if "edge" in causes:
        kept = without(options, "--allowed-border")
        wider = command("scan", [dataset], kept, "--allowed-border", "off")
        steps.append(("let anchors cross the edge, and scan again:", wider))
    return steps


def _affordable_k(audit: Audit) -> int:
    """Return how many anchors the detector has, or how many distinct box sizes there are if fewer."""
    rows = np.flatnonzero(audit.labels.usable)
    k = audit.detector.anchors.count
    if len(rows) > 1000 * k:
        return k
    return min(k, count_distinct(box_sizes(audit.net_boxes(rows)), k))
