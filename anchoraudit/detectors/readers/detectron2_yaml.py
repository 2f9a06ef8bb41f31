"""Read a configuration YAML of facebookresearch/detectron2, with its `_BASE_` files.

Sources: detectron2 config/config.py and fvcore common/config.py (`_BASE_`, tags), config/defaults.py (default
values), modeling/anchor_generator.py (`_broadcast_params`), modeling/proposal_generator/rpn.py,
modeling/meta_arch/retinanet.py. As in detectron2, a text such as `(800, 1333)` is read as a tuple.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec

from anchoraudit.detectors._presets import preset
from anchoraudit.detectors.readers._assume import Assume
from anchoraudit.detectors.readers._based_on import based_on
from anchoraudit.detectors.readers._files import named_file, read_text
from anchoraudit.detectors.readers._stated import Stated, place
from anchoraudit.detectors.readers._table import Table
from anchoraudit.detectors.readers._yaml import read_yaml
from anchoraudit.detectors.spec import Anchors, Border, Classes, Detector, Level, Loading, Match, Resize
from anchoraudit.io.expressions import NotResolvedError, evaluate

SUFFIXES = (".yaml", ".yml")
LOOKS_FOR = "detectron2 config (.yaml with MODEL or _BASE_)"

_ARCHITECTURES = ("GeneralizedRCNN", "ProposalNetwork", "PanopticFPN", "RetinaNet")
# Names of classes that are known to differ, so that --assume-standard does not help.
_NOT_STANDARD = {
    "SemanticSegmentor": "it labels pixels, not boxes",
    "FCOS": "only a lazy config (.py) builds detectron2's FCOS; name that, or preset detectron2-fcos",
    "PrecomputedProposals": "it takes proposals from a file, and no anchors are matched",
    "RRPN": "its anchors are rotated",
    "RotatedAnchorGenerator": "its anchors are rotated",
}
# The number of classes that an architecture uses; a ProposalNetwork has none.
_COUNTED_IN = {
    "GeneralizedRCNN": "MODEL.ROI_HEADS.NUM_CLASSES",
    "PanopticFPN": "MODEL.ROI_HEADS.NUM_CLASSES",
    "RetinaNet": "MODEL.RETINANET.NUM_CLASSES",
}
_USUAL_COUNT = 80  # config/defaults.py, of both heads
_DEEPEST = 20  # files in a chain of bases, far more than real configs have


def detect(path: Path, text: str) -> bool:
    """Tell whether the top level has MODEL or _BASE_."""
    del path
    return bool(re.search(r"^[\"']?(MODEL|_BASE_)[\"']?\s*:", text, re.M))


def read(path: Path, text: str, assume: Assume) -> Detector:
    """Read the detector. A value in neither the file nor its bases is detectron2's default."""
    return read_table(path, _with_bases(path, text, ()), assume)


def read_table(path: Path, config: Table, assume: Assume, *, read_from: str = "") -> Detector:
    """Read the detector of a configuration. path, read_from: as `based_on` takes them."""
    retinanet = _is_retinanet(config, assume)
    pyramid = "fpn" in config.text("MODEL.BACKBONE.NAME", "build_resnet_backbone").lower()
    if not retinanet:
        _require(config, "MODEL.PROPOSAL_GENERATOR.NAME", ("RPN",), "RPN", assume)
    name = "detectron2-retinanet" if retinanet else f"detectron2-rpn_{'fpn' if pyramid else 'c4'}"
    base = preset(name)
    resize, notes = resize_of(config, base.resize)
    return based_on(
        name,
        path,
        notes=notes,
        read_from=read_from,
        resize=resize,
        anchors=_anchors(config, base.anchors, assume, retinanet=retinanet, pyramid=pyramid),
        border=_border(config, base.border, retinanet=retinanet),
        match=_match(config, base.match, retinanet=retinanet),
        loading=_loading(config),
        classes=_classes(config),
    )


def _loading(config: Table) -> Loading:
    """Read whether images without annotations stay. Source: detectron2 data/build.py."""
    key = "DATALOADER.FILTER_EMPTY_ANNOTATIONS"
    if config.find(key) is None:
        return Loading()
    return Loading(blank="dropped" if config.flag(key, True) else "kept")


def classes(path: Path, text: str) -> Stated:
    """Read the number of classes, of the head that META_ARCHITECTURE uses."""
    config = _with_bases(path, text, ())
    found = _classes(config)
    if found.is_silent:
        key = "MODEL.META_ARCHITECTURE"
        raise config.error(
            f"{key} {config.text(key, _ARCHITECTURES[0])!r}: unknown which NUM_CLASSES it uses, or if any",
            key,
            "Give a file that lists the names of the classes, or one of an architecture of detectron2.",
        )
    return Stated(found)


