"""Mutants: files of one kind, one or some of them mutated, and commands to run on what came of it."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from anchoraudit import cli
from anchoraudit.classes import class_rules_names
from anchoraudit.detectors import load_detector, preset_names
from anchoraudit.images.found import is_image_name
from tests import originals
from tests.conftest import SAMPLE, SHARED
from tests.mutations import Dice, mutate, mutate_bytes
from tests.originals import sample


@dataclass
class Mutant:
    """Files by name (links where the value is a path), and commands to run beside them, in this order.

    named: what a refusal may name: the mutated files, and the data set.
    """

    name: str
    files: dict[str, bytes | Path]
    commands: list[list[str]]
    named: list[str] = field(default_factory=list)


def make(name: str) -> Mutant:
    """Make the mutant of that name, the same every time."""
    kind, _, number = name.partition(":")
    if kind not in KINDS or not number.isdigit():
        raise ValueError(f"no mutant {name!r}: KIND:NUMBER, with a kind of {', '.join(KINDS)}")
    return KINDS[kind](name, random.Random(name))


def of_today() -> int:
    """The seed of today: its number, in universal time."""
    return datetime.now(UTC).date().toordinal()


def names(count: int, seed: int = 0) -> list[str]:
    """The first `count` names of a campaign, kinds in proportion to their weights.

    seed: another gives other mutants. It is in the names, so that a name is all that is needed to repeat one.
    """
    weighted = [kind for kind, weight in _WEIGHTS.items() if kind in kinds() for _ in range(weight)]
    counters: Counter[str] = Counter()
    found = []
    for i in range(count):
        kind = weighted[i * 7 % len(weighted)] if len(weighted) % 7 else weighted[i % len(weighted)]
        counters[kind] += 1
        found.append(f"{kind}:{seed * 10_000_000 + counters[kind]}")
    return found


@cache
def kinds() -> tuple[str, ...]:
    """The kinds of which there are originals here."""
    there = {
        "coco38": (SHARED / "data/coco38").is_dir(),
        "bccd": (SHARED / "data/bccd").is_dir(),
        "labelformat": bool(originals.by_labelformat()),
    }
    return tuple(kind for kind in KINDS if there.get(kind, True))


def _coco(name: str, dice: Dice) -> Mutant:
    original = SAMPLE / "coco/annotations/instances_train.json"
    return _of_data(
        name, dice, {"ds/annotations/instances_train.json": original}, SAMPLE / "coco/images", "ds/images"
    )


def _coco38(name: str, dice: Dice) -> Mutant:
    files = sorted((SHARED / "data/coco38/annotations").iterdir())
    return _of_data(name, dice, {"ds/annotations/instances_val.json": dice.choice(files)})


def _voc(name: str, dice: Dice) -> Mutant:
    folder = SAMPLE / "voc"
    chosen = dice.sample(sorted((folder / "Annotations").iterdir()), dice.choice([2, 3, 8]))
    files = {f"ds/Annotations/{path.name}": path for path in chosen}
    if dice.random() < 0.5:
        files["ds/ImageSets/Main/train.txt"] = folder / "ImageSets/Main/train.txt"
    return _of_data(name, dice, files, folder / "JPEGImages", "ds/JPEGImages")


def _bccd(name: str, dice: Dice) -> Mutant:
    chosen = dice.sample(originals.bccd_files(), 4)
    return _of_data(name, dice, {f"ds/Annotations/{path.name}": path for path in chosen})


def _yolo(name: str, dice: Dice) -> Mutant:
    labels = originals.yolo_labels()
    chosen = dice.sample(sorted(labels), 3)
    files: dict[str, Any] = {f"ds/labels/train/{stem}.txt": labels[stem] for stem in chosen}
    files["ds/data.yaml"] = originals.DATA_YAML
    links = {f"ds/images/train/{stem}.jpg": SAMPLE / f"voc/JPEGImages/{stem}.jpg" for stem in chosen}
    mutant = _of_data(name, dice, files)
    mutant.files.update(links)
    return mutant


def _table(name: str, dice: Dice) -> Mutant:
    tables = originals.tables()
    file = dice.choice(sorted(tables))
    ds = f"ds/{file}"
    files: dict[str, bytes | Path] = {ds: mutate(file, tables[file], dice)}
    if dice.random() < 0.7:
        files["ds/images"] = SAMPLE / "voc/JPEGImages"
    return Mutant(name, files, _commands(dice, ds), ["ds"])


def _labelformat(name: str, dice: Dice) -> Mutant:
    """Labelbox, which is known by its file, not by its folder."""
    _, own = _one_of(originals.by_labelformat(), dice)
    mutant = _of_data(name, dice, {f"ds/{file}": content for file, content in own.items()})
    mutant.commands = _commands(dice, next(iter(mutant.files)))
    return mutant


def _format(name: str, dice: Dice) -> Mutant:
    """The example of a format, of which there are many more than kinds of mutants."""
    _, own = _one_of(originals.examples(), dice)
    texts = {f"ds/{file}": content for file, content in own.items() if not is_image_name(file)}
    mutant = _of_data(name, dice, texts)
    mutant.files |= {f"ds/{file}": content for file, content in own.items() if is_image_name(file)}
    return mutant


def _of_data(
    name: str, dice: Dice, sources: dict[str, Any], images: Path | None = None, beside: str = ""
) -> Mutant:
    """A data set `ds` of which some files are mutated."""
    files: dict[str, Any] = {n: s if isinstance(s, bytes) else s.read_bytes() for n, s in sources.items()}
    _mutated(files, dice)
    if images is not None:
        files[beside] = images
    return Mutant(name, files, _commands(dice), ["ds"])


def _picture(name: str, dice: Dice) -> Mutant:
    """A data set that declares no sizes, one of its images mutated."""
    suffix, picture = dice.choice(originals.pictures())
    file = f"ds/images/a{suffix}"
    data = mutate_bytes(picture, dice)
    document = {
        "images": [{"id": 1, "file_name": f"a{suffix}"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [9, 9, 80, 90]}],
        "categories": [{"id": 1, "name": "cat"}],
    }
    commands = [
        ["scan", "ds", "--images", dice.choice(["header", "decode", "decode"]), "--output-format", "json"]
    ]
    if dice.random() < 0.3:
        commands.append(["explain", "1", "ds", "-o", "drawn.png"])
    if dice.random() < 0.3:
        commands.append(["filter", "ds", "-o", "clean.json"])
    return Mutant(name, {file: data, "ds/a.json": json.dumps(document).encode()}, commands, ["ds"])


def _detector(name: str, dice: Dice) -> Mutant:
    """A detector's file, or one of those beside it, mutated."""
    file, own = _one_of(originals.detector_files(), dice)
    changed = _mutated(own, dice)
    more = dice.choice(
        [
            ["scan", "ds", "--detector", file, "--output-format", dice.choice(output_formats())],
            ["scan", "ds", "--detector", file, "--counts", "--output-format", "json"],
            ["scan", "ds", "--detector", file, "--classes", file, "--assume-standard"],
            ["compare", "ds", "--detector", file, "--detector", "reference"],
            ["explain", "1", "ds", "--detector", file],
            ["cluster", "ds", "--k", "2", "--detector", file],
            ["filter", "ds", "-o", "clean.json", "--detector", file],
        ]
    )
    return Mutant(name, {**own, **sample()}, [["detectors", "show", file], more], [*changed, file, "ds"])


