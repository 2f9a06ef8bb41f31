"""The files that mutants are made of: small, valid ones of every kind that the program reads.

Where a file names others, they stand beside it: a group is a dict of contents by name, the file that a
command is given first. `tests/test_fuzz.py` holds that every reader and every format has an original here.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import tempfile
import textwrap
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path
from typing import Any

from anchoraudit import cli, formats
from tests import test_detector_files as texts_of
from tests import test_detectron2_lazy as lazy
from tests import test_mmdet_points as points
from tests import test_read_classes as classes
from tests import test_rt_detr_files as rt_detr
from tests import test_ultralytics_files as ultralytics
from tests import test_yolov6_config as yolov6
from tests import test_yolox_exp as yolox
from tests.builders import make, run
from tests.conftest import SAMPLE, SHARED
from tests.test_labelformat import ROW

Group = dict[str, bytes]


def all_files() -> Group:
    """Every small original, by a name with the suffix of its kind."""
    files = {f"sample/{path.name}": path.read_bytes() for path in sorted(SAMPLE.rglob("*.json"))}
    files |= {f"sample/{path.name}": path.read_bytes() for path in sorted(SAMPLE.rglob("*.xml"))}
    for group in (*detector_files().values(), *class_files().values()):
        files |= group
    return {**files, **tables(), "settings.toml": SETTINGS.encode(), "data.yaml": DATA_YAML, **ANCHORS}


# ---- data sets -------------------------------------------------------------------------------------------

DATA_YAML = (
    b"path: .\ntrain: images/train\nval: images/train\nnc: 3\nnames:\n  0: cat\n  1: kitten\n  2: dog\n"
)


@cache
def bccd_files() -> list[Path]:
    """Annotations of VOC from a public data set, where it lies beside the repository."""
    return sorted((SHARED / "data/bccd/BCCD/Annotations").iterdir())


@cache
def yolo_labels() -> Group:
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


@cache
def tables() -> Group:
    """The sample's boxes as tables of each make."""
    exported = ["image_id,file_name,label,x1,y1,x2,y2,width,height"]
    bare, shares = [], ["ImageID,Source,LabelName,Confidence,XMin,XMax,YMin,YMax"]
    for stem, rows in yolo_labels().items():
        for row in rows.decode().splitlines():
            label, cx, cy, w, h = map(float, row.split())
            x1, y1, x2, y2 = (cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2)
            pixels = f"{x1 * 960:g},{y1 * 720:g},{x2 * 960:g},{y2 * 720:g}"
            exported.append(f"{stem},{stem}.jpg,cat{label:g},{pixels},960,720")
            bare.append(f"images/{stem}.jpg,{pixels},cat{label:g}")
            shares.append(f"{stem},xclick,/m/01yrx{label:g},1,{x1:g},{x2:g},{y1:g},{y2:g}")
    bare.append("images/empty_basket.jpg,,,,,")
    found = {"a.csv": exported, "keras.csv": bare, "oid.csv": shares}
    made = {file: "\n".join(lines).encode() for file, lines in found.items()}
    with contextlib.suppress(ImportError):
        import pandas as pd

        stream = io.BytesIO()
        pd.read_csv(io.BytesIO(made["a.csv"])).to_parquet(stream)
        made["a.parquet"] = stream.getvalue()
    return made


@cache
def by_labelformat() -> dict[str, dict[str, Any]]:
    """A data set that the library labelformat reads; {} where it is not installed."""
    if importlib.util.find_spec("labelformat") is None:
        return {}
    rows = [{**ROW, "data_row": {"id": str(n), "external_id": f"{n}.jpg"}} for n in range(3)]
    labelbox = "".join(json.dumps(row) + "\n" for row in rows)
    return {"labelbox": {"export.ndjson": labelbox.encode()}}


@cache
def examples() -> dict[str, Group]:
    """The example of each format, with what it needs beside it, by the name of the format."""
    return {name: _example(module) for name, module in formats.formats().items() if name != "labelformat"}


def _example(module: Any) -> Group:
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder), {module.EXAMPLE_PATH: module.EXAMPLE, **module.EXAMPLE_BESIDE})
        files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@cache
def pictures() -> list[tuple[str, bytes]]:
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


# ---- detectors and classes -------------------------------------------------------------------------------


def _group(*files: tuple[str, str]) -> Group:
    return {name: textwrap.dedent(text).strip().encode() for name, text in files}


