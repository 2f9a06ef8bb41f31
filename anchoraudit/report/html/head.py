"""The head of the report: what was audited, the one sentence that matters, and the verdicts as a bar.

It needs neither Jinja2 nor Plotly, so a notebook can show it too.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from importlib.resources import files

import numpy as np

from anchoraudit import __version__
from anchoraudit.auditing.audit import Audit
from anchoraudit.detectors.at_version import said
from anchoraudit.encoding.verdicts import VERDICTS
from anchoraudit.errors import printable, shortened
from anchoraudit.report import words

_LONGEST = 500  # characters of a path or a name: longer ones are accidents or attacks


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the bar: images with one verdict. share: of all images, 0 to 1."""

    verdict: str
    images: int
    share: float
    meaning: str


def head_html(audit: Audit, steps: Sequence[tuple[str, str]] = ()) -> str:
    """Return the head of the report as one HTML element, with its own style.

    Parameters
    ----------
    audit : Audit
        What `audit` returns.
    steps : sequence of (str, str)
        What to do next: a sentence, and the command for it or "".

    Returns
    -------
    str
        A `<section>` without scripts. All names and paths in it are escaped. It follows the reader's light or
        dark mode.

    Examples
    --------
    >>> html = head_html(audit(read("sample_data/coco")))
    >>> html.startswith("<section") and "19 of 26 images" in html
    True
    """
    css = (files(__package__) / "templates" / "head.css").read_text("utf-8")
    return (
        f'<section class="aa-head" aria-label="Summary"><style>{css}</style>{_body(audit, steps)}</section>'
    )


def _body(audit: Audit, steps: Sequence[tuple[str, str]]) -> str:
    parts = [f'<p class="aa-kicker">anchoraudit report · {_text(data_name(audit))}</p>']
    parts.append(f"<h1>{_text(sentence(audit))}</h1>")
    if risk := words.risk_line(audit):
        parts.append(f'<p class="aa-risk">{_text(capital(risk))}.</p>')
    parts += [f'<p class="aa-note">{_text(line)}</p>' for line in words.who_judged(audit)]
    parts.append(_bar(verdict_parts(audit)))
    rows = "".join(f"<dt>{_text(name)}</dt><dd>{_text(text)}</dd>" for name, text in facts(audit))
    columns = f'<dl class="aa-facts">{rows}</dl>'
    if steps:
        columns += f'<div class="aa-steps"><h2>What to do next</h2><ol>{_steps(steps)}</ol></div>'
    parts.append(f'<div class="aa-columns">{columns}</div>')
    return "".join(parts)


def data_name(audit: Audit) -> str:
    """Return the last part of the data set's path, or the whole path if that says nothing."""
    root = audit.dataset.root
    return root.name or str(root)


def sentence(audit: Audit) -> str:
    """Return the headline as a sentence."""
    return f"{words.headline(audit)}."


def capital(text: str) -> str:
    """Return a sentence with its first letter in upper case."""
    return text[:1].upper() + text[1:]


def verdict_parts(audit: Audit) -> list[Part]:
    """Return the verdicts that occur, in their own order; [] without a detector."""
    if audit.replayed is None:
        return []
    counts = np.bincount(audit.image_results.verdict, minlength=len(VERDICTS)).tolist()
    every = max(sum(counts), 1)
    return [
        Part(name, number, number / every, words.verdict_meaning(name, audit.replayed))
        for name, number in zip(VERDICTS, counts, strict=True)
        if number
    ]


def facts(audit: Audit) -> list[tuple[str, str]]:
    """Return what was audited, with what and when, as names and texts."""
    dataset = audit.dataset
    sizes = [(len(dataset.images), "image"), (len(dataset.boxes), "box"), (len(dataset.categories), "class")]
    lines = [
        ("Data set", f"{dataset.root}: {dataset.recognised}"),
        ("Contents", ", ".join(words.count(number, noun) for number, noun in sizes)),
    ]
    if len(dataset.splits) > 1:
        counts = np.bincount(dataset.images.split, minlength=len(dataset.splits)).tolist()
        parts = (f"{name} {n:,}" for name, n in zip(dataset.splits, counts, strict=True))
        lines.append(("Images by split", ", ".join(parts)))
    lines.append(("Usable boxes", words.not_usable(audit)))
    if audit.replayed is None:
        lines.append(("Detector", "none: only the rules on the data ran"))
    else:
        lines += [("Detector", str(audit.replayed)), ("Without foreground", audit.replayed.on_empty)]
    loader = [] if audit.loaded is None else audit.loaded.sentences()
    lines.append(("Loader", "; ".join(loader) or "none: the boxes as they stand"))
    if audit.replayed is not None and (version := said(audit.replayed)):
        lines.append(("Framework", version))
    lines.append(("Made by", f"anchoraudit {__version__}, Python {platform.python_version()}, {date()}"))
    return lines


def date() -> str:
    """Return today's date, `2025-01-31`; that of SOURCE_DATE_EPOCH where it is set."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if epoch.isascii() and epoch.isdecimal() and len(epoch) < 12:
        return f"{datetime.fromtimestamp(int(epoch), UTC):%Y-%m-%d}"
    return f"{datetime.now():%Y-%m-%d}"


def _bar(parts: Sequence[Part]) -> str:
    if not parts:
        return ""
    label = ", ".join(f"{part.verdict} {part.images:,}" for part in parts)
    pieces = "".join(
        f'<span class="aa-{part.verdict}" style="flex-grow:{max(part.share, 0.004):.4f}"></span>'
        for part in parts
    )
    legend = "".join(
        f'<li><span class="aa-dot aa-{part.verdict}"></span><strong>{part.images:,}</strong> {part.verdict} '
        f"<small>{percent(part.share)} · {_text(part.meaning)}</small></li>"
        for part in parts
    )
    return (
        f'<div class="aa-bar" role="img" aria-label="Images by verdict: {_text(label)}">{pieces}</div>'
        f'<ul class="aa-legend">{legend}</ul>'
    )


def _steps(steps: Sequence[tuple[str, str]]) -> str:
    """Return the items of a list. A command without a sentence belongs to the one before it."""
    items: list[str] = []
    for what, command in steps:
        code = f"<code>{_text(command)}</code>" if command else ""
        if what or not items:
            items.append(f"<span>{_text(capital(what))}</span>{code}")
        else:
            items[-1] += code
    return "".join(f"<li>{item}</li>" for item in items)


def percent(share: float) -> str:
    """Write a share as `1.6 %`, never `0.0 %` or `100.0 %` unless it is exactly that."""
    return words.percent(share)


def _text(text: object) -> str:
    """Return text for HTML: control characters shown, markup escaped, and what is far too long shortened."""
    return escape(shortened(printable(text), _LONGEST))
