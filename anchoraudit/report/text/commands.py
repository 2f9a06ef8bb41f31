"""Commands that reports print: complete, quoted, with only options that the command takes."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from anchoraudit.errors import printable

_SWITCHES = {
    "--unlisted",
    "--drop-difficult",
    "--allow-blank",
    "--assume-standard",
}  # every other option has a value
_OF_SCAN_ONLY = {"--fail-on", "--allow-blank", "--select", "--ignore", "--images", "--class-rules"}
# Options that change one value of a detector. `compare`, which takes several detectors, has none of them.
OF_DETECTORS = ("--positive-iou", "--negative-iou", "--allowed-border", "--input-size", "--anchors")
_NOT_TAKEN = {
    "advise": _OF_SCAN_ONLY,
    "blame": _OF_SCAN_ONLY,
    "cluster": _OF_SCAN_ONLY | {"--positive-iou", "--negative-iou", "--allowed-border", "--anchors"},
    "compare": _OF_SCAN_ONLY | {"--detector", "--loader", "--classes", *OF_DETECTORS},
    "explain": _OF_SCAN_ONLY,
    "filter": {"--fail-on", "--allow-blank"},
    "scan": set[str](),
}


def command(name: str, positional: Sequence[str], settings: Sequence[str], *more: str) -> str:
    """Write a command of anchoraudit, quoted for a shell, control characters escaped.

    settings: option words of a run; those that the command does not take are dropped. more: option words of
    this command. A file name that begins with a dash is not taken for an option.
    """
    options = [*without(settings, *_NOT_TAKEN.get(name, ())), *more]
    if any(word.startswith("-") for word in positional):
        words = [*options, "--", *positional]
    else:
        words = [*positional, *options]
    return printable(shlex.join(["anchoraudit", *name.split(), *words]))


def without(settings: Sequence[str], *flags: str) -> list[str]:
    """Return `settings` without the options `flags` and their values."""
    return [word for group in _groups(settings) if group[0] not in flags for word in group]


def value_of(settings: Sequence[str], flag: str) -> str | None:
    """Return the value of an option that takes one, None if it is not given."""
    return next((group[1] for group in _groups(settings) if group[0] == flag), None)


def without_detector(settings: Sequence[str]) -> list[str]:
    """Return `settings` without options that name or change the detector."""
    return without(settings, "--detector", "--framework-version", "--assume-standard", *OF_DETECTORS)


def _groups(settings: Sequence[str]) -> Iterator[list[str]]:
    """Yield each option with its value, if it has one."""
    words = iter(settings)
    for word in words:
        yield [word] if word in _SWITCHES else [word, next(words)]
