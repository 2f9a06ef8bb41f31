"""MMDetection's data sets (`BaseDetDataset`): what `get_data_info` has of each image, before any pipeline.

Images that its filter left out are not among them. An instance that it ignores (`ignore_flag`) is one that it
does not train on, as it does not on crowds. Source: mmengine 0.10.7, dataset/base_dataset.py; mmdet 3.3.0,
datasets/coco.py `parse_data_info`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anchoraudit.formats._memory.held import held, without_transforms

if TYPE_CHECKING:
    from anchoraudit.dataset.columns import Dataset
    from anchoraudit.formats import ReadOptions

TITLE = "MMDetection's BaseDetDataset"


def recognises(dataset: Any) -> bool:
    """Tell whether it loads a list of infos, and hands over single ones."""
    return (
        callable(held(dataset, "get_data_info"))
        and callable(held(dataset, "load_data_list"))
        and isinstance(held(dataset, "metainfo"), Mapping)
    )


def read(dataset: Any, options: ReadOptions) -> Dataset:
    """Read the infos of all images."""
    import math

    from anchoraudit.formats._builder import NO_BOX, BoxRow, ImageRow
    from anchoraudit.formats._memory.labelled import labelled
    from anchoraudit.formats._memory.values import Values

    name = Path(f"<{type(dataset).__name__}>")
    values = Values(name)
    rows: list[ImageRow] = []
    labels: list[int] = []
    for at in range(len(dataset)):
        info = dataset.get_data_info(at)
        place = f"[{at}]"
        file = str(info.get("img_path", at))
        identity = info.get("img_id", file)
        row = ImageRow(
            file,
            id=identity if isinstance(identity, int | str) else file,
            width=values.side(info, "width", place),
            height=values.side(info, "height", place),
            place=place,
            entry=at,
        )
        for j, instance in enumerate(info.get("instances", ())):
            where = f"{place}['instances'][{j}]"
            corners = values.four(instance.get("bbox"), f"{where}['bbox']")
            x1, y1, x2, y2 = corners or (math.nan,) * 4
            box = NO_BOX if corners is None else (x1, y1, x2, y2)
            row.boxes.append(BoxRow(box, crowd=bool(instance.get("ignore_flag")), entry=j))
            labels.append(values.label(instance.get("bbox_label"), f"{where}['bbox_label']"))
        rows.append(row)
    classes = dataset.metainfo.get("classes")
    whole = labelled(
        name,
        rows,
        labels,
        [str(one) for one in classes] if isinstance(classes, tuple | list) else None,
        options,
        recognised=f"{type(dataset).__name__} of MMDetection: {len(rows):,} infos in memory",
        places=("[{image}]", "[{image}]['instances'][{box}]"),
        findings=values.findings,
    )
    whole.notes += without_transforms(dataset)
    return whole
