"""The plots of the report, in the order of the page."""

from __future__ import annotations

from collections.abc import Iterator

from anchoraudit.auditing import distributions
from anchoraudit.auditing.audit import Audit
from anchoraudit.report.html import of_data, of_detector
from anchoraudit.report.html.figure import Figure


def figures(audit: Audit) -> Iterator[Figure]:
    """Yield the plots that this audit has numbers for, in the order of the page."""
    if audit.replayed is not None and audit.box_results.usable.any():
        yield of_detector.sizes(audit)
        if (found := distributions.best(audit)) is not None:
            yield of_detector.best(audit, found)
    if len(audit.dataset.categories):
        yield of_data.classes(audit)
    yield of_data.boxes_per_image(audit)
    if audit.box_results.usable.any():
        yield of_data.centres(audit)
    yield of_data.image_sizes(audit)
    frequent, both = distributions.together(audit.dataset)
    if len(frequent) > 1:
        yield of_data.together(audit, frequent, both)
    if audit.replayed is not None and audit.box_results.usable.any():
        yield of_detector.resize(audit)
    if audit.replayed is not None and audit.box_results.usable.any():
        yield of_detector.chance(audit)
    if (compared := of_data.drift(audit)) is not None:
        yield compared
