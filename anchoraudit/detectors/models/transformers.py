"""Read a detector of Hugging Face's transformers in memory, or its configuration, as its config.json.

Sources: transformers 5.24.0 configuration_utils.py (to_dict has what config.json has, and the defaults too),
modeling_utils.py (`config` of a model).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from anchoraudit.detectors.models._inside import comes_from
from anchoraudit.detectors.readers._assume import Assume
from anchoraudit.detectors.readers.transformers_json import Values, is_known, read_values
from anchoraudit.detectors.spec import Detector

READS = "a detector or a config of transformers"

_HEADS = ("ForObjectDetection", "ForSegmentation")
_DEFAULT = {0: "LABEL_0", 1: "LABEL_1"}  # id2label where nobody stated any; config.json leaves it out
_NO_SIZE = (
    "The size is that of the image processor, which a model does not have: replayed at the size that it has "
    "by default, or at that of --input-size."
)


def recognises(model: Any) -> bool:
    """Tell whether an object is a model with a head that detects, or the configuration of such a model."""
    if not comes_from(model, "transformers"):
        return False
    config = _config(model)
    return callable(getattr(config, "to_dict", None)) and is_known(getattr(config, "model_type", None))


def read(model: Any, assume: Assume) -> Detector:
    """Read the detector: its queries and labels. The size is the default of its image processor."""
    del assume  # the configuration says all; code of one's own has a model_type of its own
    config = _config(model)
    values = dict(config.to_dict())
    if values.get("id2label") == _DEFAULT:
        del values["id2label"]
    kind = type(model).__name__
    path = getattr(config, "_name_or_path", "")
    return read_values(
        Values(type(config).__name__, values),
        None,
        name=(Path(path).name if isinstance(path, str) else "") or kind,
        read_from=f"{kind} in memory",
        no_size=_NO_SIZE,
    )


def _config(model: Any) -> Any:
    """Return the configuration of a model with such a head, or the object itself if it is no model."""
    if any(cls.__name__.endswith(_HEADS) for cls in type(model).__mro__):
        return getattr(model, "config", None)
    return model
