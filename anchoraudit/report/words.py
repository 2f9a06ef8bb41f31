"""Plain words for verdicts, causes and flagged images; the same in every report."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from anchoraudit.auditing.audit import Audit
from anchoraudit.auditing.risk import BATCH_SIZES, Risk, risk_of, sentence
from anchoraudit.boxes import box_sizes
from anchoraudit.dataset.labels import REASON_MEANING, REASONS, in_order
from anchoraudit.detectors import Detector
from anchoraudit.detectors.at_version import said
from anchoraudit.encoding.causes import CAUSES, meaning_of, nearest_shape
from anchoraudit.encoding.errors_raised import reason as reason_to_raise
from anchoraudit.encoding.verdicts import VERDICTS, WITHOUT_FOREGROUND
from anchoraudit.images.found import is_image_name
from anchoraudit.rules import SEVERITIES

if TYPE_CHECKING:
    from anchoraudit.auditing.audit import Counts
    from anchoraudit.auditing.augmentation.sensitivity import Sensitivity
    from anchoraudit.rules import Rule

    class HasCounts(Protocol):
        """Findings, by their numbers."""

        @property
        def counts(self) -> Mapping[str, int]:
            """The number of findings for each code that occurs."""
            ...

        def rule(self, code: str) -> Rule:
            """Return the rule with this code."""
            ...


_AT_ONCE = 4096  # images of which it is said together why they are flagged
UNREAD = ("PAR001", "PAR005", "PAR010", "PAR011")  # rules whose findings are files that were not read
NAME_YOURS = "Name yours: --detector NAME (`anchoraudit detectors`, `anchoraudit compare`)."
VERDICT_MEANING = {
    "ok": "at least one anchor is positive",
    "forced_only": "only forced matches",
    "empty_foreground": "boxes, but no positive anchor",
    "blank": "no annotation",
    "no_usable_box": "annotations, but no box reaches the encoder",
    "encoder_error": "the framework would raise",
    "left_out": "the framework's loader leaves the image out",
    "unknown": "unknown image size",
}


# The same under a detector that has points, or queries, in place of anchors.
_OF_POINTS = {
    "ok": "at least one point is positive",
    "forced_only": "positive points only outside its boxes",
    "empty_foreground": "boxes, but no positive point",
    "no_usable_box": "annotations, but no box reaches the assigner",
}
_PREDICTED = {
    "ok": "at least one box has points that can become positive",
    "empty_foreground": "boxes, but no point can become positive",
}
_OF_QUERIES = {
    "ok": "at least one box gets a query",
    "empty_foreground": "boxes, but none gets a query",
    "no_usable_box": "annotations, but no box reaches the matcher",
}


def verdict_meaning(verdict: str, detector: Detector | None) -> str:
    """Say what a verdict means under this detector.

    Examples
    --------
    >>> verdict_meaning("empty_foreground", load_detector("torchvision-fcos_resnet50_fpn"))
    'boxes, but no positive point'
    """
    own: dict[str, str] = {}
    if detector is not None and detector.match.unit == "point":
        own = _OF_POINTS if detector.match.is_prediction_free else {**_OF_POINTS, **_PREDICTED}
    elif detector is not None and detector.match.unit == "query":
        own = _OF_QUERIES
    return own.get(verdict, VERDICT_MEANING[verdict])


def dropped(verdict: str, detector: Detector | None = None) -> str:
    """Say why `filter` drops images with this verdict."""
    only = "its only trained boxes lie far outside the image (BOX016)"
    return only if verdict == "ok" else verdict_meaning(verdict, detector)


def count(number: int, noun: str) -> str:
    """Write `1 box`, `2 boxes`, `3 classes`, `4 batches`, `1,204 images`."""
    plural = f"{noun}es" if noun.endswith(("x", "s", "tch")) else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def share(part: int, whole: int) -> str:
    """Write `1.6 %`. A share of nothing is a dash; a small part never rounds to 0, nor a large one to 100."""
    if not whole:
        return "-"
    percent = 100.0 * part / whole
    if percent >= 99.95 and part < whole:
        return "> 99.9 %"
    return "< 0.1 %" if 0 < percent < 0.05 else f"{percent:.1f} %"


def iou(value: float, threshold: float, decimals: int = 2) -> str:
    """Write `0.22`. An IoU below the threshold gets as many decimals as it needs to look so: `0.498`."""
    enough = (d for d in range(decimals, 9) if value >= threshold or round(value, d) < threshold)
    return f"{value:.{next(enough, 9)}f}"


# The verdicts of flagged images, worst first.
_WORST_FIRST = ("encoder_error", "left_out", "empty_foreground", "unknown", "no_usable_box", "blank")


# Why rules are not checked in parts that are about image files.
FILES_NOT_SEEN = "image files are looked at only with --images header, or decode"


def is_flagged(verdict: str) -> bool:
    """Tell whether reports list the images with this verdict."""
    return verdict in _WORST_FIRST


def rank(verdict: str) -> int:
    """Return the place of a verdict among those of flagged images, the worst first; any other comes last."""
    return _WORST_FIRST.index(verdict) if verdict in _WORST_FIRST else len(_WORST_FIRST)


def flagged(audit: Audit, *verdicts: str) -> list[int]:
    """Return the rows of the images that are not fine (or: of those with one of `verdicts`), worst first.

    The order: images that make the framework raise, those that its loader drops although they have boxes,
    with an empty foreground mask, of unknown size, without a usable box, blank. Within a verdict, those with
    more unmatched boxes first, then those with the lower best IoU.
    """
    results = audit.image_results
    by_design = audit.verdict_is("left_out") & (results.boxes == 0)
    images = np.flatnonzero(audit.verdict_is(*(verdicts or _WORST_FIRST)) & ~by_design)
    ranks = np.array(list(map(rank, VERDICTS)))
    best, unmatched = np.nan_to_num(results.best_iou[images]), results.unmatched[images]
    ordered: list[int] = images[np.lexsort([best, -unmatched, ranks[results.verdict[images]]])].tolist()
    return ordered


def why(audit: Audit, image: int) -> str:
    """Say why an image is flagged: `2 boxes, best IoU 0.22: small; the nearest anchor is 51x132`.

    Without a detector: the codes of the errors that are found in it.
    """
    return next(whys(audit, [image]))


def whys(audit: Audit, images: Sequence[int]) -> Iterator[str]:
    """Say why each of some images is flagged, as `why` does, in a fraction of its time."""
    for start in range(0, len(images), _AT_ONCE):
        some = images[start : start + _AT_ONCE]
        nearest = _nearest(audit, some)
        for image in some:
            yield _why(audit, image, nearest.get(image, ""))


def _why(audit: Audit, image: int, nearest: str) -> str:
    """Say why an image is flagged. nearest: what `_nearest` says of it."""
    results = audit.image_results
    if audit.replayed is None:
        return ", ".join(audit.findings.errors_of_image(image, audit.boxes_of(image)))
    verdict = VERDICTS[int(results.verdict[image])]
    total = int(results.boxes[image])
    if verdict == "blank":
        return "no annotation"
    if verdict == "no_usable_box":
        return f"{count(total, 'box')}, none usable: {_reasons(audit, image)}"
    if verdict == "unknown":
        return f"{count(total, 'box')}; unknown image size: it is not declared, and the file cannot be read"
    if audit.loaded is not None and (reason := audit.loaded.reason_of_image(image)):
        return f"{audit.loaded.does_with(image)}: {reason}"
    if verdict == "encoder_error" and not results.raises[image] and audit.admitted is not None:
        fatal = audit.admitted.fatal_among(audit.boxes_of(image))
        return f"{audit.detector.name}: {audit.admitted.words(int(fatal[0]))}"
    if verdict == "encoder_error":
        return reason_to_raise(int(results.raises[image]), audit.detector)
    if verdict != "empty_foreground":
        return verdict_meaning(verdict, audit.detector)
    usable = results.usable_in(image)
    cause = CAUSES[int(results.cause[image])]
    if not audit.detector.match.measure:
        return f"{_largest(audit, image)}: {cause}; {meaning_of(cause, audit.detector)}"
    start = f"{count(usable, 'box')}, {_best(audit, image)}: {cause}"
    if cause == "edge":
        return f"{start}; matching anchors cross the border (nearest: {nearest})"
    if cause == "unused":
        return f"{start}; the most similar anchors are on no level (nearest that is: {nearest})"
    return f"{start}; the nearest anchor is {nearest}"


def why_in_short(audit: Audit, image: int) -> str:
    """Say the same in less: `small: best IoU 0.22, 2 boxes`."""
    results = audit.image_results
    if audit.replayed is None or VERDICTS[int(results.verdict[image])] != "empty_foreground":
        return why(audit, image).partition("; ")[0]
    if audit.loaded is not None and audit.loaded.reason_of_image(image):
        return why(audit, image)
    cause = CAUSES[int(results.cause[image])]
    if not audit.detector.match.measure:
        return f"{cause}: {_largest(audit, image)}"
    boxes = count(results.usable_in(image), "box")
    return f"{cause}: {_best(audit, image)}, {boxes}"


def _best(audit: Audit, image: int) -> str:
    """Write the best IoU of an image's boxes, or what its detector measures instead: `best IoU 0.22`."""
    match = audit.detector.match
    return f"best {match.measure} {iou(float(audit.image_results.best_iou[image]), match.foreground_from)}"