def _classes(name: str, dice: Dice) -> Mutant:
    """A file of classes, or one that it names, mutated."""
    file, own = _one_of(originals.class_files(), dice)
    changed = _mutated(own, dice)
    rules = ["--class-rules", dice.choice(class_rules_names())] if dice.random() < 0.5 else []
    command = ["scan", "ds", "--classes", file, "--output-format", dice.choice(output_formats()), *rules]
    return Mutant(name, {**own, **sample()}, [command], [*changed, file, "ds"])


def _one_of(groups: dict[str, originals.Group], dice: Dice) -> tuple[str, originals.Group]:
    file, own = dice.choice(sorted(groups.items()))
    return file, dict(own)


def _mutated(files: dict[str, bytes], dice: Dice) -> list[str]:
    """Mutate one or more of the files in place; return their names."""
    changed = dice.sample(sorted(files), min(dice.choice([1, 1, 1, 2, len(files)]), len(files)))
    for file in changed:
        files[file] = mutate(file, files[file], dice)
    return changed


def _settings(name: str, dice: Dice) -> Mutant:
    file = dice.choice(["anchoraudit.toml", "pyproject.toml", ".anchoraudit/last-scan.json"])
    text = "\n".join(
        line for line in originals.SETTINGS.splitlines() if dice.random() < 0.8 or line.startswith("[rules")
    )
    data = text.encode()
    if file == "pyproject.toml":
        data = b"[tool.anchoraudit]\n" + data.replace(b"[rules.", b"[tool.anchoraudit.rules.")
    elif file.endswith(".json"):
        data = json.dumps(
            {"dataset": "ds", "detector": "reference", "positive-iou": 0.5, "split": ["train"]}
        ).encode()
    commands = [["scan", "--output-format", "json"], dice.choice([["cluster", "--k", "2"], ["explain", "1"]])]
    named = [Path(file).name, "as in the last scan", "ds"]
    return Mutant(name, {file: mutate(file, data, dice), **sample()}, commands, named)


