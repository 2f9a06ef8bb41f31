"""Options of commands that work part by part."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

from anchoraudit.cli._options import classes_of, rules_of
from anchoraudit.errors import AnchorauditError
from anchoraudit.io.addresses import is_address

if TYPE_CHECKING:
    from anchoraudit.cli._settings import Settings
    from anchoraudit.detectors import Detector
    from anchoraudit.partitions.partial import Partial

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
    return "scan without --engine, --memory, --workers and --cache"


def whole_in_parts(settings: Settings, detector: Detector | None, given: Mapping[str, Any]) -> Partial:
    """Audit the data set of the settings part by part, and merge the parts. Raises as `audit_partitions`."""
    from anchoraudit.cli import _output
    from anchoraudit.partitions.auditing import audit_partitions
    from anchoraudit.partitions.partial import merge

    for name, value in (
        ("unlisted", settings.unlisted),
        ("voc-offset", settings.voc_offset),
        ("box-convention", settings.box_convention),
    ):
        if value:
            raise AnchorauditError(
                f"--{name} cannot go with parts", remedy=f"Leave it out, or {leave_out(settings)}."
            )
    assert settings.dataset is not None  # resolved
    with _output.progress("reading parts", quiet=given["quiet"]) as advance:
        return merge(
            audit_partitions(
                settings.dataset,
                detector,
                format=settings.format or "auto",
                splits=tuple(settings.split or ()),
                image_folder=settings.image_folder,
                drop_difficult=bool(settings.drop_difficult),
                rules=rules_of(settings),
                loader=settings.loader,
                classes=None if detector is not None else classes_of(settings),
                class_rules=settings.class_rules,
                images=settings.images or "none",
                engine=given["engine"] or LOCAL,
                workers=given["workers"],
                scheduler=given["scheduler"] or "",
                memory=None if given["memory"] is None else parse_memory(given["memory"]),
                cache=given["cache"],
                progress=None if advance is None else lambda _, done, of: advance(done, of),
            )
        )


def parse_memory(text: str) -> int:
    """Parse a size such as `600M` or `4G` to bytes. Raises AnchorauditError for anything else."""
    match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,3})?)\s*([KMGT]?)(?:i?B)?", text.strip(), re.IGNORECASE)
    size = int(float(match[1]) * _UNITS[match[2].upper()]) if match else 0
    if not size:
        raise AnchorauditError(f"--memory {text!r} is not a size", remedy="Give one such as 600M or 4G.")
    return size
