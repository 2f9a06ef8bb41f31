"""`anchoraudit filter --engine`: a file in, a file out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from anchoraudit.cli import _settings as settings_of
from anchoraudit.cli._in_parts import is_in_parts, judging_of, needs_the_whole, options_of_parts, reading_of
from anchoraudit.errors import AnchorauditError
from anchoraudit.io.addresses import is_address

if TYPE_CHECKING:
    from anchoraudit.detectors import Detector
    from anchoraudit.partitions.fixing import Fixing
    from anchoraudit.partitions.listing import Listed

# What needs every image and box at once.
_OF_THE_WHOLE = ("diff",)


def filter_in_parts(
    given: dict[str, Any],
    settings: settings_of.Settings,
    detector: Detector | None,
    remarks: Sequence[str],
    drop: tuple[str, ...],
) -> int:
    """Write the files of the data set without the images that go, and say what went. drop: verdicts."""
    from anchoraudit.cli import _output
    from anchoraudit.partitions.filtering import filter_partitions
    from anchoraudit.report.text.filtered_parts import filtered_parts

    for name in _OF_THE_WHOLE:
        if given[name] and is_in_parts(given, settings):
            raise needs_the_whole(f"--{name.replace('_', '-')}", settings)
    for name in (*_OF_THE_WHOLE, "certify"):
        if given[name] and is_address(given["output"]):
            raise AnchorauditError(
                f"--{name.replace('_', '-')} cannot go with an output at an address",
                path=given["output"],
                remedy="Leave it out, or write to this machine.",
            )
    for text in remarks:
        _output.remark(f"note: {text}")
    with _output.progress("filtering parts") as advance:
        found = filter_partitions(
            reading_of(settings, given, advance),
            given["output"],
            judging_of(settings, detector),
            drop=drop,
            keep_blank=given["keep_blank"],
            replace=given["force"],
            listed=_listed(given),
            certify=given["certify"],
            detector_chosen=settings.detector is not None,
            fixing=_fixing(given),
        )
    options = settings_of.as_options(settings)
    chosen = settings.detector is not None
    parts = filtered_parts(found, options, options_of_parts(given), detector_chosen=chosen)
    _output.show(parts, None)
    return 0


def _listed(given: dict[str, Any]) -> Listed | None:
    from anchoraudit.io.addresses import path_of
    from anchoraudit.partitions.listing import Listed

    return None if given["dropped"] is None else Listed(path_of(given["dropped"]), given["csv_safe"])


def _fixing(given: dict[str, Any]) -> Fixing | None:
    from anchoraudit.partitions.fixing import Fixing

    return Fixing(unsafe=given["unsafe_fixes"]) if given["fix"] or given["unsafe_fixes"] else None
