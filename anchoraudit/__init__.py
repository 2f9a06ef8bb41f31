"""anchoraudit: which images leave an anchor encoder without foreground, why, and what to do about it.

>>> import anchoraudit
>>> result = anchoraudit.audit("sample_data/coco")
>>> result.summary()["verdicts"]["empty_foreground"]
14

A name is imported when it is first used, so `import anchoraudit` takes no time.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from anchoraudit.advice.advise import Advice, advise
    from anchoraudit.advice.compare import Compared, Comparison, compare
    from anchoraudit.anchors.clustering import AnchorKMeans
    from anchoraudit.anchors.fit import AnchorFit, measure_fit
    from anchoraudit.auditing.audit import Audit, audit
    from anchoraudit.certificates.verifying import NotVerifiedError, Verified, verify
    from anchoraudit.classes.readers import read_classes
    from anchoraudit.dataset.columns import Dataset
    from anchoraudit.dataset.findings import Finding
    from anchoraudit.detectors import Detector, load_detector
    from anchoraudit.encoding.targets import encode
    from anchoraudit.errors import AnchorauditError
    from anchoraudit.formats import read
    from anchoraudit.partitions.advising import advise_partitions
    from anchoraudit.partitions.anywhere import Partitions, partition
    from anchoraudit.partitions.auditing import audit_partitions
    from anchoraudit.partitions.comparing import compare_partitions
    from anchoraudit.partitions.partial import Partial, merge
    from anchoraudit.report.exports._write import export
    from anchoraudit.rules import Chosen, rule_of
    from anchoraudit.training.check import Checked, check
    from anchoraudit.training.guard import guard
    from anchoraudit.training.torch_dataset import from_torch
    from anchoraudit.training.watch import Watched, watch

_HOME = {
    "Advice": "advice.advise",
    "AnchorFit": "anchors.fit",
    "AnchorKMeans": "anchors.clustering",
    "AnchorauditError": "errors",
    "Audit": "auditing.audit",
    "Checked": "training.check",
    "Chosen": "rules",
    "Compared": "advice.compare",
    "Comparison": "advice.compare",
    "Dataset": "dataset.columns",
    "Detector": "detectors",
    "Finding": "dataset.findings",
    "NotVerifiedError": "certificates.verifying",
    "Partial": "partitions.partial",
    "Partitions": "partitions.anywhere",
    "Verified": "certificates.verifying",
    "Watched": "training.watch",
    "advise": "advice.advise",
    "advise_partitions": "partitions.advising",
    "audit": "auditing.audit",
    "audit_partitions": "partitions.auditing",
    "check": "training.check",
    "compare": "advice.compare",
    "compare_partitions": "partitions.comparing",
    "encode": "encoding.targets",
    "export": "report.exports._write",
    "from_torch": "training.torch_dataset",
    "guard": "training.guard",
    "load_detector": "detectors",
    "measure_fit": "anchors.fit",
    "merge": "partitions.partial",
    "partition": "partitions.anywhere",
    "read": "formats",
    "read_classes": "classes.readers",
    "rule_of": "rules",
    "verify": "certificates.verifying",
    "watch": "training.watch",
}

__all__ = [
    "Advice",
    "AnchorFit",
    "AnchorKMeans",
    "AnchorauditError",
    "Audit",
    "Checked",
    "Chosen",
    "Compared",
    "Comparison",
    "Dataset",
    "Detector",
    "Finding",
    "NotVerifiedError",
    "Partial",
    "Partitions",
    "Verified",
    "Watched",
    "advise",
    "advise_partitions",
    "audit",
    "audit_partitions",
    "check",
    "compare",
    "compare_partitions",
    "encode",
    "export",
    "from_torch",
    "guard",
    "load_detector",
    "measure_fit",
    "merge",
    "partition",
    "read",
    "read_classes",
    "rule_of",
    "verify",
    "watch",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
