"""The plots of the report: what Plotly draws, a sentence that says what it means, and the numbers as a table.

A figure is made of plain lists and dictionaries, so nothing of Plotly is imported here. Colours are names
that begin with `$`: the page's style says what they are in light and in dark mode.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from anchoraudit.auditing import distributions
from anchoraudit.auditing.audit import Audit
from anchoraudit.auditing.augmentation.sample import on_a_sample
from anchoraudit.dataset.drift import PROPERTIES, drifts
from anchoraudit.dataset.splits import training_splits
from anchoraudit.detectors.match import Match
from anchoraudit.encoding.causes import CAUSES, meaning_of
from anchoraudit.errors import printable, shortened
from anchoraudit.report import words
from anchoraudit.rules import all_rules

_TOP_CLASSES = 30
_MOST_SPLITS = 5  # beside the one that is trained on
_MOST_ROWS = 400  # of a table under a plot
_NAME = 60  # characters of a class or a split in a plot
_EXTRA = "<extra>%{fullData.name}</extra>"  # what Plotly shows beside a label: the name of the trace


@dataclass(frozen=True, slots=True)
class Table:
    """The numbers of a plot. head: names of the columns. rows: texts. more: rows that are left out."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    more: int = 0


@dataclass(frozen=True, slots=True)
class Figure:
    """One plot. data, layout: as Plotly takes them. views: names of views, each with the traces it shows."""

    id: str
    title: str
    sentence: str
    data: list[dict[str, Any]]
    layout: dict[str, Any]
    table: Table
    views: list[tuple[str, list[int]]] = field(default_factory=list)
    height: int = 380

    def plot(self) -> dict[str, Any]:
        """Return what the page's script needs to draw it."""
        return {
            "id": self.id,
            "data": self.data,
            "layout": self.layout,
            "views": [traces for _, traces in self.views],
        }


def figures(audit: Audit) -> Iterator[Figure]:
    """Yield the plots that this audit has numbers for, in the order of the page."""
    if audit.replayed is not None and audit.box_results.usable.any():
        yield _sizes(audit)
        if (found := distributions.best(audit)) is not None:
            yield _best(audit, found)
    if len(audit.dataset.categories):
        yield _classes(audit)
    yield _boxes_per_image(audit)
    if audit.box_results.usable.any():
        yield _centres(audit)
    yield _image_sizes(audit)
    frequent, both = distributions.together(audit.dataset)
    if len(frequent) > 1:
        yield _together(audit, frequent, both)
    if audit.replayed is not None and audit.box_results.usable.any():
        yield _resize(audit)
    if audit.replayed is not None and audit.box_results.usable.any():
        yield _chance(audit)
    if (compared := _drift(audit)) is not None:
        yield compared


def name(text: object) -> str:
    """Return a name from the data as a plot shows it."""
    return shortened(printable(text), _NAME)