def _anchors(name: str, dice: Dice) -> Mutant:
    file = dice.choice(sorted(originals.ANCHORS))
    command = [*dice.choice([["scan", "ds"], ["explain", "1", "ds"]]), "--anchors", file]
    return Mutant(
        name, {file: mutate(file, originals.ANCHORS[file], dice), **sample()}, [command], [file, "ds"]
    )


def _baseline(name: str, dice: Dice) -> Mutant:
    data = mutate("b.json", originals.written_baseline(), dice)
    command = ["scan", "ds", "--baseline", "b.json", "--output-format", dice.choice(output_formats())]
    return Mutant(name, {"b.json": data, **sample()}, [command], ["b.json", "ds"])


def _choices(command: str, option: str) -> list[str]:
    """The values that an option of a command can have."""
    found = cli.cli.get_command(None, command)  # type: ignore[arg-type]
    assert found is not None
    (parameter,) = (p for p in found.params if option in p.opts)
    return list(parameter.type.choices)  # type: ignore[attr-defined]


@cache
def output_formats() -> list[str]:
    """What --output-format of scan takes, but for html: that takes a second, and has mutants of its own."""
    return [name for name in _choices("scan", "--output-format") if name != "html"]


@cache
def _loaders() -> list[str]:
    from anchoraudit.loaders import loader_names

    return list(loader_names())


@cache
def _with_anchors() -> list[str]:
    """The presets that anchors can be clustered for."""
    return [name for name in preset_names() if load_detector(name).match.depends_on_anchors]


@cache
def _frameworks() -> list[str]:
    """What --for of cluster takes."""
    return _choices("cluster", "--for")


@cache
def _exports() -> list[str]:
    """What --to of export takes."""
    return _choices("export", "--to")


