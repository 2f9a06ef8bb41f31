"""One plot of the report: what Plotly draws, a sentence, a table; and the parts that plots share.

A figure is made of plain lists and dictionaries, so nothing of Plotly is imported here. Colours are names
that begin with `$`: the page's style says what they are in light and in dark mode.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from anchoraudit.auditing.audit import Audit
from anchoraudit.errors import printable, shortened
from anchoraudit.report import words

MOST_ROWS = 400  # of a table under a plot
_NAME = 60  # characters of a class or a split in a plot
EXTRA = "<extra>%{fullData.name}</extra>"  # what Plotly shows beside a label: the name of the trace


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


def split_heads(audit: Audit) -> list[str]:
    """Return what the splits are called in a legend or a table; `all` if there is only one."""
    splits = audit.dataset.splits
    return [name(split) or "images" for split in splits] if len(splits) > 1 else ["all"]


def rows_of_splits(audit: Audit, table: Any) -> Iterable[tuple[str, list[Any]]]:
    """Return each split's name with its row of a table [S, B]."""
    return zip(split_heads(audit), table.tolist(), strict=True)


def bins(edges: Any) -> Iterator[tuple[float, float]]:
    """Return the lower and the upper edge of each bin."""
    return zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)


def whole_range(low: float, high: float) -> str:
    """Write whole numbers from `low` up to below `high`: `4`, `4-5`, `1,025+`."""
    if np.isinf(high):
        return f"{int(low):,}+"
    return f"{int(low):,}" if high - low == 1 else f"{int(low):,}-{int(high) - 1:,}"


def upright(at: float) -> dict[str, Any]:
    """Return a vertical line over the whole height of a plot."""
    style = {"color": "$ink", "dash": "dash", "width": 1.5}
    return {"type": "line", "x0": at, "x1": at, "y0": 0, "y1": 1, "yref": "paper", "line": style}


def level(at: float) -> dict[str, Any]:
    """Return a horizontal line over the whole width of a plot."""
    style = {"color": "$ink", "dash": "dash", "width": 1.5}
    return {"type": "line", "y0": at, "y1": at, "x0": 0, "x1": 1, "xref": "paper", "line": style}


def named_axis(names: Sequence[str]) -> dict[str, Any]:
    """Return an axis with a name at each whole number, so that two classes of one name stay two."""
    return {
        "automargin": True,
        "tickvals": list(range(len(names))),
        "ticktext": [plain(text) for text in names],
        "zeroline": False,
    }


def log_axis(title: str) -> dict[str, Any]:
    """Return an axis in powers of two, in pixels."""
    ticks = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048]
    return {
        "title": {"text": title},
        "type": "log",
        "tickvals": ticks,
        "ticktext": [str(tick) for tick in ticks],
    }


def rounded(values: Any, digits: int = 2) -> list[Any]:
    """Return numbers as a list, rounded, which keeps the page small."""
    numbers: list[Any] = np.round(np.asarray(values, dtype=np.float64), digits).tolist()
    return numbers
