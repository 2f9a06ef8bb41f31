"""Plots of what the detector makes of the boxes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from anchoraudit.auditing import distributions
from anchoraudit.auditing.audit import Audit
from anchoraudit.auditing.augmentation.sample import on_a_sample
from anchoraudit.detectors.match import Match
from anchoraudit.encoding.causes import CAUSES, meaning_of
from anchoraudit.report import words
from anchoraudit.report.html.figure import (
    Figure,
    Table,
    bins,
    by_split,
    log_axis,
    plain,
    rounded,
    rows_of_splits,
    split_heads,
    upright,
    which,
    whole_range,
)


def sizes(audit: Audit) -> Figure:
    """Draw boxes by size on the input: trained ones, lost ones by cause, and what the detector takes."""
    found, detector = distributions.sizes(audit), audit.detector
    side = 2.0**found.edges
    z = [[number or None for number in row] for row in found.counts.tolist()]
    shade = [[None if n is None else float(np.log10(n + 0.5)) for n in row] for row in z]
    top = float(np.log10(max(int(found.counts.max(initial=1)), 2)))
    data: list[dict[str, Any]] = [
        {
            "type": "heatmap",
            "name": "trained",
            "x": rounded(side),
            "y": rounded(side),
            "z": shade,
            "customdata": z,
            "colorscale": "$scale",
            "zmin": -0.5 * top,  # so that a single box is seen, too
            "zmax": top,
            "showscale": False,
            "hovertemplate": "%{x:.0f} x %{y:.0f} px: %{customdata} trained boxes<extra></extra>",
        }
    ]
    for code, cause in enumerate((*CAUSES, "shadowed")):
        these = found.lost[found.cause == (code if cause != "shadowed" else -1)]
        if len(these):
            data.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "name": cause,
                    "x": rounded(these[:, 0]),
                    "y": rounded(these[:, 1]),
                    "marker": {"color": f"$cause-{cause}", "size": 7, "line": {"width": 1, "color": "$card"}},
                    "hovertemplate": f"{cause}: %{{x:.0f}} x %{{y:.0f}} px<extra></extra>",
                }
            )
    drawn, said = _what_detector_takes(audit, float(side[0]))
    ends = [side[0], side[-1]]
    if len(shapes := detector.shapes if len(detector.anchors.levels) else ()):
        ends = [min(ends[0], float(np.min(shapes))), max(ends[1], float(np.max(shapes)))]
    span = {"range": rounded(np.log10([ends[0] / 1.1, ends[1] * 1.1]), 4)}
    data += drawn
    causes = np.bincount(
        audit.box_results.cause[audit.box_results.cause >= 0], minlength=len(CAUSES)
    ).tolist()
    why = ", ".join(
        f"{number:,} {cause} ({meaning_of(cause, detector)})"
        for number, cause in sorted(zip(causes, CAUSES, strict=True), reverse=True)
        if number
    )
    share = words.share(found.never, found.boxes)
    lost = (
        f"{found.never:,} of {words.count(found.boxes, 'usable box')} ({share}) can never be trained"
        if found.never
        else f"All {words.count(found.boxes, 'usable box')} can be trained"
    )
    text = f"{which(audit)} {lost}{f': {why}' if why else ''}. {said}"
    if found.never > len(found.lost):
        text += f" Dots are {len(found.lost):,} of them, taken at random."
    return Figure(
        "sizes",
        "Box sizes on the network's input",
        text,
        data,
        {"xaxis": {**log_axis("width, px"), **span}, "yaxis": {**log_axis("height, px"), **span}},
        Table(
            ("longer side, px", "usable boxes", "never trained", "share"),
            [
                (
                    f"{2.0**o:g} to {2.0 ** (o + 1):g}",
                    f"{every:,}",
                    f"{never:,}",
                    words.share(never, every),
                )
                for o, every, never in found.octaves.tolist()
                if every
            ],
        ),
        height=520,
    )


def _what_detector_takes(audit: Audit, low: float) -> tuple[list[dict[str, Any]], str]:
    """Return what to draw of the detector, its anchors or where its levels end, and a sentence on it.

    low: where the axes begin, in pixels.
    """
    detector = audit.detector
    if len(detector.anchors.levels):
        shapes = np.unique(detector.shapes, axis=0)
        drawn = {
            "type": "scatter",
            "mode": "markers",
            "name": "anchors",
            "x": rounded(shapes[:, 0]),
            "y": rounded(shapes[:, 1]),
            "marker": {"symbol": "square-open", "size": 11, "color": "$ink", "line": {"width": 2}},
            "hovertemplate": "anchor %{x:.0f} x %{y:.0f} px<extra></extra>",
        }
        return [drawn], "Squares are the detector's anchors; shading is where trained boxes are."
    ranges = detector.match.ranges
    if ranges:
        ends = sorted({2 * high for _, high in ranges if np.isfinite(high) and high < 1e5})
        lines = [_corner(low, end, f"level ends at {end:g} px") for end in ends]
        return lines, "Dotted lines are where one level of the detector hands over to the next."
    strides = [stride for stride in detector.strides if stride >= 1]
    if strides:
        lines = [_corner(low, stride, f"stride {stride:g}") for stride in strides]
        return lines, "Dotted lines are the strides of its levels: a smaller box may lie between two points."
    return [], "This detector has no grid: a box of any size gets a query."


def _corner(low: float, at: float, name: str) -> dict[str, Any]:
    """Return a dotted line around the boxes whose sides are both between `low` and `at` px."""
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": [low, at, at],
        "y": [at, at, low],
        "line": {"color": "$ink", "dash": "dot", "width": 1.5},
        "hoverinfo": "name",
        "showlegend": False,
    }


def best(audit: Audit, found: distributions.Best) -> Figure:
    """Draw how well boxes fit: their best IoU, or how many points can train them."""
    detector = audit.detector
    measure = detector.match.measure
    totals = found.counts.sum(axis=0)
    layout: dict[str, Any] = {"barmode": "stack", "yaxis": {"title": {"text": "boxes"}}}
    if measure:
        labels = [f"{low:.3g} to {high:.3g}" for low, high in bins(found.edges)]
        x: list[Any] = rounded((found.edges[:-1] + found.edges[1:]) / 2, 4)
        threshold = detector.match.threshold
        below = words.share(int(totals[found.edges[1:] <= threshold + 1e-9].sum()), int(totals.sum()))
        if threshold:
            layout["shapes"] = [upright(threshold)]
        text = _what_threshold_means(detector.match, threshold, below)
        title = f"Best {measure} of each box"
    else:
        labels = [whole_range(low, high) for low, high in bins(found.edges)]
        x = labels
        layout["xaxis"] = {"title": {"text": "points that can train the box"}, "type": "category"}
        none = int(totals[0])
        boxes = words.count(int(totals.sum()), "usable box")
        text = f"{none:,} of {boxes} ({words.share(none, int(totals.sum()))}) have no point at all. "
        text += "The more points a box has, the more often it is trained."
        title = "Candidate points of each box"
    data = [
        {"type": "bar", "name": plain(split), "x": x, "y": row, "marker": {"color": f"$split-{number % 6}"}}
        for number, (split, row) in enumerate(rows_of_splits(audit, found.counts))
    ]
    rows = [
        (label, *(f"{n:,}" for n in column))
        for label, column in zip(labels, found.counts.T.tolist(), strict=True)
        if any(column)
    ]
    return Figure(
        "best",
        title,
        f"{by_split(audit)} {text}",
        data,
        layout,
        Table((title.split(" of ")[0].lower(), *split_heads(audit)), rows),
    )


def _what_threshold_means(match: Match, threshold: float, below: str) -> str:
    """Say what becomes of boxes on both sides of the threshold. below: the share of boxes below it."""
    measure = match.measure
    if match.takes_most_alike:
        return f"The anchor most like a box trains it, whatever their {measure} is; more is better."
    if not threshold:
        return (
            f"Each box has a threshold of its own, which follows from the {measure} of the anchors near it."
        )
    if not match.forces:
        return (
            f"A box is trained if its best {measure} with an anchor reaches the threshold, {threshold:g}: "
            f"{below} of the usable boxes stay below it."
        )
    floor = f" if it reaches {match.force_floor:g}" if match.force_floor else ""
    return (
        f"{below} of the usable boxes stay below the threshold, {threshold:g}: of those only the best anchor "
        f"is positive, by force{floor}."
    )


def resize(audit: Audit) -> Figure:
    """Draw what is left of boxes at other input sizes."""
    found = distributions.resize_impact(audit)
    x = [one.size for one in found.sizes]
    data: list[dict[str, Any]] = []
    for number, area in enumerate(distributions.AREAS):
        y = [100 * one.below[number] for one in found.sizes]
        data.append(
            _series(f"below {area} px²", x, y, f"$step-{number}"),
        )
    pointless = [one.pointless for one in found.sizes]
    if all(value is not None for value in pointless):
        line = _series("no point inside", x, [100 * (value or 0.0) for value in pointless], "$ink")
        data.append({**line, "line": {"color": "$ink", "dash": "dash", "width": 2.5}})
    highest = max(max(trace["y"]) for trace in data)
    now = next((one for one in found.sizes if one.factor == 1.0), found.sizes[0])
    part = (
        f"{found.boxes:,} boxes taken at random, from all splits."
        if found.boxes < int(np.count_nonzero(audit.box_results.usable))
        else which(audit)
    )
    text = (
        f"{part} At {now.size}, the size that is set, {words.percent(now.below[-1])} of the boxes "
        f"cover less than {distributions.AREAS[-1]} square pixels of the input, and "
        f"{words.percent(now.below[0])} less than one."
    )
    if now.pointless is not None:
        text += f" {words.percent(now.pointless)} have no point of the finest level inside."
    head = ["input size", *(f"below {area} px²" for area in distributions.AREAS)]
    if now.pointless is not None:
        head.append("no point inside")
    rows = [
        (
            f"{one.size} (as set)" if one.factor == 1.0 else one.size,
            *(words.percent(value) for value in one.below),
            *(() if one.pointless is None else (words.percent(one.pointless),)),
        )
        for one in found.sizes
    ]
    layout: dict[str, Any] = {
        "xaxis": {"title": {"text": "input size, px"}, "type": "category"},
        "yaxis": {"title": {"text": "% of the boxes"}, "range": [0, max(1.0, 1.05 * highest)]},
    }
    layout["shapes"] = [upright(x.index(now.size))]
    return Figure("resize", "What the input size leaves of boxes", text, data, layout, Table(head, rows))


def _series(label: str, x: list[str], y: list[float], colour: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": label,
        "x": x,
        "y": [round(value, 4) for value in y],
        "line": {"color": colour, "width": 2},
        "marker": {"color": colour, "size": 6},
        "hovertemplate": f"%{{x}}: %{{y:.2f}} %<extra>{label}</extra>",
    }


def chance(audit: Audit) -> Figure:
    """Draw how often boxes and images are not trained under random geometry."""
    found, judged, part = audit.sensitivity, len(audit.dataset.images), which(audit)
    if found is None:
        found, judged = on_a_sample(audit)
    if judged < len(audit.dataset.images):
        part = f"{judged:,} of {words.count(len(audit.dataset.images), 'image')}, taken at random."
    edges = np.linspace(0.0, 1.0, 21)
    values = (("images without foreground", found.p_empty), ("boxes not trained", found.p_untrained))
    known = [(label, v[~np.isnan(v)]) for label, v in values]
    counted = [(label, np.histogram(v, bins=edges)[0], len(v)) for label, v in known if len(v)]
    x = rounded(50 * (edges[:-1] + edges[1:]))
    data = [
        {
            "type": "bar",
            "name": label,
            "x": x,
            "y": rounded(100 * counts / total, 3),
            "customdata": counts.tolist(),
            "marker": {"color": f"$split-{number}"},
            "hovertemplate": "in %{x:.0f} % of the draws: %{customdata:,}<extra>" + label + "</extra>",
        }
        for number, (label, counts, total) in enumerate(counted)
    ]
    line = words.augmented_line(replace(audit, sensitivity=found))
    text = f"{part} {line[:1].upper()}{line[1:]}."
    rows = [
        (
            f"{100 * low:.0f} to {100 * high:.0f} %",
            *(f"{int(counts[number]):,}" for _, counts, _ in counted),
        )
        for number, (low, high) in enumerate(bins(edges))
        if any(counts[number] for _, counts, _ in counted)
    ]
    layout = {
        "barmode": "group",
        "xaxis": {"title": {"text": "% of the draws"}},
        "yaxis": {"title": {"text": "%"}},
    }
    return Figure(
        "chance",
        "Under augmentation",
        text,
        data,
        layout,
        Table(("share of the draws", *(label for label, _, _ in counted)), rows),
    )
