"""Read the training pipeline of a configuration of RT-DETR, D-FINE or DEIM: size, least side, random steps.

Sources: RT-DETR 068dfde6 rtdetrv2_pytorch src/data/transforms/{_transforms,container}.py (steps, `policy`),
src/data/dataloader.py (BatchImageCollateFunction: scales), rtdetr_pytorch src/zoo/rtdetr/rtdetr.py
(multi_scale); D-FINE 4a1f73a8 src/data/dataloader.py (base_size, base_size_repeat); DEIM a9aa4adc
engine/data/dataloader.py (mixup), DEIMv2 0fff8d4d (copyblend); torchvision transforms/v2 (Resize,
SanitizeBoundingBoxes: min_size is at least 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from anchoraudit.detectors._block import LARGEST
from anchoraudit.detectors.readers._assume import Assume
from anchoraudit.detectors.readers._table import Table, Unresolved
from anchoraudit.detectors.spec import Detector, Labels, Resize

_PIPELINE = "train_dataloader.dataset.transforms.ops"
_VALIDATION = "val_dataloader.dataset.transforms.ops"
_SANITIZE = ("SanitizeBoundingBoxes", "SanitizeBoundingBox")
_RANDOM = ("Mosaic", "RandomZoomOut", "RandomIoUCrop", "RandomCrop", "RandomHorizontalFlip")
_STEPS = (
    *("Resize", *_SANITIZE, *_RANDOM),
    *("RandomPhotometricDistort", "ConvertPILImage", "ToImageTensor", "ConvertDtype", "Normalize"),
    *("EmptyTransform", "ConvertBoxes", "ConvertBox"),
)
_VOC = (
    "The loader of VOCDetection is not replayed: boxes that reach beyond their image, or with a side below "
    "min_size, are dropped in training (SanitizeBoundingBoxes)."
)
_SIZE = "Give it one step Resize with size: [height, width]."


@dataclass(frozen=True, slots=True)
class Training:
    """What the training pipeline says that concerns boxes.

    resize: how images are resized. labels: those of the preset, with the least side that a box must have.
    reads_voc: the data set class reads Pascal VOC. notes: what the replay leaves out.
    """

    resize: Resize
    labels: Labels
    reads_voc: bool
    notes: tuple[str, ...]


def training_of(config: Table, decoder: Table, base: Detector, assume: Assume) -> Training:
    """Return what the training pipeline says; what it leaves open is that of the preset `base`."""
    steps = _steps(config, _PIPELINE)
    if steps is None:
        size, least = _evaluated_at(config, decoder), 1
        notes = ["No training pipeline in the file; replayed at the size at which it evaluates."]
    else:
        size, least = _size(config, steps), _least_side(config, steps)
        notes = []
    resize, labels = base.resize, base.labels
    if size is not None:
        with config.blame(_PIPELINE):
            resize = msgspec.structs.replace(resize, height=size[0], width=size[1])
    else:
        notes = [f"Neither a training pipeline nor eval_spatial_size in the file; replayed at {resize}."]
    if least > 1:
        with config.blame(_PIPELINE):
            labels = msgspec.structs.replace(labels, least_side=least, limits_by="loader")
    reads_voc = _reads_voc(config, assume)
    notes += [_VOC] if reads_voc else []
    notes += _random(config, steps or [], resize)
    notes += _evaluation(config, decoder)
    return Training(resize, labels, reads_voc, tuple(notes))


def _steps(config: Table, key: str) -> list[Table] | None:
    """Return the steps of a pipeline; None if the file has none."""
    steps = config.find(key)
    if steps is None:
        return None
    if not isinstance(steps, list):
        raise config.error(
            f"{key} is {steps!r}, not a list", key, "List steps: {type: Resize, size: [640, 640]}."
        )
    for step in steps:
        if isinstance(step, Unresolved):
            raise step.error(key)
        if not isinstance(step, Table) or not isinstance(step.find("type"), str):
            shown = "a mapping without type" if isinstance(step, Table) else repr(step)
            raise config.error(f"{key} has {shown[:60]}", key, "Write each step as {type: NAME, ...}.")
    return steps


def _named(steps: list[Table], *names: str) -> list[int]:
    """Return the positions of the steps of these types."""
    return [number for number, step in enumerate(steps) if step["type"] in names]


def _size(config: Table, steps: list[Table]) -> tuple[int, int]:
    """Return height and width to which the pipeline stretches images, in pixels."""
    if padding := _named(steps, "PadToSize"):
        raise steps[padding[0]].error("PadToSize is not replayed", "type", _SIZE)
    found = _named(steps, "Resize")
    if len(found) != 1:
        count = "no step Resize" if not found else f"{len(found)} steps Resize"
        raise config.error(f"{_PIPELINE} has {count}, so no size is known", _PIPELINE, _SIZE)
    return _sides(steps[found[0]], "size", _SIZE)


def _sides(table: Table, key: str, remedy: str) -> tuple[int, int]:
    """Return the two whole numbers at a key, height first."""
    value: Any = table.find(key)
    whole = isinstance(value, list) and all(type(side) is int and 1 <= side <= LARGEST for side in value)
    if not whole or len(value) != 2:
        shown = "missing" if value is None else str(value)[:40]
        raise table.error(
            f"{key} is {shown}; replayed is a pair [height, width], 1 to {LARGEST} px", key, remedy
        )
    return value[0], value[1]


def _least_side(config: Table, steps: list[Table]) -> int:
    """Return the least side of a box in pixels, before and after the resize alike."""
    resize = _named(steps, "Resize")[0]
    places = _named(steps, *_SANITIZE)
    if not places or not places[0] < resize < places[-1]:
        missing = "after" if places and places[0] < resize else "before"
        raise config.error(
            f"{_PIPELINE} has no SanitizeBoundingBoxes {missing} Resize, and is replayed only with both",
            _PIPELINE,
            "Write {type: SanitizeBoundingBoxes, min_size: 1} there, as the framework's own files have it.",
        )
    sides: list[int] = []
    for step in (steps[number] for number in places):
        if odd := sorted(set(step) - {"type", "min_size"}):
            raise step.error(f"{odd[0]} of {step['type']} is not replayed", odd[0], "Leave it out.")
        least = step.find("min_size", 1)
        whole = isinstance(least, int | float) and not isinstance(least, bool) and least == int(least)
        if not whole or not 1 <= least <= LARGEST:
            raise step.error(
                f"min_size is {least!r}; it must be a whole number, 1 to {LARGEST} px", "min_size", "Fix it."
            )
        sides.append(int(least))
    if len(set(sides)) > 1:
        listed = " and ".join(map(str, sides))
        raise config.error(
            f"min_size of SanitizeBoundingBoxes is {listed}; replayed is one size before and after Resize",
            _PIPELINE,
            "Write the same min_size in all of them.",
        )
    return sides[0]


def _random(config: Table, steps: list[Table], resize: Resize) -> list[str]:
    """Return notes on what training draws at random, and on steps that are not the framework's."""
    drawn = [step["type"] for step in steps if step["type"] in _RANDOM]
    notes: list[str] = []
    if drawn:
        notes.append(f"Trained with {', '.join(drawn)}; the replay stretches whole images to {resize}.")
    sides = _drawn_sides(config)
    if len(set(sides)) > 1:
        notes.append(
            f"Training draws the side of each batch, {min(sides)} to {max(sides)} px; the replay does not."
        )
    batch = config.find("train_dataloader.collate_fn")
    keys = {"mixup_prob": "MixUp", "copyblend_prob": "CopyBlend"}
    read = batch.number if isinstance(batch, Table) else lambda key, default: default
    mixed = ["Mosaic"] * ("Mosaic" in drawn) + [name for key, name in keys.items() if read(key, 0.0) > 0]
    if mixed:
        notes.append(
            f"{' and '.join(mixed)} {'puts' if len(mixed) == 1 else 'put'} boxes of several images into one, "
            "which then needs more queries; the replay judges each image alone."
        )
    unknown = sorted({step["type"] for step in steps} - set(_STEPS))
    return [*notes, *(f"{name} is not a step of the framework, and is not replayed." for name in unknown)]