def plain(text: str) -> str:
    """Return text that Plotly shows as it stands: it takes some HTML tags in texts for markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def which(audit: Audit) -> str:
    """Say which images a plot is about: `Splits train, val (26 images)`."""
    dataset = audit.dataset
    images = words.count(len(dataset.images), "image")
    if len(dataset.splits) > 1:
        return f"All splits together ({', '.join(map(name, dataset.splits))}: {images})."
    return f"Split {name(dataset.splits[0])} ({images})." if dataset.splits[0] else f"All {images}."


def by_split(audit: Audit) -> str:
    """Say that a plot shows each split apart."""
    splits = audit.dataset.splits
    if len(splits) < 2:
        return which(audit)
    return f"Each split apart ({', '.join(map(name, splits))})."


def _sizes(audit: Audit) -> Figure:
    found, detector = distributions.sizes(audit), audit.detector
    side = 2.0**found.edges
    z = [[number or None for number in row] for row in found.counts.tolist()]
    shade = [[None if n is None else float(np.log10(n + 0.5)) for n in row] for row in z]
    top = float(np.log10(max(int(found.counts.max(initial=1)), 2)))
    data: list[dict[str, Any]] = [
        {
            "type": "heatmap",
            "name": "trained",
            "x": _rounded(side),
            "y": _rounded(side),
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
                    "x": _rounded(these[:, 0]),
                    "y": _rounded(these[:, 1]),
                    "marker": {"color": f"$cause-{cause}", "size": 7, "line": {"width": 1, "color": "$card"}},
                    "hovertemplate": f"{cause}: %{{x:.0f}} x %{{y:.0f}} px<extra></extra>",
                }
            )
    drawn, said = _what_detector_takes(audit, float(side[0]))
    ends = [side[0], side[-1]]
    if len(shapes := detector.shapes if len(detector.anchors.levels) else ()):
        ends = [min(ends[0], float(np.min(shapes))), max(ends[1], float(np.max(shapes)))]
    span = {"range": _rounded(np.log10([ends[0] / 1.1, ends[1] * 1.1]), 4)}
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
        {"xaxis": {**_log_axis("width, px"), **span}, "yaxis": {**_log_axis("height, px"), **span}},
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
            "x": _rounded(shapes[:, 0]),
            "y": _rounded(shapes[:, 1]),
            "marker": {"symbol": "square-open", "size": 11, "color": "$ink", "line": {"width": 2}},
            "hovertemplate": "anchor %{x:.0f} x %{y:.0f} px<extra></extra>",
        }
        return [drawn], "Squares are the detector's anchors; shading is where trained boxes are."
    ranges = detector.match.ranges
    if ranges:
        ends = sorted({2 * high for _, high in ranges if np.isfinite(high) and high < 1e5})
        lines = [
            {
                "type": "scatter",
                "mode": "lines",
                "name": f"level ends at {end:g} px",
                "x": [low, end, end],
                "y": [end, end, low],
                "line": {"color": "$ink", "dash": "dot", "width": 1.5},
                "hoverinfo": "name",
                "showlegend": False,
            }
            for end in ends
        ]
        return lines, "Dotted lines are where one level of the detector hands over to the next."
    strides = [stride for stride in detector.strides if stride >= 1]
    if strides:
        lines = [
            {
                "type": "scatter",
                "mode": "lines",
                "name": f"stride {stride:g}",
                "x": [low, stride, stride],
                "y": [stride, stride, low],
                "line": {"color": "$ink", "dash": "dot", "width": 1.5},
                "hoverinfo": "name",
                "showlegend": False,
            }
            for stride in strides
        ]
        return lines, "Dotted lines are the strides of its levels: a smaller box may lie between two points."
    return [], "This detector has no grid: a box of any size gets a query."


def _best(audit: Audit, found: distributions.Best) -> Figure:
    detector = audit.detector
    measure = detector.match.measure
    totals = found.counts.sum(axis=0)
    layout: dict[str, Any] = {"barmode": "stack", "yaxis": {"title": {"text": "boxes"}}}
    if measure:
        labels = [f"{low:.3g} to {high:.3g}" for low, high in _bins(found.edges)]
        x: list[Any] = _rounded((found.edges[:-1] + found.edges[1:]) / 2, 4)
        threshold = detector.match.threshold
        below = words.share(int(totals[found.edges[1:] <= threshold + 1e-9].sum()), int(totals.sum()))
        if threshold:
            layout["shapes"] = [_line(threshold)]
        text = _what_threshold_means(detector.match, threshold, below)
        title = f"Best {measure} of each box"
    else:
        labels = [_whole_range(low, high) for low, high in _bins(found.edges)]
        x = labels
        layout["xaxis"] = {"title": {"text": "points that can train the box"}, "type": "category"}
        none = int(totals[0])
        boxes = words.count(int(totals.sum()), "usable box")
        text = f"{none:,} of {boxes} ({words.share(none, int(totals.sum()))}) have no point at all. "
        text += "The more points a box has, the more often it is trained."
        title = "Candidate points of each box"
    data = [
        {"type": "bar", "name": plain(split), "x": x, "y": row, "marker": {"color": f"$split-{number % 6}"}}
        for number, (split, row) in enumerate(_rows_of_splits(audit, found.counts))
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
        Table((title.split(" of ")[0].lower(), *_split_heads(audit)), rows),
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


def _bins(edges: Any) -> Iterator[tuple[float, float]]:
    return zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)


def _whole_range(low: float, high: float) -> str:
    """Write whole numbers from `low` up to below `high`: `4`, `4-5`, `1,025+`."""
    if np.isinf(high):
        return f"{int(low):,}+"
    return f"{int(low):,}" if high - low == 1 else f"{int(low):,}-{int(high) - 1:,}"


def _line(at: float) -> dict[str, Any]:
    """Return a vertical line over the whole height of a plot."""
    style = {"color": "$ink", "dash": "dash", "width": 1.5}
    return {"type": "line", "x0": at, "x1": at, "y0": 0, "y1": 1, "yref": "paper", "line": style}


def _rows_of_splits(audit: Audit, table: Any) -> Iterable[tuple[str, list[Any]]]:
    return zip(_split_heads(audit), table.tolist(), strict=True)


def _split_heads(audit: Audit) -> list[str]:
    splits = audit.dataset.splits
    return [name(split) or "images" for split in splits] if len(splits) > 1 else ["all"]


def _classes(audit: Audit) -> Figure:
    found, splits = distributions.classes(audit), _split_heads(audit)
    names = [name(category.name) for category in audit.dataset.categories]
    boxes, images = found.boxes, found.images
    several = len(splits) > 1
    share = {
        "boxes": boxes / np.maximum(boxes.sum(axis=0), 1),
        "images": images
        / np.maximum(
            np.bincount(audit.dataset.images.split, minlength=images.shape[1]).astype(np.float64), 1
        ),
    }
    total = boxes.sum(axis=1)
    apart = np.ptp(share["boxes"], axis=1) if several else np.zeros(len(names))
    order = np.lexsort([-total, -apart])
    shown = [int(c) for c in order if total[c] or not total.any()][:_TOP_CLASSES][::-1]
    data: list[dict[str, Any]] = []
    for what in ("boxes", "images"):
        for number, split in enumerate(splits):
            data.append(
                {
                    "type": "bar",
                    "orientation": "h",
                    "name": plain(split),
                    "y": list(range(len(shown))),
                    "x": _rounded(100 * share[what][shown, number], 4),
                    "customdata": (boxes if what == "boxes" else images)[shown, number].tolist(),
                    "marker": {"color": f"$split-{number % 6}"},
                    "visible": what == "boxes",
                    "hovertemplate": f"%{{customdata:,}} {what}, %{{x:.2f}} %{_EXTRA}",
                }
            )
    used = int(np.count_nonzero(total))
    having = f"All {len(names):,} classes" if used == len(names) else f"{used:,} of {len(names):,} classes"
    text = f"{by_split(audit)} {having} have boxes."
    if several and used:
        widest = int(order[0])
        parts = ", ".join(
            f"{100 * value:.1f} % in {split}"
            for value, split in zip(share["boxes"][widest].tolist(), splits, strict=True)
        )
        text += f" The share of {names[widest]} differs most: {parts}."
    elif used:
        top = int(np.argmax(total))
        text += f" The most frequent is {names[top]}, with {words.share(int(total[top]), int(total.sum()))}."
    if used > _TOP_CLASSES:
        by = "difference between the splits" if several else "number of boxes"
        text += f" The {_TOP_CLASSES} first by {by} are drawn; all are in the table."
    head = ["class"]
    head += [f"{what}, {split}" for what in ("boxes", "images") for split in splits]
    listed = [int(c) for c in order]
    rows = [
        (
            names[c],
            *(f"{n:,}" for n in boxes[c].tolist()),
            *(f"{n:,}" for n in images[c].tolist()),
            *((f"{int(found.never[c]):,}",) if audit.replayed is not None else ()),
        )
        for c in listed[:_MOST_ROWS]
    ]
    if audit.replayed is not None:
        head.append("never trained")
    half = len(splits)
    return Figure(
        "classes",
        "Boxes and images per class",
        text,
        data,
        {
            "barmode": "group",
            "xaxis": {"title": {"text": "% of the split"}},
            "yaxis": _named_axis([names[c] for c in shown]),
        },
        Table(head, rows, max(0, len(listed) - _MOST_ROWS)),
        views=[
            ("share of boxes", list(range(half))),
            ("share of images", list(range(half, 2 * half))),
        ],
        height=max(260, 60 + 18 * max(1, half) * len(shown)) if len(shown) < 12 else 140 + 22 * len(shown),
    )


def _boxes_per_image(audit: Audit) -> Figure:
    found = distributions.boxes_per_image(audit.dataset)
    starts = found.start.tolist()
    last = len(starts) - 1
    labels = [
        f"{start:,}+"
        if number == last
        else _whole_range(start, starts[number + 1] if number < last else start + 1)
        for number, start in enumerate(starts)
    ]
    number = np.bincount(audit.dataset.boxes.image, minlength=len(audit.dataset.images))
    text = f"{by_split(audit)} "
    if len(number):
        blank = int(np.count_nonzero(number == 0))
        text += (
            f"Half of the images have at most {np.median(number):g} boxes, and the fullest has "
            f"{int(number.max()):,}; {words.count(blank, 'image')} {'has' if blank == 1 else 'have'} none."
        )
    per_split = found.counts.sum(axis=1, keepdims=True)
    share = 100 * found.counts / np.maximum(per_split, 1)
    data = [
        {
            "type": "bar",
            "name": plain(split),
            "x": labels,
            "y": _rounded(np.array(row), 3),
            "customdata": counts,
            "marker": {"color": f"$split-{number % 6}"},
            "hovertemplate": f"%{{x}} boxes: %{{customdata:,}} images, %{{y:.1f}} %{_EXTRA}",
        }
        for number, ((split, row), counts) in enumerate(
            zip(_rows_of_splits(audit, share), found.counts.tolist(), strict=True)
        )
    ]
    rows = [
        (label, *(f"{n:,}" for n in column))
        for label, column in zip(labels, found.counts.T.tolist(), strict=True)
        if any(column)
    ]
    layout = {
        "barmode": "group",
        "xaxis": {"title": {"text": "boxes in an image"}, "type": "category"},
        "yaxis": {"title": {"text": "% of the split's images"}},
    }
    return Figure(
        "per-image",
        "Boxes per image",
        text,
        data,
        layout,
        Table(("boxes", *(f"images, {s}" for s in _split_heads(audit))), rows),
    )


def _centres(audit: Audit) -> Figure:
    whole, by_class = distributions.centres(audit.dataset, audit.box_results.usable)
    cells = whole.shape[0]
    place = _rounded(np.linspace(0, 100, cells + 1), 2)
    names = ["all classes", *(name(audit.dataset.categories[c].name) for c in by_class)]
    data = [
        {
            "type": "heatmap",
            "name": plain(label),
            "x": place,
            "y": place,
            "z": grid.tolist(),
            "colorscale": "$scale",
            "visible": number == 0,
            "colorbar": {"title": {"text": "boxes"}, "thickness": 12},
            "hovertemplate": "%{x:.0f} % from the left, %{y:.0f} % from the top: %{z:,} boxes<extra></extra>",
        }
        for number, (label, grid) in enumerate(zip(names, (whole, *by_class.values()), strict=True))
    ]
    third = np.array_split(np.arange(cells), 3)
    parts = np.array([[int(whole[np.ix_(y, x)].sum()) for x in third] for y in third])
    middle = words.share(int(parts[1, 1]), int(parts.sum()))
    text = (
        f"{which(audit)} {middle} of the boxes have their centre in the middle ninth of the image; "
        "spread evenly it would be 11.1 %. A grid or an empty border means that the images were cut."
    )
    rows = [
        (label, *(f"{n:,}" for n in row))
        for label, row in zip(("top", "middle", "bottom"), parts.tolist(), strict=True)
    ]
    axis = {"range": [0, 100], "showgrid": False, "zeroline": False, "ticksuffix": " %"}
    return Figure(
        "centres",
        "Where box centres lie",
        text,
        data,
        {"xaxis": axis, "yaxis": {**axis, "range": [100, 0]}},
        Table(("centres in each ninth", "left", "middle", "right"), rows),
        views=[(label, [number]) for number, label in enumerate(names)],
        height=440,
    )


def _image_sizes(audit: Audit) -> Figure:
    found = distributions.image_sizes(audit.dataset)
    data: list[dict[str, Any]] = []
    most = max(int(found.images.max(initial=0)), 1)
    for number, split in enumerate(_split_heads(audit)):
        here = np.flatnonzero(found.images[:, number]) if len(found.images) else np.zeros(0, dtype=np.int64)
        counts = found.images[here, number] if len(here) else np.zeros(0)
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": plain(split),
                "x": _rounded(found.width[here]),
                "y": _rounded(found.height[here]),
                "customdata": [int(n) for n in counts],
                "marker": {
                    "color": f"$split-{number % 6}",
                    "opacity": 0.75,
                    "size": _rounded(6 + 30 * np.sqrt(counts / most)),
                    "line": {"width": 1, "color": "$card"},
                },
                "hovertemplate": f"%{{x}} x %{{y}} px: %{{customdata:,}} images{_EXTRA}",
            }
        )
    text = f"{by_split(audit)} {words.count(found.distinct, 'image size')}"
    if len(found.width):
        first = int(found.images[0].sum())
        text += (
            f"; the most frequent is {found.width[0]:g}x{found.height[0]:g}, "
            f"{words.share(first, len(audit.dataset.images))} of the images. "
            "The larger a dot, the more images have that size"
        )
    text += "."
    if found.others:
        text += f" {found.others:,} images of rarer sizes are not drawn."
    if found.unknown:
        text += (
            f" {words.count(found.unknown, 'image')} {'has' if found.unknown == 1 else 'have'} no known size."
        )
    rows = [
        (f"{w:g}x{h:g}", *(f"{n:,}" for n in counts))
        for w, h, counts in zip(
            found.width.tolist(), found.height.tolist(), found.images.tolist(), strict=True
        )
    ]
    layout = {
        "xaxis": {"title": {"text": "width, px"}, "rangemode": "tozero"},
        "yaxis": {"title": {"text": "height, px"}, "rangemode": "tozero"},
    }
    return Figure(
        "image-sizes",
        "Image sizes",
        text,
        data,
        layout,
        Table(
            ("size", *(f"images, {s}" for s in _split_heads(audit))),
            rows[:_MOST_ROWS],
            max(0, len(rows) - _MOST_ROWS),
        ),
    )


def _together(audit: Audit, frequent: list[int], both: Any) -> Figure:
    names = [name(audit.dataset.categories[c].name) for c in frequent]
    own = np.maximum(np.diag(both), 1)
    share = both / own[:, None]
    z: list[list[float | None]] = [_rounded(100 * row, 2) for row in share]
    for place in range(len(names)):
        z[place][place] = None
    data = [
        {
            "type": "heatmap",
            "x": list(range(len(names))),
            "y": list(range(len(names))),
            "z": z,
            "colorscale": "$scale",
            "zmin": 0,
            "zmax": 100,
            "colorbar": {"title": {"text": "%"}, "thickness": 12},
            "hovertemplate": "%{z:.1f} %<extra></extra>",
        }
    ]
    apart = share.copy()
    np.fill_diagonal(apart, -1)
    row, column = np.unravel_index(int(np.argmax(apart)), apart.shape)
    text = (
        f"{which(audit)} A row tells how many images with its class also have the class of the column. "
        f"Closest: {100 * apart[row, column]:.0f} % of those with {names[row]} also have {names[column]}."
    )
    axis = _named_axis(names)
    return Figure(
        "together",
        "Classes that occur together",
        text,
        data,
        {"xaxis": {**axis, "tickangle": -45}, "yaxis": {**axis, "autorange": "reversed"}},
        Table(
            ("images with", *names),
            [
                (label, *(f"{n:,}" for n in counts))
                for label, counts in zip(names, both.tolist(), strict=True)
            ],
        ),
        height=max(320, 160 + 22 * len(names)),
    )


def _resize(audit: Audit) -> Figure:
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
        f"{part} At {now.size}, the size that is set, {_percent(now.below[-1])} of the boxes "
        f"cover less than {distributions.AREAS[-1]} square pixels of the input, and "
        f"{_percent(now.below[0])} less than one."
    )
    if now.pointless is not None:
        text += f" {_percent(now.pointless)} have no point of the finest level inside."
    head = ["input size", *(f"below {area} px²" for area in distributions.AREAS)]
    if now.pointless is not None:
        head.append("no point inside")
    rows = [
        (
            f"{one.size} (as set)" if one.factor == 1.0 else one.size,
            *(_percent(value) for value in one.below),
            *(() if one.pointless is None else (_percent(one.pointless),)),
        )
        for one in found.sizes
    ]
    layout: dict[str, Any] = {
        "xaxis": {"title": {"text": "input size, px"}, "type": "category"},
        "yaxis": {"title": {"text": "% of the boxes"}, "range": [0, max(1.0, 1.05 * highest)]},
    }
    layout["shapes"] = [_line(x.index(now.size))]
    return Figure("resize", "What the input size leaves of boxes", text, data, layout, Table(head, rows))


def _percent(share: float) -> str:
    return words.percent(share)


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


def _chance(audit: Audit) -> Figure:
    found, judged, part = audit.sensitivity, len(audit.dataset.images), which(audit)
    if found is None:
        found, judged = on_a_sample(audit)
    if judged < len(audit.dataset.images):
        part = f"{judged:,} of {words.count(len(audit.dataset.images), 'image')}, taken at random."
    edges = np.linspace(0.0, 1.0, 21)
    values = (("images without foreground", found.p_empty), ("boxes not trained", found.p_untrained))
    known = [(label, v[~np.isnan(v)]) for label, v in values]
    counted = [(label, np.histogram(v, bins=edges)[0], len(v)) for label, v in known if len(v)]
    x = _rounded(50 * (edges[:-1] + edges[1:]))
    data = [
        {
            "type": "bar",
            "name": label,
            "x": x,
            "y": _rounded(100 * counts / total, 3),
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
        for number, (low, high) in enumerate(_bins(edges))
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


def _named_axis(names: Sequence[str]) -> dict[str, Any]:
    """Return an axis with a name at each whole number, so that two classes of one name stay two."""
    return {
        "automargin": True,
        "tickvals": list(range(len(names))),
        "ticktext": [plain(text) for text in names],
        "zeroline": False,
    }


def _drift(audit: Audit) -> Figure | None:
    """Return the first split that is trained on beside each other one; None if there is only one."""
    dataset = audit.original
    counts = np.bincount(dataset.images.split, minlength=len(dataset.splits)).tolist()
    filled = [number for number, count in enumerate(counts) if count]
    if len(filled) < 2:
        return None
    trained = training_splits(dataset.splits)
    first = next((number for number in filled if dataset.splits[number] in trained), filled[0])
    others = [number for number in filled if number != first][:_MOST_SPLITS]
    found = drifts(dataset, [(first, other) for other in others])
    if not found:
        return None
    own = name(dataset.splits[first])
    data: list[dict[str, Any]] = []
    for number, other in enumerate(others):
        mine = [one for one in found if one.second == other]
        data.append(
            {
                "type": "bar",
                "name": plain(f"{own} and {name(dataset.splits[other])}"),
                "x": [one.name for one in mine],
                "y": [round(one.figure, 4) for one in mine],
                "marker": {
                    "color": f"$split-{(number + 1) % 6}",
                    "opacity": [0.35 if one.is_by_chance else 1.0 for one in mine],
                },
                "hovertemplate": f"%{{x}}: %{{y:.2f}}{_EXTRA}",
            }
        )
    real = [one for one in found if not one.is_by_chance]
    most = max(real, key=lambda one: one.figure, default=None)
    text = (
        f"Split {own} beside each other one: 0 means alike, 1 means nothing in common, and above the dashed "
        "line SET016 reports it. A pale bar is no larger than chance makes it. "
    )
    if most is None:
        text += "No property differs more than it would in a random division of the same images."
    else:
        text += (
            f"Most apart: {most.name} in {own} and {name(dataset.splits[most.second])}, {most.figure:.2f} "
            f"({PROPERTIES[most.name]}: {most.typical[0]} and {most.typical[1]})."
        )
    rows = [
        (
            f"{one.name}, {own} and {name(dataset.splits[one.second])}",
            f"{one.figure:.2f}",
            "yes" if one.is_by_chance else "no",
            *map(name, one.typical),
        )
        for one in found
    ]
    layout = {
        "barmode": "group",
        "yaxis": {"title": {"text": "drift"}, "range": [0, 1]},
        "xaxis": {"type": "category"},
        "shapes": [_level(all_rules()["SET016"].parameters["above"])],
    }
    head = ("property", "drift", "as in a random division", "typical of the first", "of the second")
    return Figure("drift", "How much the splits differ", text, data, layout, Table(head, rows))


def _level(at: float) -> dict[str, Any]:
    """Return a horizontal line over the whole width of a plot."""
    style = {"color": "$ink", "dash": "dash", "width": 1.5}
    return {"type": "line", "y0": at, "y1": at, "x0": 0, "x1": 1, "xref": "paper", "line": style}


def _log_axis(title: str) -> dict[str, Any]:
    ticks = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048]
    return {
        "title": {"text": title},
        "type": "log",
        "tickvals": ticks,
        "ticktext": [str(tick) for tick in ticks],
    }


def _rounded(values: Any, digits: int = 2) -> list[Any]:
    rounded: list[Any] = np.round(np.asarray(values, dtype=np.float64), digits).tolist()
    return rounded
