"""`markdown`: for a comment on a pull request, or the summary of a job (GitHub's and GitLab's dialects)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from anchoraudit import errors
from anchoraudit.auditing.audit import Audit
from anchoraudit.detectors import NO_DETECTOR
from anchoraudit.errors import shortened
from anchoraudit.report import words
from anchoraudit.report.outputs import _keys
from anchoraudit.report.outputs._where import Where, safe
from anchoraudit.rules import Findings

NAME = "markdown"
inert = partial(errors.inert, colon="&#58;", hash_sign="&#35;")
_EXAMPLES = 3  # of each rule
_IMAGES = 20  # flagged images, unless a limit is given


def render(audit: Audit, shown: Findings, limit: int | None) -> Iterator[str]:
    """Return headline, verdicts, findings by rule with examples, and flagged images (20, or `limit`)."""
    yield f"## anchoraudit: {words.headline(audit)}\n\n"
    for line in words.who_judged(audit):
        yield f"{prose(line)}\n\n"
    detector = NO_DETECTOR if audit.replayed is None else audit.replayed.name
    yield f"{code(str(audit.dataset.root))}, detector {code(detector)}\n\n"
    if audit.replayed is not None:
        yield from _table(("verdict", "images>", "share>", "meaning"), _verdicts(audit))
    if line := words.augmented_line(audit):
        yield f"\n{prose(line)}\n"
    if shown:
        rules = words.count(len(shown.counts), "rule")
        yield f"\n### {words.count(len(shown), 'finding')} of {rules}\n\n"
        yield from _table(("code", "severity", "count>", "what, and where"), _findings(audit, shown))
    every = words.flagged(audit)
    images = every[: _IMAGES if limit is None else limit]
    if images:
        yield f"\n### Flagged images, worst first ({len(images):,} of {len(every):,})\n\n"
        yield from _table(("image", "verdict", "why"), _images(audit, images))


def _verdicts(audit: Audit) -> Iterator[Sequence[str]]:
    summary = audit.summary()
    for verdict, number in summary["verdicts"].items():
        if number:
            share = words.share(number, summary["images"])
            yield (
                code(verdict),
                f"{number:,}",
                prose(share),
                prose(words.verdict_meaning(verdict, audit.replayed)),
            )


def _findings(audit: Audit, shown: Findings) -> Iterator[Sequence[str]]:
    where = Where(audit)
    for name, number in shown.counts.items():
        rule = shown.rule(name)
        parts = [prose(f"{rule.title}: {rule.remedy}")]
        parts += [code(f"{where.place(f)}: {f.message}") for f in shown.of(name, _EXAMPLES)]
        if number > _EXAMPLES:
            parts.append(f"... and {number - _EXAMPLES:,} more")
        yield name, rule.severity, f"{number:,}", "<br>".join(parts)


def _images(audit: Audit, images: list[int]) -> Iterator[Sequence[str]]:
    for keys in _keys.of_images(audit, images):
        yield code(str(keys["file_name"] or keys["image_id"])), code(keys["verdict"]), prose(keys["why"])


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield a table; columns whose names end in `>` are aligned right. Cells are Markdown."""
    yield f"| {' | '.join(name.rstrip('>') for name in columns)} |\n"
    yield f"|{'|'.join('---:' if name.endswith('>') else '---' for name in columns)}|\n"
    for row in rows:
        yield f"| {' | '.join(row)} |\n"


def prose(text: str) -> str:
    """Escape text so that nothing in it is markup."""
    return re.sub(r"([\\`*_{}\[\]<>|~#&@])", r"\\\1", shortened(safe(text)))


def code(text: str) -> str:
    """Write data as code, so that it is no markup, no link and no mention of anybody.

    A code span cannot hold every text: a backtick ends it, and so does a `|` in a table; nor can it escape
    what a CI log reads as a command. Such text becomes a <code> element with all its signs as entities.
    """
    text = shortened(safe(text))
    if text and not re.search(r"[`|]|^ | $|##|section_", text):
        return f"`{text}`"
    return "<code>" + re.sub(r"[^\w ]|_", lambda sign: f"&#{ord(sign[0])};", text) + "</code>"
