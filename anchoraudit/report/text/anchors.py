"""Clustered anchors, as text and as JSON, next to the detector's present ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from anchoraudit.anchors.clustered import Clustered, knee
from anchoraudit.anchors.fit import MEANING
from anchoraudit.anchors.foreground.levels import OnLevel, on_levels, strides_of
from anchoraudit.detectors import Detector
from anchoraudit.report import words
from anchoraudit.report.as_json import to_json
from anchoraudit.report.text.commands import command, value_of, without
from anchoraudit.report.text.foreground import about_search, foreground_builtins, foreground_table
from anchoraudit.report.text.table import Column
from anchoraudit.report.text.terminal import facts, steps, table

if TYPE_CHECKING:
    from anchoraudit.anchors.export import Snippet
    from anchoraudit.anchors.foreground.searched import ForegroundFit

_RECALL = {
    name: f"share of the boxes whose best anchor overlaps them by IoU {name} or more"
    for name in ("0.5", "0.7")
}

_BAR = 40  # characters of a mean IoU of 1


@dataclass(frozen=True, slots=True)
class Clusters:
    """What a run of `cluster` found: a result for each k, and the detector's present anchors.

    foreground: the result of the search for foreground, if that was the objective. framework, snippet: of an
    export.
    """

    results: Sequence[Clustered]
    present: Clustered
    detector: Detector
    foreground: ForegroundFit | None = None
    framework: str = ""
    snippet: Snippet | None = None

    @property
    def levels(self) -> list[OnLevel]:
        """The anchors by level, in the detector's order. Empty for several k, or too few anchors."""
        strides = strides_of(self.detector)
        if len(self.results) > 1 or len(self.results[0].anchors) < len(strides):
            return []
        return on_levels(self.results[0].anchors, self.detector)

    @property
    def remarks(self) -> list[str]:
        """Remarks on the result."""
        found = []
        if not self.detector.match.depends_on_anchors:
            found.append(f"{self.detector.name} does not depend on the shapes of its anchors")
        for level in self.levels:
            if small := level.below_stride:
                listed = ", ".join(f"{w:g}x{h:g}" for w, h in small)
                have = "has a side" if len(small) == 1 else "have sides"
                found.append(f"{listed} {have} below the stride of the level, {level.stride:g} px")
        if self.foreground is not None:
            found += about_search(self.foreground, self.detector)
        return found + list(self.snippet.remarks if self.snippet else ())


def cluster_parts(
    clusters: Clusters, dataset: str, settings: Sequence[str], own: Sequence[str], output: str | None
) -> list[object]:
    """Return the parts of the report, in order.

    settings: option words that say how the data set was read. own: those of this command.
    """
    results, present, detector = clusters.results, clusters.present, clusters.detector
    boxes = words.count(results[0].fit.boxes, "usable box")
    parts: list[object] = [facts([("sizes", f"{boxes} of {dataset}, at input {detector.resize}")]), ""]
    if len(results) > 1:
        return [*parts, *_curve(results, present)]
    parts += [_anchors(results[0], clusters.levels), ""]
    if clusters.foreground is not None:
        parts += [foreground_table(clusters.foreground, detector), ""]
    parts += [_figures(results[0], present, detector), ""]
    return parts + steps("What to do next", _next(clusters, dataset, settings, own, output))


def _next(
    clusters: Clusters, dataset: str, settings: Sequence[str], own: Sequence[str], output: str | None
) -> list[tuple[str, str]]:
    """Return what to do next, and the commands for it."""
    detector, k = clusters.detector, str(len(clusters.results[0].anchors))
    see = "see what they change:"
    rules = without(settings, "--anchors", "--detector", "--assume-standard", "--input-size")

    def again(*more: str) -> str:
        return command("cluster", [dataset], settings, "--k", k, *own, *more)

    if output and clusters.framework not in ("", "reference"):
        name = "mine.toml"
        write = [("write them as a detector file of anchoraudit, too:", _as_detector(again, name))]
        return [*write, (see, command("scan", [dataset], rules, "--detector", name))]
    if len(detector.anchors.levels) > 1 or clusters.framework:
        name = output if output and clusters.framework else "mine.toml"
        if not clusters.levels:
            named = value_of(settings, "--detector") or detector.name  # a file has no name that is known
            show = command("detectors show", [named], (), "-o", "mine.toml")
            text = "write them into a detector file by level, and scan with --detector mine.toml:"
            return [(text, show)]
        text = "write them into a detector file by level:"
        write = [] if name == output else [(text, _as_detector(again, name))]
        return [*write, (see, command("scan", [dataset], rules, "--detector", name))]
    name = output or "anchors.toml"
    write = [] if output else [("keep them:", again("-o", name))]
    scan = command("scan", [dataset], without(settings, "--anchors"), "--anchors", name)
    return [*write, (see, scan)]


