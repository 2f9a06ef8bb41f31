"""Read the input size of an mmdetection config: the Resize step of its training pipeline, and its padding.

Sources: mmdetection datasets/transforms/transforms.py, mmcv transforms/processing.py (Resize, RandomResize,
RandomChoiceResize); data_preprocessor; in 2.x datasets/pipelines/transforms.py (Resize, Pad).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from anchoraudit.detectors.readers._mmdet_parse import class_name
from anchoraudit.detectors.readers._table import Table, Unresolved
from anchoraudit.detectors.spec import Resize

_STEPS = ("Resize", "RandomChoiceResize", "RandomResize", "FixScaleResize")


def resize_of(config: Table, base: Resize) -> tuple[Resize, tuple[str, ...]]:
    """Return how images are resized, and notes on what training draws at random."""
    pipeline = pipeline_of(config)
    notes: tuple[str, ...] = ()
    if pipeline is None:
        resize = base
        notes = ("no training pipeline is stated; replayed at the preset's input size",)
    else:
        step, chosen = _first_resize(pipeline)
        if step is None:
            raise config.error(
                "the training pipeline has no Resize that is understood",
                "train_pipeline",
                f"Use one of the steps {', '.join(_STEPS)}, in the pipeline or in its RandomChoice.",
            )
        resize, notes = _resize(step, base)
        notes = (*notes, *chosen)
    multiple = _multiple(config, pipeline)
    if multiple is not None:
        pad: Any = "multiple" if multiple > 1 else "none"
        with config.blame("model"):
            resize = msgspec.structs.replace(resize, pad=pad, multiple=multiple if multiple > 1 else 0)
    return resize, notes


def pipeline_of(config: Table) -> list[Table] | None:
    """Return the training pipeline: the one in the data loader, else the list train_pipeline."""
    for start in ("train_dataloader.dataset", "data.train"):
        dataset = config.find(start)
        for _ in range(5):  # RepeatDataset, ClassBalancedDataset, ... around it
            if not isinstance(dataset, Table):
                break
            if "pipeline" in dataset:
                return _steps(dataset, "pipeline")
            several = dataset.find("datasets")
            dataset = several[0] if isinstance(several, list) and several else dataset.find("dataset")
    return _steps(config, "train_pipeline") if "train_pipeline" in config else None


def _steps(table: Table, key: str) -> list[Table]:
    steps = table.find(key)
    for step in steps if isinstance(steps, list) else []:
        if isinstance(step, Unresolved):
            raise step.error(key)
    if not isinstance(steps, list) or not all(isinstance(step, Table) for step in steps):
        raise table.error(f"{key} is not a list of dict(type=...)", key)
    return steps


def _first_resize(pipeline: list[Table]) -> tuple[Table | None, tuple[str, ...]]:
    """Return the first step that resizes, and a note if it is in one of several branches."""
    for step in pipeline:
        if class_name(step) in _STEPS:
            return step, ()
        if class_name(step) == "TransformBroadcaster":  # the same for every image of a pair
            inner, note = _first_resize(_steps(step, "transforms"))
            if inner is not None:
                return inner, note
        branches = step.find("transforms", []) if class_name(step) == "RandomChoice" else []
        for number, branch in enumerate(branches if isinstance(branches, list) else [], start=1):
            for each in branch if isinstance(branch, list) else []:
                if isinstance(each, Table) and class_name(each) in _STEPS:
                    several = f"training chooses one of {len(branches)} branches of its pipeline at random"
                    return each, (f"{several}; branch {number} is replayed",)
    return None, ()


def _resize(step: Table, base: Resize) -> tuple[Resize, tuple[str, ...]]:
    key = next((key for key in ("scale", "scales", "img_scale") if key in step), "scale")
    value = step.find(key)
    if isinstance(value, list) and value and isinstance(value[0], list):
        scales = step.read(key, tuple[tuple[int, int], ...], ())
    elif isinstance(value, int):
        scales = ((step.read(key, int, 0),) * 2,)
    else:
        scales = (step.read(key, tuple[int, int], (0, 0)),)
    width, height = max(scales, key=lambda scale: (min(scale), max(scale)))
    # mmcv's Resize keeps the aspect only with keep_ratio=True. That of mmdet 2.x (img_scale) does by default.
    keep = step.flag("keep_ratio", key == "img_scale")
    changes: dict[str, Any] = {"kind": "stretch", "width": width, "height": height, "side": 0, "cap": 0}
    if keep and width == height:
        changes |= {"kind": "longest_side", "width": 0, "height": 0, "side": width}
    elif keep:
        changes = {"kind": "short_side", "width": 0, "height": 0}
        changes |= {"side": min(width, height), "cap": max(width, height)}
    with step.blame(key):
        resize = msgspec.structs.replace(base, **changes)
    notes: tuple[str, ...] = ()
    if len(set(scales)) > 1 or "ratio_range" in step:
        listed = ", ".join(f"{w}x{h}" for w, h in scales)
        notes = (f"training draws the scale at random ({listed}); replayed at {width}x{height}",)
    return resize, notes


def _multiple(config: Table, pipeline: list[Table] | None) -> int | None:
    for key in ("model.data_preprocessor", "data_preprocessor"):
        table = config.table(key)
        if table is not None:
            inner = table.table("data_preprocessor")  # in a semi-supervised model
            return (table if inner is None else inner).read("pad_size_divisor", int, 1)
    pad = next((step for step in pipeline or [] if class_name(step) == "Pad"), None)
    return None if pad is None else pad.read("size_divisor", int, 1)


def all_steps(steps: Iterable[Any]) -> Iterator[Table]:
    """Yield the steps of a pipeline, also those inside other steps."""
    for step in steps:
        if isinstance(step, Table):
            yield step
            inner = step.get("transforms")
            yield from all_steps(inner if isinstance(inner, list) else ())
        elif isinstance(step, list):
            yield from all_steps(step)


def drawn_by_batch(config: Table) -> tuple[str, ...]:
    """Return a note if the input size is drawn anew for each batch."""
    steps = config.find("model.data_preprocessor.batch_augments", [])
    for step in steps if isinstance(steps, list) else ():
        if isinstance(step, Table) and "random_size_range" in step:
            low, high = step.read("random_size_range", tuple[int, int], (0, 0))
            return (f"Training draws the size of each batch from {low} to {high} px; the replay does not.",)
    return ()
