"""How results look at a prompt and in a notebook: at most ten lines of text, or a small table.

HTML here needs no other library and no request, has no script, and holds names as text only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import singledispatch
from html import escape

from anchoraudit.advice.advise import Advice, Row
from anchoraudit.advice.compare import Comparison
from anchoraudit.auditing.audit import Audit
from anchoraudit.dataset.columns import Dataset
from anchoraudit.encoding.statuses import NEVER, STATUSES
from anchoraudit.encoding.verdicts import WITHOUT_FOREGROUND
from anchoraudit.errors import printable, shortened
from anchoraudit.report import words
from anchoraudit.report.html.head import head_html

MOST_LINES = 10
_WIDTH = 105  # characters of a line, before " ... " takes the place of more
_NAMES = 8  # classes, rules or splits that one line lists
_ROWS = 7  # rows of a table that a `repr` shows
_ROWS_IN_HTML = 30
_IN_HTML = 200  # characters of a text: longer ones are accidents or attacks


def text_of(result: object) -> str:
    """Return a result as at most `MOST_LINES` lines of text. Names in the data add no line to it.

    >>> print(text_of(read("sample_data/coco")))
    Data set sample_data/coco: COCO: 2 file(s) annotations/instances_*.json
      26 images, 37 boxes, 3 classes
      splits: train 19, val 7
      classes: cat, cat_head, cat_ear
      found while reading: IMG001 1, IMG002 1
    """
    title, lines = _said(result)
    shown = [title, *(f"  {line}" for line in lines)]
    return "\n".join(shortened(printable(line), _WIDTH) for line in shown[:MOST_LINES])


def html_of(result: object) -> str:
    """Return a result as one HTML element, with a table of what `text_of` says and more."""
    title, lines = _said(result)
    return (
        '<div style="font-family:system-ui,sans-serif;line-height:1.45;max-width:60em">'
        f'<div style="font-weight:600">{_text(title)}</div>{_html(result, lines)}</div>'
    )


@singledispatch
def _said(result: object) -> tuple[str, list[str]]:
    """Return a title and the lines below it."""
    own: Callable[[], tuple[str, list[str]]] | None = getattr(result, "_shown", None)
    if own is None:
        raise TypeError(f"no words for {type(result).__name__}")
    return own()


@singledispatch
def _html(result: object, lines: Sequence[str]) -> str:
    """Return what stands below the title; `lines` are those of `_said`."""
    said = "".join(f"<div>{_text(line)}</div>" for line in lines)
    table: Callable[[], tuple[list[str], list[list[str]]]] | None = getattr(result, "_table", None)
    return said if table is None else f"{said}{_table(*table())}"


@_said.register
def _(dataset: Dataset) -> tuple[str, list[str]]:
    lines = [_contents(dataset)]
    if len(dataset.splits) > 1:
        numbers = [int((dataset.images.split == code).sum()) for code in range(len(dataset.splits))]
        lines.append(f"splits: {_listed(dict(zip(dataset.splits, numbers, strict=True)))}")
    if dataset.categories:
        names = [category.name for category in dataset.categories]
        more = f", ... ({len(names):,} in all)" if len(names) > _NAMES else ""
        lines.append(f"classes: {', '.join(map(printable, names[:_NAMES]))}{more}")
    codes: dict[str, int] = {}
    for finding in dataset.findings:
        codes[finding.code] = codes.get(finding.code, 0) + 1
    if codes:
        lines.append(f"found while reading: {_listed(codes)}")
    return f"Data set {dataset.root}: {dataset.recognised}", lines


@_said.register
def _(audit: Audit) -> tuple[str, list[str]]:
    summary, judged = audit.summary(), audit.replayed is not None
    by = audit.detector.name if judged else "the rules on the data alone"
    lines = [words.headline(audit), _contents(audit.dataset)]
    if judged:
        lines.append(f"images: {_listed(summary['verdicts'])}")
        lines.append(f"usable boxes: {_listed(_statuses(summary)) or 'none'}")
        if lost := {name: number for name, number in summary["causes"].items() if number}:
            lines.append(f"unmatched because: {_listed(lost)}")
    lines.append(f"findings: {_listed(audit.findings.counts) or 'none'}")
    if audit.loaded is not None:
        lines.append(f"loader: {audit.loaded.loader}")
    return f"Audit of {audit.dataset.root} by {by}", lines


@_html.register
def _(audit: Audit, lines: Sequence[str]) -> str:
    more = [line for line in lines if line.startswith(("unmatched because: ", "findings: "))]
    return head_html(audit) + "".join(f"<div>{_text(line)}</div>" for line in more)


@_said.register
def _(advice: Advice) -> tuple[str, list[str]]:
    title = f"Advice for {advice.audit.dataset.root} and {advice.audit.detector.name}"
    lines = [f"{row.remedy}: {_left(row)}" for row in advice.rows]
    if len(lines) > _ROWS:
        lines = [*lines[: _ROWS - 1], f"... {len(lines) - _ROWS + 1:,} more in .rows"]
    return title, [_advised(advice), *lines]


def _advised(advice: Advice) -> str:
    """Return the recommendation as a line."""
    if not advice.needed:
        return "nothing to do: every image has foreground, every box is matched"
    if advice.best is not None:
        return f"best: {advice.best.remedy}: {_left(advice.best)}"
    if advice.nearest is not None:
        return f"no combination helps all images; nearest: {advice.nearest.remedy}: {_left(advice.nearest)}"
    return "no change of the detector helps"


@_html.register
def _(advice: Advice, lines: Sequence[str]) -> str:
    combined = advice.best or advice.nearest
    rows = advice.rows if combined is None else [advice.rows[0], combined, *advice.rows[1:]]
    cells = [
        [row.remedy, f"{row.empty:,}", f"{row.with_boxes:,}", f"{row.unmatched:,}", f"{row.images_lost:,}"]
        for row in rows
    ]
    heads = ["remedy", "images without foreground", "of them with boxes", "boxes unmatched", "images dropped"]
    return f"<div>{_text(lines[0])}</div>{_table(heads, cells)}"


@_said.register
def _(comparison: Comparison) -> tuple[str, list[str]]:
    images = len(comparison.dataset.images)
    title = (
        f"Comparison of {words.count(len(comparison), 'detector')} on {comparison.dataset.root}, "
        f"{words.count(images, 'image')}"
    )
    lines = [
        f"{one.detector}: {_lost(one.verdicts):,} images without foreground, "
        f"{sum(one.statuses[name] for name in NEVER):,} of {one.usable:,} boxes never trained"
        for one in comparison
    ]
    if len(lines) > _ROWS:
        lines = [*lines[: _ROWS - 1], f"... {len(lines) - _ROWS + 1:,} more; .frame() has all"]
    return title, lines


@_html.register
def _(comparison: Comparison, lines: Sequence[str]) -> str:
    del lines
    heads = ["detector", "without foreground", "dropped by loader", "usable boxes", "never trained", "why"]
    cells = [
        [
            one.detector,
            f"{_lost(one.verdicts):,}",
            f"{one.verdicts['left_out']:,}",
            f"{one.usable:,}",
            f"{sum(one.statuses[name] for name in NEVER):,}",
            one.cause,
        ]
        for one in comparison
    ]
    return _table(heads, cells)


def _contents(dataset: Dataset) -> str:
    sizes = [(len(dataset.images), "image"), (len(dataset.boxes), "box"), (len(dataset.categories), "class")]
    return ", ".join(words.count(number, noun) for number, noun in sizes)


def _listed(numbers: Mapping[str, int]) -> str:
    """Write names with their numbers, those that are 0 left out: `ok 6, blank 3`."""
    found = [f"{printable(name)} {number:,}" for name, number in numbers.items() if number]
    return ", ".join([*found[:_NAMES], *(["..."] if len(found) > _NAMES else [])])


def _statuses(summary: Mapping[str, object]) -> dict[str, int]:
    numbers = {name: summary[name] for name in STATUSES[1:]}
    return {name: number for name, number in numbers.items() if isinstance(number, int)}


def _left(row: Row) -> str:
    dropped = f", {words.count(row.images_lost, 'image')} dropped" if row.images_lost else ""
    return (
        f"{words.count(row.empty, 'image')} without foreground, "
        f"{words.count(row.unmatched, 'box')} unmatched{dropped}"
    )


def _lost(verdicts: Mapping[str, int]) -> int:
    return sum(verdicts[name] for name in WITHOUT_FOREGROUND)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table; the first column holds words, and so may the last, the others numbers."""
    side = "left", "right"
    head = "".join(
        f'<th scope="col" style="text-align:{side[i > 0]};padding:.15em .7em">{_text(name)}</th>'
        for i, name in enumerate(heads)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f'<td style="text-align:{side[i > 0]};padding:.15em .7em">{_text(cell)}</td>'
            for i, cell in enumerate(row)
        )
        + "</tr>"
        for row in rows[:_ROWS_IN_HTML]
    )
    more = len(rows) - _ROWS_IN_HTML
    note = f"<div>... and {more:,} more rows</div>" if more > 0 else ""
    inside = f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    return f'<table style="border-collapse:collapse">{inside}</table>{note}'


def _text(text: object) -> str:
    return escape(shortened(printable(text), _IN_HTML))
