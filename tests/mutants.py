"""Mutants of real files: a few bytes, values or lines changed, and commands to run on what came of it."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import math
import random
import re
import tempfile
import textwrap
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from anchoraudit import cli
from anchoraudit.detectors import load_detector, preset_names
from anchoraudit.formats import format_names
from tests import test_detector_files as texts_of
from tests.builders import run
from tests.conftest import SAMPLE, SHARED

Dice = random.Random

DEEP, HUGE = "<<deep>>", "<<huge>>"  # stand-ins for what no encoder writes
_LONG = "x" * 100_000
NUMBERS = [0, -1, 1, 2, 0.5, -0.0, 1e-320, 1e308, -1e308, 2**31, 2**53 + 1, 2**63, -(2**63) - 1, 10**400]
TEXTS = [
    *("", " ", "7", "-3", "1e3", "NaN", "nan", "inf", "null", "\x1b[31mred", "\u202egpj.exe", "a\nb"),
    *(
        "a\0b",
        "a\tb",
        "\ud800",
        "\udcff",
        "\ufeff",
        "ß",
        "İ",
        "é",
        "🐈",
        "x" * 300,
        _LONG,
        "../../../etc/passwd",
    ),
    *(
        "/dev/zero",
        "/etc/passwd",
        "C:\\x.jpg",
        ".",
        "..",
        "a/../b.jpg",
        "%s%n{}",
        "${x}",
        "::error::x",
        "=1+1",
    ),
    *("<b>", "]]>", '"', "'", "`|`", "[a](b)", "\\u202e", "con.jpg"),
]
VALUES: list[Any] = [
    *NUMBERS,
    *TEXTS,
    *(None, True, False, math.nan, math.inf, -math.inf, [], {}, [[]], [None], {"id": 1}, [1, 2, 3, 4]),
    *([1e308] * 4, [0, 0, 0, 0], [-5, -5, 10, 10], [10, 10, -5, -5], [[1, 1, 9, 1, 9, 9]], DEEP, HUGE),
]
TOKENS = [
    *b'null true NaN -Infinity 1e999 -1 0 1e308 1e-320 "" "7" [] {} "\xff" "\\ud800" } ] , " \\ \x00'.split(),
    *b"<!DOCTYPE <![CDATA[ ]]> --> <object> </object> &amp; &x; <?x?> &#0; &#x1F;".split(),
    *b"{ [ ( ' = : - # \xef\xbb\xbf".split(),
    *b"9223372036854775808 0x10 1_000 08 1e 2024-01-01 !!python/object/apply:os.system *a &a <<: 0/0".split(),
    *(b"\n", b"\r\n", b"\t", b"\x1b[31m", b"\xe2\x80\xae", b"\xc3", b"\xed\xa0\x80", b"9" * 400, b"9" * 5000),
]
_WORD = re.compile(rb"[A-Za-z_]\w*|-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|[^\w\s]")


def mutate_bytes(data: bytes, dice: Dice) -> bytes:
    """Flip, cut off, double, move or lose some bytes, or put others in their place."""
    if not data:
        return dice.choice(TOKENS)
    made = bytearray(data)
    at, length = dice.randrange(len(data)), dice.choice([1, 2, 5, 20, 100, 1000])
    kind = dice.randrange(9)
    if kind == 0:
        for _ in range(dice.choice([1, 1, 3, 20])):
            made[dice.randrange(len(made))] ^= 1 << dice.randrange(8)
    elif kind == 1:
        del made[at:]
    elif kind == 2:
        del made[at : at + length]
    elif kind == 3:
        made[at:at] = made[at : at + length] * dice.choice([1, 1, 50])
    elif kind == 4:
        piece, made[at : at + length] = made[at : at + length], b""
        to = dice.randrange(len(made) + 1)
        made[to:to] = piece
    elif kind == 5:
        made[at : at + dice.choice([0, 1, length])] = dice.choice(TOKENS)
    elif kind == 6:
        made[at : at + 1] = bytes([dice.randrange(256)])
    elif kind == 7:
        spans = [match.span() for match in _WORD.finditer(data)]
        if spans:
            start, end = dice.choice(spans)
            made[start:end] = dice.choice([data[slice(*dice.choice(spans))], dice.choice(TOKENS)])
    else:
        encoding = dice.choice(["utf-16", "utf-16-le", "utf-32", "utf-8-sig", "latin-1", "utf-7"])
        made[:] = data.decode("utf-8", "replace").encode(encoding, "replace")
    return bytes(made)


def mutate_json(data: bytes, dice: Dice) -> bytes:
    """Put another value, or none, or two, where there was one; bytes that are no JSON are mutated as such."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return mutate_bytes(data, dice)
    for _ in range(dice.choice([1, 1, 2, 5])):
        found = places(document)
        if not found:
            break
        # Of a list's many entries and a root's few keys, each kind comes as often.
        depth = dice.randrange(1 + max(len(path) for _, path in found))
        container, path = dice.choice([p for p in found if len(p[1]) == depth] or found)
        key = path[-1] if path else None
        _change(container, key, dice, [value for value, _ in found])
    text = json.dumps(document, ensure_ascii=dice.random() < 0.7, indent=dice.choice([None, None, 2]))
    text = text.replace(f'"{HUGE}"', "9" * 5000)
    if DEEP in text:
        opening, closing = dice.choice(["[]", ('{"a":', "}")])
        text = text.replace(f'"{DEEP}"', opening * 100_000 + "0" + closing * 100_000)
    return text.encode("utf-8", "surrogatepass")


