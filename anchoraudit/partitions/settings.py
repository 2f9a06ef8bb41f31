"""How the parts of a data set are audited: the same for all, and kept with each result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import msgspec

from anchoraudit.auditing.audit import Audit, examine, seen_for
from anchoraudit.dataset.columns import Dataset
from anchoraudit.detectors import Detector, DetectorLike, load_detector
from anchoraudit.detectors.classes import Classes
from anchoraudit.images.inspection import ImageFiles
from anchoraudit.rules import Chosen, Context, all_rules


@dataclass(frozen=True, slots=True)
class Settings:
    """What `audit` is told.

    detector: None to run only the rules on the data. The others are as `audit` takes them.
    """

    detector: Detector | None
    drop_difficult: bool = False
    rules: Chosen = field(default_factory=Chosen)
    loader: str | None = None
    classes: Classes | None = None
    class_rules: str | None = None
    images: str = "none"

    @classmethod
    def of(
        cls,
        detector: DetectorLike | None,
        rules: Chosen | None = None,
        **others: Any,
    ) -> Self:
        """Return settings. detector, rules: as `audit` takes them; others: the other fields, by their names.

        Raises AnchorauditError if the detector cannot be read, or if a rule does not exist.
        """
        own = None if detector is None else load_detector(detector)
        return cls(own, rules=(rules or Chosen()).require_known(all_rules()), **others)

    def look(self, dataset: Dataset) -> ImageFiles | None:
        """Look at the image files of a part, as its audit would; None if it would not."""
        return seen_for(dataset, self.detector, loader=self.loader, rules=self.rules, images=self.images)

    def examine(
        self, dataset: Dataset, images: ImageFiles | str | None = None, *, brief: bool = False
    ) -> tuple[Audit, Context]:
        """Audit a part, a slice of one, or a skeleton, without running rules.

        images: what is known of the image files; None to look at them. brief: as `examine` of `audit` takes
        it. Raises AnchorauditError as `audit` does.
        """
        return examine(
            dataset,
            self.detector,
            drop_difficult=self.drop_difficult,
            rules=self.rules,
            loader=self.loader,
            classes=self.classes,
            class_rules=self.class_rules,
            images=self.images if images is None else images,
            brief=brief,
        )

    def to_builtins(self) -> dict[str, Any]:
        """Return plain values."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain

    @classmethod
    def from_builtins(cls, plain: Mapping[str, Any]) -> Self:
        """Return what `to_builtins` returned."""
        return msgspec.convert(plain, cls, strict=False)
