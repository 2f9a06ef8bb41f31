"""RUN009: data set at which the framework stops."""

from __future__ import annotations

from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule
from anchoraudit.rules._totals import Counted


def check(context: Context) -> list[Finding]:
    """Report what the framework's loader stops at, whatever the image."""
    loaded = context.loaded
    if loaded is None:
        return []
    totals, own = context.totals, context.totals.of_rule("RUN009")
    return [
        finding
        for words in loaded.stops(totals.image_count, own.number("left"), own.number("raised"))
        for finding in context.about_all("RUN009", f"loader {loaded.loader} raises {words}", words, words)
    ]


def count(context: Context) -> Counted:
    """Count the images that are left where the loader asks whether there are any, and those it raises at."""
    loaded = context.loaded
    return {} if loaded is None else {"left": loaded.images_left, "raised": loaded.images_raised}


RULE = Rule(
    code="RUN009",
    severity="error",
    title="data set at which the framework stops",
    what=(
        "Something that all images share makes the framework's loader raise, such as classes with capitals "
        "where the loader lowers the names of objects (this depends on a list in the framework's source), or "
        "a loader that drops every image."
    ),
    why="Training stops at the first image.",
    example="a class called Helmet, under py-faster-rcnn: KeyError: 'helmet'",
    remedy="fix what the message names; if you fixed it in the framework's source, add --ignore RUN009",
    check=check,
    scope="totals",
    count=count,
)