def places(value: Any) -> list[tuple[Any, tuple[Any, ...]]]:
    """Every container of a document, with the path to each of its members, in the document's order."""
    found: list[tuple[Any, tuple[Any, ...]]] = []

    def walk(container: Any, path: tuple[Any, ...]) -> None:
        for key in container if isinstance(container, dict) else range(len(container)):
            found.append((container, (*path, key)))
            if isinstance(container[key], dict | list):
                walk(container[key], (*path, key))

    if isinstance(value, dict | list):
        walk(value, ())
    return found


def _change(container: Any, key: Any, dice: Dice, others: list[Any]) -> None:
    kind = dice.randrange(8)
    with contextlib.suppress(KeyError, IndexError, OverflowError):
        if kind == 0:
            del container[key]
        elif kind == 1:
            container[key] = [container[key]]
        elif kind == 2 and isinstance(container, list):
            container.insert(dice.randrange(len(container) + 1), container[key])
        elif kind == 2:
            container[dice.choice([*container, "extra", "", "\x1b", "id"])] = container[key]
        elif kind == 3 and isinstance(container[key], int | float):
            container[key] = dice.choice([str(container[key]), float(container[key]), -container[key]])
        elif kind == 4 and isinstance(container[key], int | float):
            container[key] = container[key] * dice.choice([0, 1e-9, 1e9, 1e200]) + dice.choice(
                [0, 1, 0.5, -1]
            )
        elif kind == 5 and not isinstance(dice_value := dice.choice(others), dict | list):
            container[key] = dice_value
        else:
            container[key] = copy.deepcopy(
                dice.choice(VALUES)
            )  # or what comes later would change all of them


def mutate_xml(data: bytes, dice: Dice) -> bytes:
    """Move, double, lose, rename or fill elements."""
    try:
        root = ET.fromstring(data)
    except (ET.ParseError, ValueError, LookupError):
        return mutate_bytes(data, dice)
    for _ in range(dice.choice([1, 1, 2, 5])):
        pairs = [(parent, child) for parent in root.iter() for child in parent]
        if not pairs:
            break
        parent, child = dice.choice(pairs)
        kind = dice.randrange(7)
        if kind == 0:
            parent.remove(child)
        elif kind == 1:
            parent.insert(dice.randrange(len(parent) + 1), child)
        elif kind == 2:
            dice.choice(pairs)[0].append(child) if child not in parent.iter() else parent.remove(child)
        elif kind == 3:
            child.tag = dice.choice([dice.choice(pairs)[1].tag, "part", "{http://x}object", "Object", "ä"])
        elif kind == 4:
            child.append(ET.Element(dice.choice(pairs)[1].tag))
        else:
            child.text = str(dice.choice([*NUMBERS, *TEXTS, "\u0661", "1_0", "0x10", "1,5", DEEP, HUGE]))
    try:
        text = ET.tostring(root, encoding="unicode")
    except RecursionError:
        return data
    text = text.replace("&lt;&lt;huge&gt;&gt;", "9" * 5000)
    if "&lt;&lt;deep&gt;&gt;" in text:
        text = text.replace("&lt;&lt;deep&gt;&gt;", "<a>" * 20_000 + "</a>" * 20_000)
    return text.encode("utf-8", "surrogatepass")


