"""`anchoraudit filter --engine`: a file in, a file out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from anchoraudit.cli import _settings as settings_of
from anchoraudit.cli._in_parts import judging_of, options_of_parts, reading_of
from anchoraudit.errors import AnchorauditError, inert
from anchoraudit.io.addresses import is_address, path_of

if TYPE_CHECKING:
    from anchoraudit.detectors import Detector
    from anchoraudit.partitions.fixing import Fixing
    from anchoraudit.partitions.listing import Listed


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

    if given["certify"] and is_address(given["output"]):
        raise AnchorauditError(
            "--certify cannot go with an output at an address",
            path=given["output"],
            remedy="Leave it out, or write to this machine.",
        )
    for text in remarks:
        _output.remark(f"note: {text}")
    if given["diff"]:
        return _show_difference(given, settings, detector, drop)
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
    from anchoraudit.partitions.listing import Listed

    return None if given["dropped"] is None else Listed(path_of(given["dropped"]), given["csv_safe"])


def _fixing(given: dict[str, Any]) -> Fixing | None:
    from anchoraudit.partitions.fixing import Fixing

    return Fixing(unsafe=given["unsafe_fixes"]) if given["fix"] or given["unsafe_fixes"] else None


def _show_difference(
    given: dict[str, Any], settings: settings_of.Settings, detector: Detector | None, drop: tuple[str, ...]
) -> int:
    """Print what would change, and write nothing."""
    from anchoraudit.cli import _output
    from anchoraudit.partitions.differing import differences
    from anchoraudit.report import words
    from anchoraudit.report.text.differences import Counted, diff_lines

    output = None if given["output"] is None else path_of(given["output"])
    judging, options = judging_of(settings, detector), {"drop": drop, "keep_blank": given["keep_blank"]}
    with (
        _output.progress("comparing parts") as advance,
        differences(
            reading_of(settings, given, advance), output, judging, **options, fixing=_fixing(given)
        ) as found,
    ):
        for text in found.remarks:
            _output.remark(f"note: {text}")
        changes, replayed = Counted(found.changes), found.audit.replayed
        _output.put_pieces(map(inert, diff_lines(changes, replayed)), None)
        gone = found.images - found.audit.summary()["images"]
        if gone and settings.detector is None and replayed is not None:
            for line in words.who_dropped_in_parts(replayed, gone, found.images):
                _output.remark(line)
        _output.remark(changes.summary(found.images))
    return 0