def _as_detector(again: Callable[..., str], name: str) -> str:
    return again("--for", "reference", "-o", name)


def cluster_json(clusters: Clusters, settings: dict[str, Any]) -> str:
    """Return the anchors and how well they fit as JSON; for several k a list under `curve`.

    settings: input_size, objective, metric and seed, as chosen.
    """
    present = {"detector": clusters.detector.name, **_builtins(clusters.present)}
    found: dict[str, Any]
    if len(clusters.results) > 1:
        settings = {name: value for name, value in settings.items() if name != "objective"}  # always "iou"
        curve = [_builtins(result) for result in clusters.results]
        found = {**settings, "curve": curve, "knee": knee(clusters.results), "present": present}
        return to_json(found)
    found = {**_builtins(clusters.results[0]), **settings, "present": present}
    found["levels"] = [
        {
            "stride": level.stride,
            "anchors": [list(anchor) for anchor in level.anchors],
            "below_stride": [list(anchor) for anchor in level.below_stride],
        }
        for level in clusters.levels
    ]
    found["remarks"] = clusters.remarks
    if clusters.foreground is not None:
        found["foreground"] = foreground_builtins(clusters.foreground)
    if clusters.snippet is not None:
        found["for"], found["snippet"] = clusters.framework, clusters.snippet.text
    return to_json(found)


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


def _anchors(found: Clustered, levels: Sequence[OnLevel]) -> object:
    stride = {anchor: level.stride for level in levels for anchor in level.anchors}
    rows = [
        (f"{w:g}", f"{h:g}", f"{w * h:,.0f}", f"{100 * share:.1f} %", f"{stride.get((w, h), 0):g}")
        for (w, h), share in zip(found.anchors, found.fit.share, strict=True)
    ]
    title = f"{words.count(len(rows), 'anchor')}, by area (pixels of the network's input)"
    columns = ("width>", "height>", "area>", "boxes>", "stride>")
    last = 5 if len(levels) > 1 else 4
    return table(title, columns[:last], [row[:last] for row in rows])


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


def _curve(results: Sequence[Clustered], present: Clustered) -> list[object]:
    marked = knee(results)
    rows = [
        (str(len(r.anchors)), "knee" if len(r.anchors) == marked else "", *_curve_row(r), _bar(r))
        for r in results
    ]
    rows.append(("present", "", *_curve_row(present), _bar(present)))
    columns = (
        Column("k", right=True),
        Column("", whole=True),
        *(Column(name, right=True) for name in ("mean IoU", "recall 0.5", "recall 0.7", "BPR", "AAT")),
        Column("mean IoU as a bar", spare=1, least=_BAR),
    )
    made = table("How well k anchors fit, and the detector's present ones", columns, rows)
    if marked is None:
        return [made]
    return [
        made,
        "",
        f"knee: beyond {marked} anchors, each further one improves the fit by less than average",
    ]


def _bar(found: Clustered) -> str:
    return "#" * round(_BAR * found.fit.mean_iou)


def _curve_row(found: Clustered) -> tuple[str, ...]:
    fit = found.fit
    return (
        f"{fit.mean_iou:.4f}",
        f"{fit.recall['0.5']:.4f}",
        f"{fit.recall['0.7']:.4f}",
        f"{fit.bpr:.4f}",
        f"{fit.aat:.2f}",
    )