def mutate_lines(data: bytes, dice: Dice) -> bytes:
    """Lose, double, swap, indent lines, or give a key another value: TOML, YAML, Python and the like."""
    lines = data.split(b"\n")
    at, other = dice.randrange(len(lines)), dice.randrange(len(lines))
    kind = dice.randrange(7)
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines.insert(other, lines[at])
    elif kind == 2:
        lines[at], lines[other] = lines[other], lines[at]
    elif kind == 3:
        lines[at] = (
            dice.choice([b" ", b"    ", b"\t"]) + lines[at] if dice.random() < 0.5 else lines[at].strip()
        )
    else:
        valued = [i for i, line in enumerate(lines) if re.search(rb"[=:,]", line)] or [at]
        at = dice.choice(valued)
        head, mark, tail = re.match(rb"(.*?)([=:,] *|$)(.*)", lines[at]).groups()  # type: ignore[union-attr]
        lines[at] = (
            head + mark + dice.choice([_scalar(dice), tail + tail, tail[: len(tail) // 2], b"[" + tail])
        )
    return b"\n".join(lines)


def _scalar(dice: Dice) -> bytes:
    value = dice.choice(
        [*VALUES, "[" * 5000, "(" * 5000, "-" * 5000, "1" + "+1" * 5000, "9**9**9", "x.y", "[1, [2]]"]
    )
    if value == HUGE:
        return b"9" * 5000
    if value == DEEP:
        return b"[" * 20_000 + b"]" * 20_000
    if not isinstance(value, str) or dice.random() < 0.5:
        return str(value).encode("utf-8", "surrogatepass")
    return json.dumps(value).encode()


_BY_SUFFIX: dict[str, Callable[[bytes, Dice], bytes]] = {
    ".parquet": mutate_bytes,
    ".json": mutate_json,
    ".xml": mutate_xml,
    ".jpg": mutate_bytes,
}


def mutate(name: str, data: bytes, dice: Dice) -> bytes:
    """Mutate the content of a file called `name` once or a few times; by structure or by bytes."""
    by_structure = _BY_SUFFIX.get(Path(name).suffix, mutate_lines)
    for _ in range(dice.choice([1, 1, 1, 2, 3])):
        data = (by_structure if dice.random() < 0.75 else mutate_bytes)(data, dice)
    return data


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


def names(count: int, seed: int = 0) -> list[str]:
    """The first `count` names of a campaign, kinds in proportion to their weights."""
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
    needs = {"coco38": SHARED / "data/coco38", "bccd": SHARED / "data/bccd"}
    formats = format_names()
    return tuple(
        kind
        for kind in KINDS
        if (kind not in needs or needs[kind].is_dir())
        and (kind not in ("yolo", "table") or kind in formats)
        and (kind != "baseline" or "--baseline" in _option_names("scan"))
    )


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
    chosen = dice.sample(_bccd_files(), 4)
    return _of_data(name, dice, {f"ds/Annotations/{path.name}": path for path in chosen})


@cache
def _bccd_files() -> list[Path]:
    return sorted((SHARED / "data/bccd/BCCD/Annotations").iterdir())


def _yolo(name: str, dice: Dice) -> Mutant:
    labels = _yolo_labels()
    chosen = dice.sample(sorted(labels), 3)
    files: dict[str, Any] = {f"ds/labels/train/{stem}.txt": labels[stem] for stem in chosen}
    files["ds/data.yaml"] = (
        b"path: .\ntrain: images/train\nval: images/train\nnc: 3\nnames:\n  0: cat\n  1: kitten\n  2: dog\n"
    )
    links = {f"ds/images/train/{stem}.jpg": SAMPLE / f"voc/JPEGImages/{stem}.jpg" for stem in chosen}
    mutant = _of_data(name, dice, files)
    mutant.files.update(links)
    return mutant


@cache
def _yolo_labels() -> dict[str, bytes]:
    """The sample's boxes as YOLO has them, by the image's stem."""
    labels = {}
    for path in sorted((SAMPLE / "voc/Annotations").glob("*.xml")):
        root = ET.parse(path).getroot()
        if not (SAMPLE / f"voc/JPEGImages/{path.stem}.jpg").exists() or root.find("size") is None:
            continue
        rows = []
        for number, box in enumerate(root.iter("bndbox")):
            x1, y1, x2, y2 = (float(box.findtext(tag) or 0) for tag in ("xmin", "ymin", "xmax", "ymax"))
            numbers = (x1 + x2) / 1920, (y1 + y2) / 1440, (x2 - x1) / 960, (y2 - y1) / 720
            rows.append(" ".join(f"{value:g}" for value in (number % 3, *numbers)))
        labels[path.stem] = "\n".join(rows).encode()
    return labels


def _table(name: str, dice: Dice) -> Mutant:
    tables = _tables()
    file = dice.choice(sorted(tables))
    ds = f"ds/{file}"
    files: dict[str, bytes | Path] = {ds: mutate(file, tables[file], dice)}
    if dice.random() < 0.7:
        files["ds/images"] = SAMPLE / "voc/JPEGImages"
    return Mutant(name, files, _commands(dice, ds), ["ds"])


@cache
def _tables() -> dict[str, bytes]:
    """The sample's boxes as tables of each make."""
    exported = ["image_id,file_name,label,x1,y1,x2,y2,width,height"]
    bare, shares = [], ["ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax"]
    for stem, rows in _yolo_labels().items():
        for row in rows.decode().splitlines():
            label, cx, cy, w, h = map(float, row.split())
            x1, y1, x2, y2 = (cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2)
            pixels = f"{x1 * 960:g},{y1 * 720:g},{x2 * 960:g},{y2 * 720:g}"
            exported.append(f"{stem},{stem}.jpg,cat{label:g},{pixels},960,720")
            bare.append(f"images/{stem}.jpg,{pixels},cat{label:g}")
            shares.append(f"{stem},xclick,/m/01yrx{label:g},1,{x1:g},{x2:g},{y1:g},{y2:g}")
    bare.append("images/empty_basket.jpg,,,,,")
    found = {"a.csv": exported, "keras.csv": bare, "oid.csv": shares}
    tables = {file: "\n".join(lines).encode() for file, lines in found.items()}
    with contextlib.suppress(ImportError):
        import pandas as pd

        stream = io.BytesIO()
        pd.read_csv(io.BytesIO(tables["a.csv"])).to_parquet(stream)
        tables["a.parquet"] = stream.getvalue()
    return tables


def _of_data(
    name: str, dice: Dice, sources: dict[str, Any], images: Path | None = None, beside: str = ""
) -> Mutant:
    """A data set `ds` of which some files are mutated."""
    files: dict[str, Any] = {n: s if isinstance(s, bytes) else s.read_bytes() for n, s in sources.items()}
    changed = dice.sample(sorted(files), min(dice.choice([1, 1, 2, len(files)]), len(files)))
    for file in changed:
        files[file] = mutate(file, files[file], dice)
    if images is not None:
        files[beside] = images
    return Mutant(name, files, _commands(dice), ["ds"])


def _picture(name: str, dice: Dice) -> Mutant:
    """A data set that declares no sizes, one of its images mutated."""
    suffix, picture = dice.choice(_pictures())
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


@cache
def _pictures() -> list[tuple[str, bytes]]:
    """Sample photographs, and one of them in every other kind of file: suffixes and contents."""
    from PIL import Image

    photographs = sorted((SAMPLE / "coco/images/train").glob("*.jpg"))
    found = [(".jpg", path.read_bytes()) for path in photographs[:4]]
    exif = Image.Exif()
    exif[274] = 6
    with Image.open(photographs[0]) as image:
        image.thumbnail((160, 160))

        def saved(kind: str, **more: Any) -> bytes:
            buffer = io.BytesIO()
            image.save(buffer, kind, **more)
            return buffer.getvalue()

        found += [(f".{kind}", saved(kind)) for kind in ("png", "bmp", "gif", "webp", "tiff", "ppm")]
        turned = (".jpg", saved("jpeg", exif=exif))
    return [*found, turned, turned]


def _detector(name: str, dice: Dice) -> Mutant:
    originals = _detector_files()
    file = dice.choice(sorted(originals))
    own = {n: originals[n] for n in [file, *([_BASE] if b"_BASE_" in originals[file] else [])]}
    target = dice.choice(sorted(own))
    own[target] = mutate(target, own[target], dice)
    commands = [["detectors", "show", file]]
    commands += [
        dice.choice(
            [
                ["scan", "ds", "--detector", file, "--output-format", dice.choice(output_formats())],
                ["scan", "ds", "--detector", file, "--counts", "--output-format", "json"],
                ["compare", "ds", "--detector", file, "--detector", "reference"],
                ["explain", "1", "ds", "--detector", file],
                ["cluster", "ds", "--k", "2", "--detector", file],
                ["filter", "ds", "-o", "clean.json", "--detector", file],
            ]
        )
    ]
    return Mutant(name, {**own, **sample()}, commands, [file, target, "ds"])


_BASE = "base.yaml"


@cache
def _detector_files() -> dict[str, bytes]:
    presets = Path(cli.__file__).parents[1] / "detectors/presets"
    files = {f"preset-{path.stem}.toml": path.read_bytes() for path in sorted(presets.glob("*.toml"))}
    d2 = texts_of
    texts = {
        **{
            "yolov5.yaml": d2.YOLOV5,
            "tiny.yaml": d2.TINY,
            "net.cfg": d2.YOLOV3.format(width=416, height=416),
        },
        **{_BASE: d2.D2_BASE, "d2.yaml": "_BASE_: base.yaml\n" + textwrap.dedent(d2.D2_RETINANET)},
        **{"faster.py": textwrap.dedent(d2.FASTER) + textwrap.dedent(d2.COCO), "retina.py": d2.RETINA},
        **{"ssd.py": d2.SSD, "yolo.py": d2.YOLO},
    }
    return files | {name: textwrap.dedent(text).strip().encode() for name, text in texts.items()}


_SETTINGS = """dataset = "ds"
format = "coco"
split = ["train"]
unlisted = true
voc-offset = "-1,-1,0,0"
image-folder = "ds/images"
drop-difficult = false
detector = "reference"
positive-iou = 0.5
negative-iou = 0.1
allowed-border = "off"
input-size = "960x720"
fail-on = "error"
allow-blank = true
select = ["BOX", "ANC"]
ignore = ["BOX008"]
loader = "none"
images = "header"

[rules.BOX006]
above = 2.0

[rules.BOX012]
iou = 0.9
severity = "error"
"""


def _settings(name: str, dice: Dice) -> Mutant:
    file = dice.choice(["anchoraudit.toml", "pyproject.toml", ".anchoraudit/last-scan.json"])
    text = "\n".join(
        line for line in _SETTINGS.splitlines() if dice.random() < 0.8 or line.startswith("[rules")
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


_ANCHORS = {
    "a.toml": b'input_size = "960x720"\nmean_iou = 0.7\nanchors = [\n  [10.0, 13],\n  [16, 30],\n]\n',
    "a.json": b'{"input_size": "640", "metric": "iou", "anchors": [[10, 13], [16.5, 30], [33, 23]]}',
    "a.txt": b"# Anchors\n# input_size = 640\n10,13\n16 30\n33x23, 40,40\n",
}


def _anchors(name: str, dice: Dice) -> Mutant:
    file = dice.choice(sorted(_ANCHORS))
    command = [*dice.choice([["scan", "ds"], ["explain", "1", "ds"]]), "--anchors", file]
    return Mutant(name, {file: mutate(file, _ANCHORS[file], dice), **sample()}, [command], [file, "ds"])


def _baseline(name: str, dice: Dice) -> Mutant:
    data = mutate("b.json", _written_baseline(), dice)
    command = ["scan", "ds", "--baseline", "b.json", "--output-format", dice.choice(output_formats())]
    return Mutant(name, {"b.json": data, **sample()}, [command], ["b.json", "ds"])


@cache
def _written_baseline() -> bytes:
    """What --write-baseline writes of the sample."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        lay(sample(), Path(folder))
        run("scan", "ds", "--write-baseline", "--baseline", "b.json", "-o", "report.txt", "-q")
        return Path("b.json").read_bytes()


def lay(files: dict[str, bytes | Path], folder: Path) -> None:
    """Write files below `folder`, and links where the content is a path."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.symlink_to(content)


def sample() -> dict[str, bytes | Path]:
    """The sample data set, as it is."""
    return {"ds": SAMPLE / "coco"}


def _option_names(command: str) -> set[str]:
    found = cli.cli.get_command(None, command)  # type: ignore[arg-type]
    assert found is not None
    return {name for parameter in found.params for name in parameter.opts}


@cache
def output_formats() -> list[str]:
    """What --output-format of scan takes, but for html: that takes a second, and has mutants of its own."""
    scan = cli.cli.get_command(None, "scan")  # type: ignore[arg-type]
    assert scan is not None
    (option,) = (p for p in scan.params if "--output-format" in p.opts)
    return [name for name in option.type.choices if name != "html"]  # type: ignore[attr-defined]


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
    (option,) = (p for p in cli.cli.get_command(None, "cluster").params if "--for" in p.opts)  # type: ignore[arg-type, union-attr]
    return list(option.type.choices)  # type: ignore[attr-defined]


def _commands(dice: Dice, ds: str = "ds") -> list[list[str]]:
    """A scan, and one more command, for the data set `ds`."""
    extra = [
        *([], [], ["--counts"], ["--images", "none"], ["--images", "decode"], ["--unlisted"], ["-q"]),
        *(["--voc-offset", "-1"], ["--drop-difficult"], ["--allowed-border", "off"], ["--input-size", "640"]),
        *(["--limit", "2"], ["--fail-on", "warning"], ["--select", "BOX,ANC"], ["--allow-blank"]),
        *(
            ["--export-images", "i.csv", "--export-boxes", "b.csv"],
            ["--detector", dice.choice(preset_names())],
        ),
        *(
            ["--export-images", "i.parquet", "--export-boxes", "b.parquet"],
            ["--loader", dice.choice(_loaders())],
        ),
        ["--counts", "--detector", dice.choice(preset_names())],
        ["--baseline", "known.json", "--write-baseline"],
        ["--augment", dice.choice(["flip", "scale=0.5..1.5,translate=0.1", "crop=0.3..1"]), "--draws", "4"],
    ]
    scan = ["scan", ds, "--output-format", dice.choice(output_formats()), *dice.choice(extra)]
    preset, anchored = dice.choice(preset_names()), dice.choice(_with_anchors())
    others = [
        *(["filter", ds, "-o", "clean.json"], ["filter", ds, "-o", "clean.json", "--detector", preset]),
        *(
            ["filter", ds, "-o", "clean.json", "--dropped", "gone.csv"],
            ["filter", ds, "-o", "clean.json", "--keep-blank"],
        ),
        *(
            ["cluster", ds, "--k", "2"],
            ["cluster", ds, "--k", "1..3", "--output-format", "json", "--detector", anchored],
        ),
        *(
            ["explain", dice.choice(["1", "2", "sofa_king"]), ds, "--detector", preset],
            ["explain", "1", ds, "-o", "x.png"],
        ),
        *(["explain", "1", ds, "--output-format", "json"], ["scan", ds]),
        *(
            ["compare", ds, "--detector", "reference", "--detector", preset],
            ["compare", ds, "--detector", preset, "--detector", "yolov5", "--output-format", "csv"],
        ),
    ]
    fixes = dice.choice(["--fix", "--unsafe-fixes"])
    others += [
        *(["filter", ds, "-o", "clean.json", fixes], ["filter", ds, "-o", "clean.json", fixes]),
        *(["filter", ds, "--diff"], ["filter", ds, "--diff", fixes, "--detector", preset]),
        *(["advise", ds], ["advise", ds, "--detector", preset, "--output-format", "json"]),
        ["compare", ds, "--loaders", "--output-format", dice.choice(["text", "json", "csv"])],
        [
            "cluster",
            ds,
            "--k",
            "6",
            "--objective",
            "foreground",
            "--time-limit",
            "0.2",
            "--detector",
            anchored,
        ],
        ["cluster", ds, "--k", "3", "--for", dice.choice(_frameworks())],
    ]
    return [scan, dice.choice(others)]


KINDS: dict[str, Callable[[str, Dice], Mutant]] = {
    "coco": _coco,
    "coco38": _coco38,
    "voc": _voc,
    "bccd": _bccd,
    "yolo": _yolo,
    "table": _table,
    "picture": _picture,
    "detector": _detector,
    "settings": _settings,
    "anchors": _anchors,
    "baseline": _baseline,
}
# How often each comes, by what there is to break.
_WEIGHTS = {"coco": 24, "coco38": 6, "voc": 18, "bccd": 5, "yolo": 9, "table": 7, "picture": 7}
_WEIGHTS |= {"detector": 18, "settings": 6, "anchors": 4, "baseline": 3}


def preload() -> None:
    """Make what mutants are made of, once a process."""
    _pictures(), _detector_files(), _yolo_labels(), _tables()
    if "baseline" in kinds():
        _written_baseline()