def _classes(config: Table) -> Classes:
    """Return the number of classes, without background. The names are in code, and not in such a file.

    An RPN alone has none. Of an architecture that is not detectron2's, the only NUM_CLASSES there counts.
    """
    architecture = config.text("MODEL.META_ARCHITECTURE", _ARCHITECTURES[0])
    key = _COUNTED_IN.get(architecture, "")
    if architecture not in _ARCHITECTURES:
        model = config.table("MODEL") or Table(config.path)
        parts = [name for name, part in model.items() if isinstance(part, Table) and "NUM_CLASSES" in part]
        boxes = [name for name in parts if name != "SEM_SEG_HEAD"]
        one = len(boxes) == 1 and architecture != "SemanticSegmentor"
        key = f"MODEL.{boxes[0]}.NUM_CLASSES" if one else ""
    if not key:
        return Classes()
    if config.find(key) is None:
        stated_in = f"{Path(config.path).name}, without {key}"
        return Classes(count=_USUAL_COUNT, by_default=True, stated_in=stated_in)
    with config.blame(key):
        return Classes(count=config.read(key, int, 0), stated_in=place(*config.place(key)))


def _is_retinanet(config: Table, assume: Assume) -> bool:
    """Tell whether the anchors are RetinaNet's rather than an RPN's."""
    key = "MODEL.META_ARCHITECTURE"
    architecture = config.text(key, "GeneralizedRCNN")
    if architecture in _ARCHITECTURES:
        return architecture == "RetinaNet"
    standard = _standard(config)
    _require(config, key, _ARCHITECTURES, standard or "RPN or RetinaNet", assume)
    if standard is None:
        raise config.error(
            f"{key} {architecture!r}: unknown whether its anchors are those of an RPN or of RetinaNet",
            key,
            "Set keys of MODEL.RPN or of MODEL.RETINANET, not of both; or name GeneralizedRCNN or RetinaNet.",
        )
    return standard == "RetinaNet"


def _standard(config: Table) -> str | None:
    """Return "RPN" or "RetinaNet", whichever has keys in the file; None if both have, or neither."""
    if "retinanet" in config.text("MODEL.BACKBONE.NAME", "").lower():
        return "RetinaNet"
    rpn = any(config.find(f"MODEL.{part}") is not None for part in ("RPN", "PROPOSAL_GENERATOR"))
    retinanet = config.find("MODEL.RETINANET") is not None
    return None if rpn == retinanet else "RPN" if rpn else "RetinaNet"


def _require(config: Table, key: str, replayed: tuple[str, ...], standard: str, assume: Assume) -> None:
    """Check that the name at `key` is in `replayed`, else assume that it is like `standard`, or raise.

    replayed: the names that are replayed; the first is the default.
    """
    name = config.text(key, replayed[0])
    if name in replayed:
        return
    why = f": {_NOT_STANDARD[name]}" if name in _NOT_STANDARD else ""
    refusal = config.error(f"{key} {name!r} is not replayed{why}", key, f"Replayed: {', '.join(replayed)}.")
    if why:
        raise refusal
    assume.anchors(f"{key} {name!r}", f"detectron2's {standard}", refusal)


def _with_bases(path: Path, text: str, above: tuple[Path, ...]) -> Table:
    """Return the file's table merged over that of its `_BASE_`."""
    table = read_yaml(path, text)
    _decode(table)
    name = table.find("_BASE_")
    if name is None:
        return table
    if not isinstance(name, str) or re.match(r"\w+://", name):
        raise table.error(f"_BASE_ {name!r} is not a local file", "_BASE_", "Name a file.")
    base, exists = named_file(path.parent, name)
    if not exists:
        raise table.error(
            f"_BASE_ {name!r} is missing: no file {base}",
            "_BASE_",
            "Keep the base files beside it as in detectron2/configs, or write the full path.",
        )
    chain = (*above, path.resolve())
    if base.resolve() in chain or len(chain) > _DEEPEST:
        raise table.error(
            f"_BASE_ {name!r} leads back to a file that names it", "_BASE_", "Remove the circle."
        )
    return _with_bases(base, read_text(base), chain).merged(table)


def _decode(table: Table) -> None:
    """Turn texts that are Python lists or tuples into lists, as yacs does."""
    for key, value in table.items():
        if isinstance(value, Table):
            _decode(value)
        elif isinstance(value, str) and value.strip()[:1] in ("(", "["):
            try:
                table[key] = evaluate(value)
            except (NotResolvedError, SyntaxError):
                continue