def _commands(dice: Dice, ds: str = "ds") -> list[list[str]]:
    """A scan, and often one more command, for the data set `ds`."""
    preset, anchored = dice.choice(preset_names()), dice.choice(_with_anchors())
    extra = [
        *([], [], ["--counts"], ["--images", "none"], ["--images", "decode"], ["--unlisted"], ["-q"]),
        *(["--voc-offset", "-1"], ["--drop-difficult"], ["--allowed-border", "off"], ["--input-size", "640"]),
        *(["--limit", "2"], ["--fail-on", "warning"], ["--select", "BOX,ANC"], ["--allow-blank"]),
        *(["--detector", preset], ["--loader", dice.choice(_loaders())], ["--detector", "none"], ["-v"]),
        ["--export-images", "i.csv", "--export-boxes", "b.csv"],
        ["--export-images", "i.parquet", "--export-boxes", "b.parquet"],
        ["--counts", "--detector", preset],
        ["--baseline", "known.json", "--write-baseline"],
        ["--augment", dice.choice(["flip", "scale=0.5..1.5,translate=0.1", "crop=0.3..1"]), "--draws", "4"],
        ["--box-convention", dice.choice(["xywh", "xyxy", "cxcywh"])],
    ]
    scan = ["scan", ds, "--output-format", dice.choice(output_formats()), *dice.choice(extra)]
    if dice.random() < 0.45:
        return [scan]
    if dice.random() < 0.05:
        return [scan, dice.choice(_slow(dice, ds, preset, anchored))]
    clean = ["filter", ds, "-o", "clean.json"]
    fixes = dice.choice(["--fix", "--unsafe-fixes"])
    others = [
        *(clean, [*clean, "--detector", preset], [*clean, "--dropped", "gone.csv"], [*clean, "--keep-blank"]),
        *([*clean, fixes], [*clean, fixes, "--dropped", "gone.csv"]),
        *(["filter", ds, "--diff"], ["filter", ds, "--diff", fixes, "--detector", preset]),
        ["filter", ds, "-o", "kept.txt"],
        ["cluster", ds, "--k", "2"],
        ["cluster", ds, "--k", "1..3", "--output-format", "json", "--detector", anchored],
        ["explain", dice.choice(["1", "2", "sofa_king"]), ds, "--detector", preset],
        *(["explain", "1", ds, "-o", "x.png"], ["explain", "1", ds, "--output-format", "json"], ["scan", ds]),
        ["compare", ds, "--detector", "reference", "--detector", preset],
        ["compare", ds, "--detector", preset, "--detector", "yolov5", "--output-format", "csv"],
        ["compare", ds, "--loaders", "--output-format", dice.choice(["text", "json", "csv"])],
        ["export", ds, "--to", dice.choice(_exports()), "-o", "out"],
    ]
    return [scan, dice.choice(others)]


def _slow(dice: Dice, ds: str, preset: str, anchored: str) -> list[list[str]]:
    """Commands that search, and take as long as a dozen others."""
    foreground = ["--objective", "foreground", "--time-limit", "0.2", "--detector", anchored]
    return [
        ["advise", ds],
        ["advise", ds, "--detector", preset, "--output-format", "json"],
        ["cluster", ds, "--k", "6", *foreground],
        ["cluster", ds, "--k", "3", "--for", dice.choice(_frameworks())],
    ]


KINDS: dict[str, Callable[[str, Dice], Mutant]] = {
    "coco": _coco,
    "coco38": _coco38,
    "voc": _voc,
    "bccd": _bccd,
    "yolo": _yolo,
    "table": _table,
    "labelformat": _labelformat,
    "format": _format,
    "picture": _picture,
    "detector": _detector,
    "classes": _classes,
    "settings": _settings,
    "anchors": _anchors,
    "baseline": _baseline,
}
# How often each comes, by what there is to break.
_WEIGHTS = {"coco": 24, "coco38": 6, "voc": 18, "bccd": 5, "yolo": 9, "table": 7, "labelformat": 2}
_WEIGHTS |= {"format": 18}
_WEIGHTS |= {"picture": 7, "detector": 18, "classes": 9, "settings": 6, "anchors": 4, "baseline": 3}


def preload() -> None:
    """Make what mutants are made of, once a process."""
    originals.pictures(), originals.detector_files(), originals.class_files(), originals.tables()
    originals.written_baseline(), originals.by_labelformat(), originals.examples()
