"""Clustered anchors, as text and as JSON, beside the detector's present ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from anchoraudit.anchor_fit import MEANING
from anchoraudit.detectors import Detector
from anchoraudit.fitting import Clustered
from anchoraudit.report import words
from anchoraudit.report.commands import command, without
from anchoraudit.report.machine import to_json
from anchoraudit.report.terminal import facts, steps, table

_RECALL = {
    name: f"share of the boxes whose best anchor overlaps them by IoU {name} or more"
    for name in ("0.5", "0.7")
}


def cluster_parts(
    results: Sequence[Clustered],
    present: Clustered,
    detector: Detector,
    *,
    dataset: str,
    settings: Sequence[str],
    output: str | None,
) -> list[object]:
    """Return the parts of the report, in order. settings: how the data set was read, as option words."""
    boxes = words.count(results[0].fit.boxes, "usable box")
    parts: list[object] = [facts([("sizes", f"{boxes} of {dataset}, at input {detector.resize}")]), ""]
    if len(results) > 1:
        return [*parts, _curve(results, present, detector)]
    found = results[0]
    parts += [_anchors(found), "", _figures(found, present, detector), ""]
    name = output or "anchors.toml"
    k = str(len(found.anchors))
    write = [] if output else [("keep them:", command("cluster", [dataset], settings, "--k", k, "-o", name))]
    scan = command("scan", [dataset], without(settings, "--anchors"), "--anchors", name)
    see = ("see what they change:", scan)
    if len(detector.anchors.levels) > 1:
        show = command("detectors show", [detector.name], (), "-o", "mine.toml")
        see = ("write them into a detector file, level by level, and scan with --detector mine.toml:", show)
    return parts + steps("What to do next", [*write, see])


def cluster_json(
    results: Sequence[Clustered], present: Clustered, detector: Detector, settings: dict[str, Any]
) -> str:
    """Return the anchors and their figures as JSON; for several k a list under `curve`.

    settings: input_size, metric and seed, as they were chosen.
    """
    beside = {"present": {"detector": detector.name, **_builtins(present)}}
    if len(results) > 1:
        return to_json({**settings, "curve": [_builtins(found) for found in results], **beside})
    return to_json({**_builtins(results[0]), **settings, **beside})


def _builtins(found: Clustered) -> dict[str, Any]:
    fit = found.fit
    return {
        "k": len(found.anchors),
        "anchors": [list(anchor) for anchor in found.anchors],
        "mean_iou": fit.mean_iou,
        "recall": fit.recall,
        "bpr": fit.bpr,
        "aat": fit.aat,
        "boxes": fit.boxes,
        "share": list(fit.share),
    }


def _anchors(found: Clustered) -> object:
    rows = [
        (f"{w:g}", f"{h:g}", f"{w * h:,.0f}", f"{100 * share:.1f} %")
        for (w, h), share in zip(found.anchors, found.fit.share, strict=True)
    ]
    title = f"{words.count(len(rows), 'anchor')}, by area (pixels of the network's input)"
    return table(title, ("width>", "height>", "area>", "boxes>"), rows)


def _figures(found: Clustered, present: Clustered, detector: Detector) -> object:
    new, old = found.fit, present.fit
    rows = [
        ("mean IoU", f"{new.mean_iou:.4f}", f"{old.mean_iou:.4f}", MEANING["mean_iou"]),
        *(
            (f"recall at {name}", f"{new.recall[name]:.4f}", f"{old.recall[name]:.4f}", meaning)
            for name, meaning in _RECALL.items()
        ),
        ("BPR", f"{new.bpr:.4f}", f"{old.bpr:.4f}", MEANING["bpr"]),
        ("AAT", f"{new.aat:.2f}", f"{old.aat:.2f}", MEANING["aat"]),
    ]
    title = f"How well they fit, beside the present anchors of {detector.name}"
    return table(title, ("figure", "these>", "present>", "meaning"), rows)


def _curve(results: Sequence[Clustered], present: Clustered, detector: Detector) -> object:
    rows = [(str(len(r.anchors)), *_curve_row(r), "#" * round(40 * r.fit.mean_iou)) for r in results]
    rows.append(("present", *_curve_row(present), "#" * round(40 * present.fit.mean_iou)))
    columns = ("k>", "mean IoU>", "recall 0.5>", "recall 0.7>", "BPR>", "AAT>", "mean IoU")
    return table("How well k anchors fit, and the detector's present ones", columns, rows)


def _curve_row(found: Clustered) -> tuple[str, ...]:
    fit = found.fit
    return (
        f"{fit.mean_iou:.4f}",
        f"{fit.recall['0.5']:.4f}",
        f"{fit.recall['0.7']:.4f}",
        f"{fit.bpr:.4f}",
        f"{fit.aat:.2f}",
    )