def _anchors(config: Table, base: Anchors, assume: Assume, *, retinanet: bool, pyramid: bool) -> Anchors:
    default = "DefaultAnchorGenerator"
    _require(config, "MODEL.ANCHOR_GENERATOR.NAME", (default,), default, assume)
    key = "MODEL.RETINANET.IN_FEATURES" if retinanet else "MODEL.RPN.IN_FEATURES"
    usual = ("p3", "p4", "p5", "p6", "p7") if retinanet else ("res4",)
    features = config.read(key, tuple[str, ...], usual)
    if not pyramid:
        outputs = config.read("MODEL.RESNETS.OUT_FEATURES", tuple[str, ...], ("res4",))
        if missing := [name for name in features if name not in outputs]:
            raise config.error(f"{key} {missing[0]!r} is not in MODEL.RESNETS.OUT_FEATURES", key)
    strides = [_stride(config, key, name) for name in features]
    sizes = config.rows("MODEL.ANCHOR_GENERATOR.SIZES", ((32.0, 64.0, 128.0, 256.0, 512.0),))
    ratios = config.rows("MODEL.ANCHOR_GENERATOR.ASPECT_RATIOS", ((0.5, 1.0, 2.0),))
    offset = config.number("MODEL.ANCHOR_GENERATOR.OFFSET", 0.0)
    each = []
    for name, rows in (("SIZES", sizes), ("ASPECT_RATIOS", ratios)):
        if len(rows) not in (1, len(strides)):
            where = f"MODEL.ANCHOR_GENERATOR.{name}"
            raise config.error(f"{where} has {len(rows)} lists for {len(strides)} features", where)
        each.append(rows if len(rows) == len(strides) else rows * len(strides))
    with config.blame("MODEL.ANCHOR_GENERATOR.SIZES"):
        levels = tuple(
            Level(stride=stride, offset=offset * stride, sizes=size, ratios=ratio)
            for stride, size, ratio in zip(strides, *each, strict=True)
        )
        return msgspec.structs.replace(base, levels=levels)


def _stride(config: Table, key: str, name: str) -> float:
    number = re.fullmatch(r"(?:p|res)([2-7])", name)
    if not number:
        raise config.error(f"{key}: unknown stride of {name!r}", key, "Use p2 to p7, or res2 to res5.")
    if name == "res5" and config.number("MODEL.RESNETS.RES5_DILATION", 1) == 2:
        return 16.0
    return float(2 ** int(number[1]))


def _border(config: Table, base: Border, *, retinanet: bool) -> Border:
    key = "MODEL.RPN.BOUNDARY_THRESH"
    margin = -1.0 if retinanet else config.number(key, -1.0)
    if margin < 0:
        return msgspec.structs.replace(base, margin="off")
    with config.blame(key):
        return Border(margin=margin, against="image", low_inclusive=True, stage="after")


def _match(config: Table, base: Match, *, retinanet: bool) -> Match:
    part = "MODEL.RETINANET" if retinanet else "MODEL.RPN"
    thresholds = config.numbers(f"{part}.IOU_THRESHOLDS", (0.4, 0.5) if retinanet else (0.3, 0.7))
    labels = config.numbers(f"{part}.IOU_LABELS", (0, -1, 1))
    if len(thresholds) == 1 and labels == (0, 1):
        thresholds = thresholds * 2
    elif len(thresholds) != 2 or labels != (0, -1, 1):
        key = f"{part}.IOU_THRESHOLDS"
        raise config.error(
            f"{key} and IOU_LABELS: only two thresholds with labels 0, -1, 1 are replayed", key
        )
    with config.blame(f"{part}.IOU_THRESHOLDS"):
        return msgspec.structs.replace(base, negative=thresholds[0], positive=thresholds[1])


def resize_of(config: Table, base: Resize) -> tuple[Resize, tuple[str, ...]]:
    """Return the resize with the largest shorter side of MIN_SIZE_TRAIN; training draws one at random."""
    key = "INPUT.MIN_SIZE_TRAIN"
    given = config.find(key)
    one = isinstance(given, int | float)
    sides = (config.read(key, int, 800),) if one else config.read(key, tuple[int, ...], (800,))
    cap = config.read("INPUT.MAX_SIZE_TRAIN", int, 1333)
    changes: dict[str, Any] = {"kind": "short_side", "side": max(sides, default=0), "cap": cap}
    with config.blame(key):
        resize = msgspec.structs.replace(base, **changes)
    notes: tuple[str, ...] = ()
    if len(set(sides)) > 1:
        how = config.text(f"{key}_SAMPLING", "choice")
        listed = ", ".join(f"{side:g}" for side in sides)
        notes += (f"training draws the shorter side ({how} of {listed}); replayed at {max(sides):g}",)
    if config.flag("INPUT.CROP.ENABLED", False):
        notes += ("training crops at random (INPUT.CROP); the replay does not",)
    return resize, notes