def _largest(audit: Audit, image: int) -> str:
    """Write the usable boxes of an image with the size of the largest: `2 boxes, at most 6.2x3.1 px`.

    The size is that on the network's input.
    """
    rows = audit.boxes_of(image)
    sizes = box_sizes(audit.net_boxes(rows[audit.box_results.usable[rows]]))
    w, h = sizes[int(np.argmax(sizes.prod(axis=1)))].tolist()
    at_most = "" if len(sizes) == 1 else "at most "
    return f"{count(len(sizes), 'box')}, {at_most}{w:.1f}x{h:.1f} px on the input"


def _nearest(audit: Audit, images: Sequence[int]) -> dict[int, str]:
    """Write the shape of the anchor most like the best box of each image without foreground."""
    if audit.replayed is None or not audit.detector.match.measure:
        return {}
    best = {}
    for image in images:
        if VERDICTS[int(audit.image_results.verdict[image])] == "empty_foreground":
            boxes = audit.boxes_of(image)
            best[image] = boxes[int(np.nanargmax(audit.box_results.best_iou[boxes]))]
    if not best:
        return {}
    sizes = box_sizes(audit.net_boxes(np.array([*best.values()], dtype=np.int64)))
    nearest = nearest_shape(sizes, audit.detector)
    return {image: shape(*audit.detector.shapes[k]) for image, k in zip(best, nearest.tolist(), strict=True)}


