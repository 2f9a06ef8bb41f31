"""Options of commands that work part by part."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

from anchoraudit.cli._options import classes_of, rules_of
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats._columns import parse_columns
from anchoraudit.io.addresses import is_address

if TYPE_CHECKING:
    from anchoraudit.cli._settings import Settings
    from anchoraudit.detectors import Detector
    from anchoraudit.partitions.partial import Partial
    from anchoraudit.partitions.reading import InParts
    from anchoraudit.partitions.settings import Settings as Judging

    Advance = Callable[[int, int], None]

LOCAL = "local"
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_NAMES = ("engine", "memory", "workers", "scheduler", "cache")


def parts_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options by which a command works part by part."""
    options = [
        click.option(
            "--engine",
            metavar="NAME",
            help="Work part by part, in bounded memory: local (this machine) or dask.",
        ),
        click.option(
            "--memory", metavar="SIZE", help="Work part by part, in about so much memory: 600M, 4G."
        ),
        click.option(
            "--workers",
            type=click.IntRange(1, 10_000),
            metavar="N",
            help="Work part by part, on so many parts at a time.  [default: a part for each core]",
        ),
        click.option("--scheduler", metavar="ADDRESS", help="The cluster of --engine dask: tcp://HOST:PORT."),
        click.option(
            "--cache",
            type=click.Path(),
            metavar="DIR",
            help="Work part by part, and keep the results there: what did not change is not read again.",
        ),
    ]
    for option in reversed(options):
        function = option(function)
    return function


def is_in_parts(given: Mapping[str, Any], settings: Settings) -> bool:
    """Tell whether the command shall work part by part: if asked to, and always at an address."""
    return any(given[name] is not None for name in _NAMES) or is_address(settings.dataset or "")


def leave_out(settings: Settings) -> str:
    """Return what makes a command read the whole data set at once, for the end of a remedy."""
    if is_address(settings.dataset or ""):
        return "copy the data to this machine"
    return "leave out --engine, --memory, --workers and --cache"


def reading_of(settings: Settings, given: Mapping[str, Any], advance: Advance | None = None) -> InParts:
    """Return which data set is read part by part, and where. advance: moves a bar.

    Raises AnchorauditError for an option on reading that cannot go with parts.
    """
    from anchoraudit.partitions.reading import InParts

    for name, value in (
        ("unlisted", settings.unlisted),
        ("voc-offset", settings.voc_offset),
        ("box-convention", settings.box_convention),
        ("class-attribute", settings.class_attribute),
        ("box-field", settings.box_field),
    ):
        if value:
            raise needs_the_whole(f"--{name}", settings)
    assert settings.dataset is not None  # resolved
    return InParts(
        settings.dataset,
        settings.format or "auto",
        tuple(settings.split or ()),
        settings.image_folder,
        given["engine"] or LOCAL,
        given["workers"],
        given["scheduler"] or "",
        None if given["memory"] is None else parse_memory(given["memory"]),
        None if advance is None else lambda _, done, of: advance(done, of),
        cache=given["cache"],
        columns=parse_columns(settings.columns),
    )


def judging_of(settings: Settings, detector: Detector | None) -> Judging:
    """Return how parts are audited."""
    from anchoraudit.partitions.settings import Settings as Judging

    return Judging(
        detector,
        bool(settings.drop_difficult),
        rules_of(settings),
        settings.loader,
        None if detector is not None else classes_of(settings),
        settings.class_rules,
        settings.images or "none",
    )


def whole_in_parts(settings: Settings, detector: Detector | None, given: Mapping[str, Any]) -> Partial:
    """Audit the data set of the settings part by part, and merge the parts. Raises as `audit_partitions`."""
    from anchoraudit.cli import _output
    from anchoraudit.partitions.auditing import audited
    from anchoraudit.partitions.partial import merge

    with _output.progress("reading parts", quiet=given["quiet"]) as advance:
        return merge(audited(reading_of(settings, given, advance), judging_of(settings, detector)))


def options_of_parts(given: Mapping[str, Any]) -> list[str]:
    """Return the options by which a command works part by part, as words of a command line."""
    return [word for name in _NAMES if given[name] is not None for word in (f"--{name}", str(given[name]))]


def needs_the_whole(option: str, settings: Settings) -> AnchorauditError:
    """Return the error for an option that cannot be answered from parts."""
    return AnchorauditError(
        f"{option} needs the whole data set at once", remedy=f"Leave it out, or {leave_out(settings)}."
    )


def parse_memory(text: str) -> int:
    """Parse a size such as `600M` or `4G` to bytes. Raises AnchorauditError for anything else."""
    match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,3})?)\s*([KMGT]?)(?:i?B)?", text.strip(), re.IGNORECASE)
    size = int(float(match[1]) * _UNITS[match[2].upper()]) if match else 0
    if not size:
        raise AnchorauditError(f"--memory {text!r} is not a size", remedy="Give one such as 600M or 4G.")
    return size