def _drawn_sides(config: Table) -> tuple[int, ...]:
    """Return the sides from which training draws that of each batch; () if it draws none."""
    model = config.find("model")
    block = config.get(model) if isinstance(model, str) else None
    drawn = block.find("multi_scale") if isinstance(block, Table) else None
    if isinstance(drawn, list):  # RT-DETR, first version
        return tuple(side for side in drawn if isinstance(side, int))
    batch = config.find("train_dataloader.collate_fn")
    if not isinstance(batch, Table):
        return ()
    if isinstance(scales := batch.find("scales"), list):  # RT-DETRv2
        return tuple(side for side in scales if isinstance(side, int))
    if batch.find("base_size_repeat") is None:
        return ()
    side = batch.read("base_size", int, 640)
    least, most = (int(side * share / 32) * 32 for share in (0.75, 1.25))
    steps = range(max(0, (side - least) // 32))
    return (*(least + 32 * step for step in steps), side, *(most - 32 * step for step in steps))


def _evaluated_at(config: Table, decoder: Table) -> tuple[int, int] | None:
    """Return height and width of the images that the model evaluates; None if the file states neither."""
    key = "eval_spatial_size"
    owner = config if key in config else decoder
    return None if owner.find(key) is None else _sides(owner, key, "Write eval_spatial_size: [640, 640].")


def _evaluation(config: Table, decoder: Table) -> list[str]:
    """Return a note if the model evaluates at another size than that which validation images get."""
    steps = _steps(config, _VALIDATION) or []
    found, size = _named(steps, "Resize"), _evaluated_at(config, decoder)
    if len(found) != 1 or size is None:
        return []
    given = _sides(steps[found[0]], "size", _SIZE)
    if given == size:
        return []
    return [
        f"eval_spatial_size is {list(size)}, but val_dataloader resizes to {list(given)}: "
        "the first evaluation raises a RuntimeError. Give both one size."
    ]


def _reads_voc(config: Table, assume: Assume) -> bool:
    """Tell whether training reads Pascal VOC, and not a COCO file."""
    key = "train_dataloader.dataset.type"
    kind = config.text(key, "CocoDetection")
    if kind not in ("CocoDetection", "VOCDetection"):
        refusal = config.error(
            f"data set class {kind!r} is not replayed", key, "Replayed: CocoDetection, VOCDetection."
        )
        assume.that(kind, "hands over boxes as CocoDetection does", refusal)
    return kind == "VOCDetection"
