"""What is asked about: a data set and how it is trained, named by paths and names or by an audit of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from anchoraudit.auditing.audit import Audit, dataset_of
from anchoraudit.dataset.columns import Dataset
from anchoraudit.detectors import Detector, DetectorLike, load_detector
from anchoraudit.loaders import PLAIN

if TYPE_CHECKING:
    from anchoraudit.auditing.audit import Auditable


@dataclass(frozen=True, slots=True)
class Asked:
    """A data set as it was read, and the settings of its audit.

    detector: None if nobody named one. loader: None for the detector's own.
    """

    dataset: Dataset
    detector: Detector | None
    loader: str | None
    drop_difficult: bool


def asked(
    source: Auditable,
    detector: DetectorLike | None = None,
    *,
    loader: str | None = None,
    drop_difficult: bool = False,
) -> Asked:
    """Return what is asked about. What is not named is taken from the audit, if `source` is one.

    Another detector than the audit's has its own loader. Raises AnchorauditError as `read` and
    `load_detector` do.
    """
    named = None if detector is None else load_detector(detector)
    dataset = dataset_of(source)
    if not isinstance(source, Audit):
        return Asked(dataset, named, loader, drop_difficult)
    chosen = source.replayed if named is None else named
    if loader is None and chosen == source.replayed and chosen is not None:
        if source.loaded is not None:
            loader = source.loaded.loader
        elif source.admitted is None:
            loader = PLAIN  # with the plain policy, no model is asked
    return Asked(dataset, chosen, loader, drop_difficult or "difficult" in source.labels.reasons())