def shape(width: float, height: float) -> str:
    """Write `74x149`, `45.25x22.63`: at most four digits."""
    return f"{float(f'{width:.4g}'):g}x{float(f'{height:.4g}'):g}"


def _reasons(audit: Audit, image: int) -> str:
    reasons = np.bincount(audit.labels.reason[audit.boxes_of(image)], minlength=len(REASONS)).tolist()
    return ", ".join(f"{n} {REASON_MEANING[name]}" for name, n in zip(REASONS, reasons, strict=True) if n)


def not_usable(audit: Audit) -> str:
    """Say how many boxes did not reach the encoder and why, and how many were clipped."""
    usable, clipped = (int(np.count_nonzero(own)) for own in (audit.labels.usable, audit.labels.clipped))
    return not_usable_of(usable, audit.labels.reasons(), clipped)


def not_usable_of(usable: int, by_reason: Mapping[str, int], clipped: int) -> str:
    """Say the same of numbers of boxes."""
    reasons = [f"{n:,} {REASON_MEANING[name]}" for name, n in in_order(by_reason).items()]
    text = f"{count(usable, 'usable box')}"
    if reasons:
        text += f"; not usable: {', '.join(reasons)}"
    return text + (f"; {clipped:,} clipped to the image" if clipped else "")


def headline(audit: Audit, *, judge: bool = False) -> str:
    """Say in one line how many images would train without foreground; without a detector, what was found.

    judge: also by which detector, and that it is the default where nobody named one.
    """
    if audit.replayed is None:
        return _headline_of_data(audit) + _files_not_read(audit)
    counts = audit.summary()
    judged_by = ""
    if judge:
        judged_by = f"{audit.detector.name}{'' if audit.detector_chosen else ' (no --detector given)'}"
    return headline_of(counts, dropped_by_loader(audit), judged_by) + _files_not_read(audit)


