"""Read a configuration of lyuwenyu/RT-DETR, D-FINE, DEIM or RT-DETRv4, with the files of its `__include__`.

Sources: RT-DETR 068dfde6 (rtdetr_pytorch, rtdetrv2_pytorch), D-FINE 4a1f73a8, DEIM a9aa4adc, DEIMv2 0fff8d4d,
RT-DETRv4 df441226: core/yaml_utils.py (files are merged in the order in which they are read, a file after
what it includes), core/workspace.py (`num_classes` and `remap_mscoco_category` at the top come before those
of a block), the constructors of the decoders (300 queries, 80 classes), of CocoDetection
(remap_mscoco_category is False) and of the criteria, matcher.py, box_ops.py.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec

from anchoraudit.detectors._presets import preset
from anchoraudit.detectors.readers._assume import Assume
from anchoraudit.detectors.readers._based_on import based_on
from anchoraudit.detectors.readers._files import Named, named_file
from anchoraudit.detectors.readers._rt_detr_training import training_of
from anchoraudit.detectors.readers._stated import Stated, place
from anchoraudit.detectors.readers._table import Table
from anchoraudit.detectors.readers._yaml import read_yaml
from anchoraudit.detectors.spec import Classes, Detector
from anchoraudit.detectors.well_known_classes import COCO, COCO_IDS

SUFFIXES = (".yaml", ".yml")
LOOKS_FOR = "RT-DETR, D-FINE or DEIM config (.yml with __include__, num_classes or remap_mscoco_category)"

_DEEPEST = 20  # files that include each other in a chain; real ones have three
_USUAL_QUERIES, _USUAL_CLASSES = 300, 80
_REMAP = "remap_mscoco_category"
# The decoders, and the framework of those that one framework alone has.
_DECODERS = {
    "RTDETRTransformer": "",
    "RTDETRTransformerv2": "",
    "DFINETransformer": "",
    "DEIMTransformer": "Intellindust-AI-Lab/DEIMv2 0fff8d4d",
}
# The criteria: the preset whose matcher and box loss each has, and the framework if it is not the preset's.
_CRITERIA = {
    "SetCriterion": ("rt-detr", "RT-DETR 068dfde6 (rtdetr_pytorch)"),
    "RTDETRCriterion": ("rt-detr", ""),
    "RTDETRCriterionv2": ("rt-detr", ""),
    "DFINECriterion": ("d-fine", ""),
    "DEIMCriterion": ("d-fine", "ShihuaHuang95/DEIM a9aa4adc"),
    "RTv4Criterion": ("d-fine", "RT-DETRs/RT-DETRv4 df441226"),
}
_LIKE_D_FINE = "DFINETransformer", "DEIMTransformer"


def detect(path: Path, text: str) -> bool:
    """Tell whether the top level has one of the keys that only these frameworks have, or a decoder."""
    del path
    keys = "|".join(("__include__", "num_classes", _REMAP, *_DECODERS))
    return re.search(rf"^[\"']?(?:{keys})[\"']?[ \t]*:", text, re.M) is not None


def read(path: Path, text: str, assume: Assume) -> Detector:
    """Read the detector: its queries, and the size that its training pipeline stretches images to."""
    config = _merged(path, text)
    name, decoder = _decoder(config, assume)
    base, framework = _criterion(config, name, assume)
    framework = _DECODERS.get(name) or framework or preset(base).framework
    key = "num_queries"
    queries = decoder.read(key, int, _USUAL_QUERIES)
    with decoder.blame(key):
        match = msgspec.structs.replace(preset(base).match, queries=queries)
    training = training_of(config, decoder, preset(base), assume)
    detector = based_on(
        base,
        path,
        notes=training.notes,
        without=("Trained with", *_without_denoising(decoder)),
        framework=framework,
        match=match,
        resize=training.resize,
        labels=training.labels,
        loader="" if training.reads_voc else preset(base).loader,
        class_rules=_class_rules(config, training.reads_voc),
    )
    return Stated(_classes(config, decoder, path)).put_into(detector)


def classes(path: Path, text: str) -> Stated:
    """Read the count. With `remap_mscoco_category` the classes are those of MS COCO, by its own ids."""
    config = _merged(path, text)
    model = config.find("model")
    named = config.get(model) if isinstance(model, str) else None
    decoder = named.get("decoder") if isinstance(named, Table) else None
    block = config.get(decoder) if isinstance(decoder, str) else decoder
    return Stated(_classes(config, block if isinstance(block, Table) else Table(config.path), path))


def _merged(path: Path, text: str) -> Table:
    """Return the file's table over those that it includes."""
    return _with_includes(Table(str(path)), path, text, (), Named())


