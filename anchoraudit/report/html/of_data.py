"""Plots of the data alone: classes, images, places, and how the splits differ."""

from __future__ import annotations

from typing import Any

import numpy as np

from anchoraudit.auditing import distributions
from anchoraudit.auditing.audit import Audit
from anchoraudit.dataset.drift import PROPERTIES, drifts
from anchoraudit.dataset.splits import training_splits
from anchoraudit.report import words
from anchoraudit.report.html.figure import (
    EXTRA,
    MOST_ROWS,
    Figure,
    Table,
    by_split,
    level,
    name,
    named_axis,
    plain,
    rounded,
    rows_of_splits,
    split_heads,
    which,
    whole_range,
)
from anchoraudit.rules import all_rules

_TOP_CLASSES = 30
_MOST_SPLITS = 5  # beside the one that is trained on


def classes(audit: Audit) -> Figure:
    """Draw the share of each class in each split: of boxes, or of images."""
    found, splits = distributions.classes(audit), split_heads(audit)
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
                    "x": rounded(100 * share[what][shown, number], 4),
                    "customdata": (boxes if what == "boxes" else images)[shown, number].tolist(),
                    "marker": {"color": f"$split-{number % 6}"},
                    "visible": what == "boxes",
                    "hovertemplate": f"%{{customdata:,}} {what}, %{{x:.2f}} %{EXTRA}",
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
        for c in listed[:MOST_ROWS]
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
            "yaxis": named_axis([names[c] for c in shown]),
        },
        Table(head, rows, max(0, len(listed) - MOST_ROWS)),
        views=[
            ("share of boxes", list(range(half))),
            ("share of images", list(range(half, 2 * half))),
        ],
        height=max(260, 60 + 18 * max(1, half) * len(shown)) if len(shown) < 12 else 140 + 22 * len(shown),
    )


def boxes_per_image(audit: Audit) -> Figure:
    """Draw how many images have how many boxes, for each split."""
    found = distributions.boxes_per_image(audit.dataset)
    starts = found.start.tolist()
    last = len(starts) - 1
    labels = [
        f"{start:,}+"
        if number == last
        else whole_range(start, starts[number + 1] if number < last else start + 1)
        for number, start in enumerate(starts)
    ]
    number = np.bincount(audit.dataset.boxes.image, minlength=len(audit.dataset.images))
    text = f"{by_split(audit)} "
    if len(number):
        blank = int(np.count_nonzero(number == 0))
        middle = words.count(int(np.median(number)), "box")
        text += (
            f"Half of the images have at most {middle}, and the fullest has {int(number.max()):,}; "
            f"{words.count(blank, 'image')} {'has' if blank == 1 else 'have'} none."
        )
    per_split = found.counts.sum(axis=1, keepdims=True)
    share = 100 * found.counts / np.maximum(per_split, 1)
    data = [
        {
            "type": "bar",
            "name": plain(split),
            "x": labels,
            "y": rounded(np.array(row), 3),
            "customdata": counts,
            "marker": {"color": f"$split-{number % 6}"},
            "hovertemplate": f"%{{x}} boxes: %{{customdata:,}} images, %{{y:.1f}} %{EXTRA}",
        }
        for number, ((split, row), counts) in enumerate(
            zip(rows_of_splits(audit, share), found.counts.tolist(), strict=True)
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
        Table(("boxes", *(f"images, {s}" for s in split_heads(audit))), rows),
    )


def centres(audit: Audit) -> Figure:
    """Draw where in their images the centres of boxes lie, for all classes and for the frequent ones."""
    whole, by_class = distributions.centres(audit.dataset, audit.box_results.usable)
    cells = whole.shape[0]
    place = rounded(np.linspace(0, 100, cells + 1), 2)
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
        "spread evenly it would be 11.1 %. A regular grid or an empty border suggests tiles of larger images."
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


def image_sizes(audit: Audit) -> Figure:
    """Draw the sizes of images as dots, for each split."""
    found = distributions.image_sizes(audit.dataset)
    data: list[dict[str, Any]] = []
    most = max(int(found.images.max(initial=0)), 1)
    for number, split in enumerate(split_heads(audit)):
        here = np.flatnonzero(found.images[:, number]) if len(found.images) else np.zeros(0, dtype=np.int64)
        counts = found.images[here, number] if len(here) else np.zeros(0)
        data.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": plain(split),
                "x": rounded(found.width[here]),
                "y": rounded(found.height[here]),
                "customdata": [int(n) for n in counts],
                "marker": {
                    "color": f"$split-{number % 6}",
                    "opacity": 0.75,
                    "size": rounded(6 + 30 * np.sqrt(counts / most)),
                    "line": {"width": 1, "color": "$card"},
                },
                "hovertemplate": f"%{{x}} x %{{y}} px: %{{customdata:,}} images{EXTRA}",
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
            ("size", *(f"images, {s}" for s in split_heads(audit))),
            rows[:MOST_ROWS],
            max(0, len(rows) - MOST_ROWS),
        ),
    )


def together(audit: Audit, frequent: list[int], both: Any) -> Figure:
    """Draw which classes occur together. frequent, both: what `distributions.together` returns."""
    names = [name(audit.dataset.categories[c].name) for c in frequent]
    own = np.maximum(np.diag(both), 1)
    share = both / own[:, None]
    z: list[list[float | None]] = [rounded(100 * row, 2) for row in share]
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
    axis = named_axis(names)
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


def drift(audit: Audit) -> Figure | None:
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
                "hovertemplate": f"%{{x}}: %{{y:.2f}}{EXTRA}",
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
        "shapes": [level(all_rules()["SET016"].parameters["above"])],
    }
    head = ("property", "drift", "as in a random division", "typical of the first", "of the second")
    return Figure("drift", "How much the splits differ", text, data, layout, Table(head, rows))