@cache
def detector_files() -> dict[str, Group]:
    """Presets, and a file of every kind that a detector is read from, by the name that a command is given."""
    d2 = texts_of
    presets = Path(cli.__file__).parents[1] / "detectors/presets"
    groups = [{f"preset-{path.stem}.toml": path.read_bytes()} for path in sorted(presets.glob("*.toml"))]
    config = {"model_type": "rt_detr", "num_queries": 300, "id2label": {"0": "cat", "1": "dog"}}
    processor = {"do_resize": True, "size": {"height": 640, "width": 640}}
    dedent = textwrap.dedent
    groups += [
        _group(("own.toml", d2.OWN)),
        _group(("yolov5.yaml", d2.YOLOV5)),
        _group(("tiny.yaml", d2.TINY)),
        _group(("yolo11.yaml", ultralytics.MODEL)),
        _group(("rtdetr-l.yaml", ultralytics.QUERIES)),
        _group(("net.cfg", d2.YOLOV3.format(width=416, height=416))),
        _group(("d2.yaml", "_BASE_: base.yaml\n" + dedent(d2.D2_RETINANET)), ("base.yaml", d2.D2_BASE)),
        _group(("rtdetr.yml", "__include__: [model.yml]\n" + rt_detr.PIPELINE), ("model.yml", rt_detr.MODEL)),
        _group(("lazy.py", lazy.LAZY)),
        _group(("faster.py", dedent(d2.FASTER) + dedent(d2.COCO))),
        _group(("based.py", "_base_ = ['atss.py']\nmodel = dict(train_cfg=dict())\n"), ("atss.py", d2.ATSS)),
        _group(("retina.py", d2.RETINA)),
        _group(("ssd.py", d2.SSD)),
        _group(("yolo.py", d2.YOLO)),
        *(_group((f"{name.lower()}.py", getattr(points, name))) for name in _OF_MMDET),
        _group(("mmyolo.py", d2.MMYOLO), ("default_runtime.py", "x = 1\n")),
        _group(("yolov6s.py", yolov6.CONFIG)),
        _group(("exp.py", yolox.EXP)),
        _group(("config.json", json.dumps(config)), ("preprocessor_config.json", json.dumps(processor))),
    ]
    return {next(iter(group)): group for group in groups}


_OF_MMDET = ("FCOS", "RTMDET", "YOLOX", "CENTERNET", "TOOD", "DETR", "MMYOLO")


@cache
def class_files() -> dict[str, Group]:
    """A file of every kind that classes are read from."""
    categories = [{"id": 1, "name": "cat", "supercategory": "animal"}, {"id": 3, "name": "dog"}]
    label_map = "item { id: 1 name: 'cat' }\nitem {\n  id: 3 display_name: \"dog\" name: 'd\\303\\251' }\n"
    hub = {"id2label": {"0": "cat", "1": "dog"}, "label2id": {"cat": 0}}
    groups = [
        _group(("classes.txt", "cat\nkitten\ndog\n")),
        _group(("classes.csv", "id,name\n0,cat\n1,kitten\n2,dog\n")),
        _group(("bare.csv", "cat,0\nkitten,1\n")),
        _group(("list.json", '["cat", "kitten", "dog"]')),
        _group(("coco.json", json.dumps({"images": [], "annotations": [], "categories": categories}))),
        _group(("hub.json", json.dumps(hub))),
        _group(("ids.json", '{"cat": 1, "dog": 2}')),
        _group(("data.yaml", "train: x\nnc: 2\nnames: {0: cat, 1: dog}\n")),
        _group(("named.yaml", "train: x\nnames: [cat, 'no', 3]\n")),
        _group(("opt.yaml", "weights: a.pt\ndata: my.yaml\n"), ("my.yaml", "train: x\nnames: [cat]\n")),
        _group(("obj.data", "classes = 2\ntrain = a.txt\nnames = obj.names\n"), ("obj.names", "cat\ndog\n")),
        _group(("map.pbtxt", label_map)),
        _group(
            ("pipeline.config", classes.PIPELINE.replace("PATH/map", "map2")),
            ("map2.pbtxt", label_map),
        ),
        _group(("rt.yml", rt_detr.MODEL + "num_classes: 5\nremap_mscoco_category: True\n")),
        _group(("yolox.py", classes.EXP.format("N + 1"))),
        _group(("names.py", "import os\nVOC_CLASSES = (\n    'cat',\n    'dog',\n)\n")),
        _group(("mmdet.py", textwrap.dedent(texts_of.FASTER) + _METAINFO)),
        _group(("table.toml", '[classes]\nnames = ["cat", "dog"]\nids = [3, 4]\ncount = 5\n')),
    ]
    return {next(iter(group)): group for group in groups}


_METAINFO = (
    "train_dataloader = dict(dataset=dict(type='CocoDataset', metainfo=dict(classes=('cat', 'dog'))))\n"
)

# ---- what configures a run -------------------------------------------------------------------------------

SETTINGS = """dataset = "ds"
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
ANCHORS = {
    "a.toml": b'input_size = "960x720"\nmean_iou = 0.7\nanchors = [\n  [10.0, 13],\n  [16, 30],\n]\n',
    "a.json": b'{"input_size": "640", "metric": "iou", "anchors": [[10, 13], [16.5, 30], [33, 23]]}',
    "a.txt": b"# Anchors\n# input_size = 640\n10,13\n16 30\n33x23, 40,40\n",
}


def sample() -> dict[str, bytes | Path]:
    """The sample data set, as it is."""
    return {"ds": SAMPLE / "coco"}


def lay(files: dict[str, bytes | Path], folder: Path) -> None:
    """Write files below `folder`, and links where the content is a path."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.symlink_to(content)


@cache
def written_baseline() -> bytes:
    """What --write-baseline writes of the sample."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        lay(sample(), Path(folder))
        run("scan", "ds", "--write-baseline", "--baseline", "b.json", "-o", "report.txt", "-q")
        return Path("b.json").read_bytes()