def _with_includes(below: Table, path: Path, text: str, above: tuple[Path, ...], files: Named) -> Table:
    """Return `below` with all that the file includes merged into it, in order, and then the file itself.

    above: the files that led here. files: those that may still be read.
    """
    own = read_yaml(path, text)
    key = "__include__"
    included = own.find(key)
    if included is not None and not isinstance(included, list):
        raise own.error(
            f"{key} is {included!r}, not a list", key, "Write a list of files: ['a.yml', 'b.yml']."
        )
    chain = (*above, path.resolve())
    for name in included or []:
        if not isinstance(name, str):
            what = "a list or a mapping" if isinstance(name, list | dict) else repr(name)
            raise own.error(f"{key} has {what}, not the path of a file", key, "Write the paths of files.")
        found, exists = named_file(path.parent, name)
        if not exists:
            raise own.error(
                f"{name!r} is missing: no file {found}", key, "Keep the included files beside it."
            )
        if found.resolve() in chain or len(chain) > _DEEPEST:
            raise own.error(f"{name!r} leads back to a file that includes it", key, "Remove the circle.")
        below = _with_includes(below, found, files.read(found), chain, files)
    return below.merged(own)


def _decoder(config: Table, assume: Assume) -> tuple[str, Table]:
    """Return the name of the model's decoder, and its block, which is empty if the file has none."""
    model = config.find("model")
    if not isinstance(model, str):
        raise config.error(
            "no model: such a file is one that a detector's config includes"
            if model is None
            else f"model is {model!r}, not the name of a block",
            "model",
            "Name the config that training is started with, such as rtdetrv2_r50vd_6x_coco.yml.",
        )
    block = config.table(model) or Table(config.path)
    named: Any = block.find("decoder")
    if isinstance(named, Table):
        name, decoder = named.text("type", "?"), named
    elif isinstance(named, str):
        name, decoder = named, config.table(named) or Table(config.path)
    else:
        raise config.error(
            f"{model}.decoder is {named!r}: without a decoder no queries are known",
            model,
            f"Replayed: {', '.join(_DECODERS)}.",
        )
    if name not in _DECODERS:
        refusal = config.error(
            f"decoder {name!r} is not replayed", f"{model}.decoder", f"Replayed: {', '.join(_DECODERS)}."
        )
        assume.that(name, "has num_queries queries, which boxes are matched to one to one", refusal)
    return name, decoder


def _criterion(config: Table, decoder: str, assume: Assume) -> tuple[str, str]:
    """Return the preset that has the criterion's matcher and box loss, and its framework or ""."""
    key = "criterion"
    name = config.text(key, "?")
    like = "d-fine" if decoder in _LIKE_D_FINE else "rt-detr"
    if name not in _CRITERIA:
        said = "no criterion" if name == "?" else f"{key} {name!r} is not replayed"
        refusal = config.error(said, key, f"Replayed: {', '.join(_CRITERIA)}.")
        assume.that(f"{key} {name}", f"matches boxes to queries as {like} does", refusal)
    matcher: Any = config.find(f"{name}.matcher") if isinstance(config.get(name), Table) else None
    kind = matcher.text("type", "?") if isinstance(matcher, Table) else matcher or "HungarianMatcher"
    if kind != "HungarianMatcher":
        where = f"{name}.matcher"
        refusal = config.error(f"{where} {kind!r} is not replayed", where, "Replayed: HungarianMatcher.")
        assume.that(f"{where} {kind}", "gives each box one query", refusal)
    return _CRITERIA.get(name, (like, ""))


def _without_denoising(decoder: Table) -> tuple[str, ...]:
    """Return the beginning of the note on denoising if the decoder has none."""
    return ("Denoising",) if decoder.find("num_denoising") == 0 else ()


def _class_rules(config: Table, reads_voc: bool) -> str:
    """Return how ids become indices; "" for a VOC data set, whose names are in a file of its own."""
    if reads_voc:
        return ""
    return "rt-detr-mscoco" if config.flag(_REMAP, False) else "rt-detr"


def _classes(config: Table, decoder: Table, path: Path) -> Classes:
    """Return the count; the one at the top is shared, and comes before the decoder's own."""
    key = "num_classes"
    owner = config if config.find(key) is not None else decoder
    count, stated_in = _USUAL_CLASSES, ""
    if owner.find(key) is not None:
        with owner.blame(key):
            count = owner.read(key, int, _USUAL_CLASSES)
            stated_in = place(*owner.place(key))
            Classes(count=count)
    if config.flag(_REMAP, False):
        where = place(*config.place(_REMAP))
        return Classes(
            names=COCO, ids=COCO_IDS, count=count, by_default=True, stated_in=f"{where} ({_REMAP})"
        )
    return Classes(count=count, by_default=not stated_in, stated_in=stated_in or path.name)
