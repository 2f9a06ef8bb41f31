"""The heads of ultralytics: which are replayed, and the detector that each makes of its levels.

Sources: ultralytics 8.4.190 and 8.3.253 nn/modules/head.py (Detect and those made of it; RTDETRDecoder),
utils/loss.py (which head has which assigner), utils/tal.py (SegTaskAlignedAssigner and
PoseTaskAlignedAssigner, from 8.4.180 on).
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from anchoraudit.detectors._presets import preset
from anchoraudit.detectors.at_version import asked_for_newest, with_strides
from anchoraudit.detectors.readers._based_on import based_on
from anchoraudit.detectors.spec import Detector

_RULE, _END_TO_END, _QUERIES = "ultralytics-yolo11", "ultralytics-yolo26", "ultralytics-rtdetr"
_MASKS = (
    "{head} chooses among the same points as Detect. From ultralytics 8.4.180 on it also weighs predicted "
    "masks (SegTaskAlignedAssigner), which is not replayed: it changes which candidates are taken, and never "
    "which points are candidates."
)
_KEYPOINTS = (
    "{head} is replayed with the points of Detect. From ultralytics 8.4.180 on (PoseTaskAlignedAssigner) "
    "candidates are only on levels of which a box is 2 to 12 strides in size, unless that leaves none: so "
    "whether a box has a candidate is exact, and how many is a most."
)
# The heads that ultralytics has, and what is to be said of each.
HEADS = {
    **dict.fromkeys(("Detect", "WorldDetect", "YOLOEDetect", "v10Detect"), ""),
    **dict.fromkeys(("Segment", "Segment26", "YOLOESegment", "YOLOESegment26"), _MASKS),
    **dict.fromkeys(("Pose", "Pose26"), _KEYPOINTS),
}
_ROTATED = "it assigns points to rotated boxes, by their corners (RotatedTaskAlignedAssigner)"
REFUSED = {
    **dict.fromkeys(("OBB", "OBB26"), _ROTATED),
    "Classify": "it classifies whole images, and has no boxes",
    "SemanticSegment": "it labels pixels, and has no boxes",
    "Depth": "it predicts depths, and has no boxes",
}
OTHER = "Name a model that detects boxes, such as yolo11n.yaml."


def with_points(
    path: Path,
    strides: tuple[float, ...],
    head: str,
    *,
    notes: tuple[str, ...],
    end_to_end: bool,
    read_from: str = "",
    usual_training: bool = False,
) -> Detector:
    """Return the detector of a head with these levels, with the newest rules.

    head: its class. path, notes, read_from: as `based_on` takes them. usual_training: what training draws at
    random is what it draws by default, as of the preset.
    """
    said = (HEADS.get(head) or "").format(head=head)
    name = _END_TO_END if end_to_end else _RULE
    moved = with_strides(preset(name), strides)
    return asked_for_newest(
        based_on(
            name,
            path,
            notes=tuple(filter(None, (*notes, said))),
            read_from=read_from,
            augmentation=moved.augmentation if usual_training else "",
            points=moved.points,
            match=moved.match,
        )
    )


def with_queries(
    path: Path,
    *,
    notes: tuple[str, ...],
    queries: int | None = None,
    read_from: str = "",
    usual_training: bool = False,
) -> Detector:
    """Return the detector of RTDETRDecoder, with the newest rules. queries: None: as many as usual.

    usual_training: as of `with_points`.
    """
    base = preset(_QUERIES)
    match = base.match
    if queries is not None:
        match = msgspec.structs.replace(match, queries=queries)
    augmentation = base.augmentation if usual_training else ""
    return asked_for_newest(
        based_on(_QUERIES, path, notes=notes, read_from=read_from, augmentation=augmentation, match=match)
    )