def _files_not_read(audit: Audit) -> str:
    """Say at the end of a headline how many files of annotations could not be read; "" if all were."""
    dataset = audit.original
    lost = {finding.path for finding in dataset.findings if finding.code in UNREAD}
    lost = {path for path in lost if not is_image_name(path)}
    read = sum(len(source.files) for source in dataset.sources)  # 0 where they are not counted
    return not_read(len(lost), len(lost) + read if read else 0, "file")


def not_read(number: int, of: int, noun: str) -> str:
    """Write the end of a headline if something was not read. of: how many there are, 0 if that is unknown.

    Examples
    --------
    >>> not_read(1, 4, "file"), not_read(2, 0, "file"), not_read(0, 4, "part")
    ('; 1 of 4 files not read', '; 2 files not read', '')
    """
    if not number:
        return ""
    return f"; {number:,} of {count(of, noun)} not read" if of else f"; {count(number, noun)} not read"


def headline_of(counts: Counts, dropped: int, judged_by: str = "") -> str:
    """Say the same of numbers of images. dropped: images with boxes that the loader drops."""
    images, verdicts = counts["images"], counts["verdicts"]
    lost = sum(verdicts[name] for name in WITHOUT_FOREGROUND)
    text = f"{lost:,} of {count(images, 'image')} would train without foreground ({share(lost, images)})"
    text += f" under {judged_by}" if judged_by else ""
    text += f"; {dropped:,} with boxes dropped by the loader" if dropped else ""
    unknown = verdicts["unknown"]
    return text + (f"; {unknown:,} not checked: unknown size" if unknown else "")


def dropped_by_loader(audit: Audit) -> int:
    """Return how many images with boxes the loader drops."""
    return int(np.count_nonzero(audit.verdict_is("left_out") & (audit.image_results.boxes > 0)))


def summary_line(audit: Audit) -> str:
    """Return the headline with the detector, and its version where nobody named that."""
    version = "" if audit.replayed is None or not audit.detector_chosen else said(audit.replayed)
    line = headline(audit, judge=True)
    return f"{line}; {version.removesuffix('.')}" if version else line


def who_judged(audit: Audit) -> list[str]:
    """Say in the first lines of a report that the default judged, or by which version's rules.

    [] where somebody named the detector, and its version or a preset that says it.
    """
    if audit.detector_chosen:
        return how_to_choose(audit)
    return [
        f"No --detector given: judged by {audit.detector.name}, {_default(audit.detector)}.",
        *how_to_choose(audit),
    ]


def how_to_choose(audit: Audit) -> list[str]:
    """Say how to name the detector, or its version, where nobody did."""
    if audit.detector_chosen:
        return list(filter(None, [] if audit.replayed is None else [said(audit.replayed)]))
    if audit.suggested:
        return [f"{audit.suggested}."]
    return [NAME_YOURS]


def who_dropped(audit: Audit, gone: int, others: Mapping[str, int]) -> list[str]:
    """Say the same of a filter that drops many images, and what other detectors would drop.

    gone: how many images it drops. others: how many each of them would.
    """
    beside = ", ".join(f"{name} {number:,}" for name, number in others.items())
    return [
        _by_default(audit.detector, gone, len(audit.dataset.images)),
        f"Other detectors would drop: {beside}.",
        *how_to_choose(audit),
    ]


def who_dropped_in_parts(detector: Detector, gone: int, images: int) -> list[str]:
    """Say that the default detector judged a filter in parts, which drops `gone` of `images` images."""
    return [_by_default(detector, gone, images), NAME_YOURS]


def _by_default(detector: Detector, gone: int, images: int) -> str:
    return (
        f"No --detector given: {gone:,} of {count(images, 'image')} ({share(gone, images)}) are dropped "
        f"because of {detector.name}, {_default(detector)}."
    )


def _default(detector: Detector) -> str:
    """Say what the default detector is."""
    strides = "/".join(f"{level.stride:g}" for level in detector.anchors.levels)
    return f"a stride-{strides} RPN ({detector.framework.partition('/')[0]}'s)"


def _headline_of_data(audit: Audit) -> str:
    return headline_of_data(len(audit.dataset.images), audit.findings)


def headline_of_data(images: int, findings: HasCounts) -> str:
    """Say how many images were checked without a detector, and what was found."""
    numbers = dict.fromkeys(SEVERITIES, 0)
    for code, number in findings.counts.items():
        numbers[findings.rule(code).severity] += number
    found = ", ".join(count(n, name) for name, n in numbers.items() if n and name != "info")
    return f"{count(images, 'image')} checked without a detector: {found or 'no error'}"


def risks(audit: Audit, batch_sizes: Sequence[int] = BATCH_SIZES) -> list[Risk]:
    """Return the risk of NaN in an epoch over the trained images of known size, by batch size.

    Empty without a detector.
    """
    if audit.replayed is None:
        return []
    return risks_of(audit.summary(), audit.detector, batch_sizes)


def risks_of(counts: Counts, detector: Detector, batch_sizes: Sequence[int] = BATCH_SIZES) -> list[Risk]:
    """Return the same by numbers of images."""
    verdicts, loss = counts["verdicts"], detector.loss
    known = counts["images"] - verdicts["unknown"] - verdicts["left_out"]
    empty = sum(verdicts[name] for name in WITHOUT_FOREGROUND)
    return [risk_of(loss.normaliser, loss.outcome, known, empty, size) for size in batch_sizes]


def augmented_line(audit: Audit) -> str:
    """Say how many images are empty in an epoch under random geometry, "" without --augment."""
    found = audit.sensitivity
    if found is None:
        return ""
    if found.phases:
        return _training_line(found)
    error = "" if math.isnan(found.error) else f" ({_plus_minus(found.error)})"
    return (
        f"With {found.augmentation}, {found.expected_empty:,.1f} of {count(len(found.p_empty), 'image')} "
        f"have no foreground in an average epoch{error}; {count(found.draws, 'draw')}, seed {found.seed}"
    )


def _training_line(found: Sensitivity) -> str:
    """Say how often boxes are not trained under their framework's own geometry."""
    from anchoraudit.auditing.augmentation.sensitivity import Untrained

    every = Untrained.of(found.p_untrained)
    parts = [f"With the training augmentation of {found.framework}"]
    if every.boxes:
        parts[0] += (
            f", a box goes untrained in {percent(every.share)} of the epochs on average; "
            f"{every.seldom:,} of {count(every.boxes, 'box')} train in fewer than half of the draws, "
            f"{every.never:,} in none"
        )
    if not math.isnan(found.expected_empty):
        together = any(phase.expected_empty is None for phase in found.phases)
        where = " without mosaic" if together else ""
        parts.append(
            f"in an average epoch{where}, {found.expected_empty:,.1f} of "
            f"{count(len(found.p_empty), 'image')} have no foreground"
        )
    return "; ".join([*parts, f"{count(found.draws, 'draw')}, seed {found.seed}"])


def percent(share: float) -> str:
    """Write `12.3 %`. What is not none or all never reads `0.0 %` or `100.0 %`."""
    if 0 < share < 0.0005:
        return "< 0.1 %"
    return "> 99.9 %" if 0.9995 < share < 1 else f"{100 * share:.1f} %"


def _plus_minus(error: float) -> str:
    return f"standard error {error:.1f}" if error >= 0.05 else "standard error below 0.05"


def risk_line(audit: Audit) -> str:
    """Say in one line what the risk is at batch size 2, "" if an empty mask makes no NaN."""
    return _sentence_of(risks(audit, [2]))


def risk_line_of(counts: Counts, detector: Detector) -> str:
    """Say the same by numbers of images."""
    return _sentence_of(risks_of(counts, detector, [2]))


def _sentence_of(risks: Sequence[Risk]) -> str:
    return next((sentence(risk) for risk in risks if risk.expected), "")
