"""Data sets of a real size: generated, the same on every machine, and kept for the next run.

    python benchmarks/_data.py coco|large|part|voc|yolo:FILES|voc:FILES PATH

COCO: one file with the numbers of train2017, in its spelling: sizes, polygons and crowds are drawn so that
counts, shares and lengths come out near those of the original. Large: the same with the numbers of Objects365
and small polygons. VOC: a folder of XML files drawn alike. With a number of files: that many, half of them
annotations and half small photographs, in the layout of YOLO or of VOC.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

# Change the number where a generator changes: files of the old one are not taken for new ones.
COCO_FILE = "coco-train2017-size-1.json"
PART_IMAGES = 5_000
PART_FILE = f"coco-{PART_IMAGES}-images-1.json"
LARGE_FILE = "coco-objects365-size-1.json"
VOC_FOLDER = "voc-7300-1"
IMAGES, BOXES, CATEGORIES = 118_287, 860_000, 80
LARGE_IMAGES, LARGE_BOXES = 2_000_000, 25_000_000
BLANK_SHARE, CROWD_SHARE, TWO_PARTS_SHARE = 0.01, 0.01, 0.1
CROWD_IDS = 900_100_000_000  # the original's crowds have ids above this
XML_FILES = 7_300
TREE = 1
VAL_EVERY = 10  # of a tree, each tenth image is of the split val
# Widths and heights, and how often they occur among photographs whose longer side is 640 px or less.
SIZES = ((640, 480), (480, 640), (640, 427), (427, 640), (640, 426), (500, 375), (640, 360), (612, 612))
SIZE_SHARES = (0.28, 0.1, 0.22, 0.08, 0.14, 0.08, 0.05, 0.05)
# The side of a box (root of its area) is log-normal: four in ten are below 32 px, a quarter above 96 px.
SIDE_MEDIAN, SIDE_SPREAD, ASPECT_SPREAD = 45.0, 1.1, 0.5
POINTS_MEAN = 24.4  # of a polygon; the file comes to about 490 MB
LARGE_POINTS_MEAN = 4.0  # about 5.8 GB
BLOCK = 20_000  # annotations drawn at a time: a few tens of megabytes


def coco_file(folder: Path) -> Path:
    """Path of the COCO file below `folder`, generated in a process of its own if it is not there."""
    return _present(folder / COCO_FILE, "coco")


def large_coco_file(folder: Path) -> Path:
    """Path of the COCO file of two million images below `folder`, generated if it is not there."""
    return _present(folder / LARGE_FILE, "large")


def coco_part(folder: Path) -> Path:
    """Path of its first `PART_IMAGES` images with their annotations, in a file of their own."""
    coco_file(folder)
    return _present(folder / PART_FILE, "part")


def voc_folder(folder: Path) -> Path:
    """Path of the VOC data set below `folder`, generated if it is not there."""
    return _present(folder / VOC_FOLDER, "voc")


def tree(folder: Path, layout: str, files: int) -> Path:
    """Path of a tree of small files below `folder`, generated if it is not there.

    layout: `yolo` or `voc`. files: how many, half of them pictures.
    """
    return _present(folder / f"tree-{layout}-{files}-{TREE}", f"{layout}:{files}")


def _present(path: Path, kind: str) -> Path:
    if not path.exists():
        print(f"generating {path} ...", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, __file__, kind, str(path)], check=True)
    return path


def write_part(path: Path) -> None:
    """Write the first images of the COCO file beside `path`, with their annotations."""
    whole = json.loads(path.with_name(COCO_FILE).read_bytes())
    images = whole["images"][:PART_IMAGES]
    ids = {image["id"] for image in images}
    boxes = [annotation for annotation in whole["annotations"] if annotation["image_id"] in ids]
    path.write_text(json.dumps({**whole, "images": images, "annotations": boxes}), encoding="utf-8")


def write_coco(
    path: Path, images: int = IMAGES, boxes: int = BOXES, points_mean: float = POINTS_MEAN
) -> None:
    """Write the COCO file, block by block. points_mean: of a polygon."""
    import numpy as np

    rng = np.random.default_rng(2017)
    size = np.array(SIZES)[rng.choice(len(SIZES), images, p=SIZE_SHARES)]
    image_ids = rng.permutation(5 * images)[:images] + 1
    # Every image that is not blank has a box; the others fall more often on some images than on others.
    filled = rng.permutation(images)[: round(images * (1 - BLANK_SHARE))]
    crowding = rng.gamma(1.0, size=len(filled))
    more = rng.choice(filled, boxes - len(filled), p=crowding / crowding.sum())
    image = rng.permutation(np.concatenate([filled, more]))
    annotation_ids = rng.permutation(2 * boxes)[:boxes] + 1
    crowd = rng.random(boxes) < CROWD_SHARE
    annotation_ids[crowd] += CROWD_IDS
    with path.open("wb") as stream:
        stream.write(b'{"info": ' + _dumps(_INFO) + b', "licenses": ' + _dumps(_LICENSES))
        stream.write(b', "images": [')
        entries = zip(image_ids.tolist(), size.tolist(), rng.integers(1, 9, images).tolist(), strict=True)
        _write_list(stream, (_dumps(_image(*entry)) for entry in entries))
        stream.write(b'], "annotations": [')
        blocks = (
            _annotations(
                rng,
                annotation_ids[part],
                crowd[part],
                image_ids[image[part]],
                size[image[part]],
                points_mean=points_mean,
            )
            for part in (slice(first, first + BLOCK) for first in range(0, boxes, BLOCK))
        )
        _write_list(stream, blocks)
        stream.write(b'], "categories": ' + _dumps(_CATEGORIES) + b"}")


def write_large_coco(path: Path) -> None:
    """Write the COCO file of two million images."""
    write_coco(path, LARGE_IMAGES, LARGE_BOXES, LARGE_POINTS_MEAN)


def write_voc(folder: Path) -> None:
    """Write the VOC data set: annotations, and empty files in the place of the images."""
    import numpy as np

    rng = np.random.default_rng(2007)
    (folder / "Annotations").mkdir(parents=True)
    (folder / "JPEGImages").mkdir()
    for number in range(XML_FILES):
        size = SIZES[rng.choice(len(SIZES), p=SIZE_SHARES)]
        stem = f"{number + 1:06d}"
        (folder / "Annotations" / f"{stem}.xml").write_text(_xml(rng, stem, size), encoding="utf-8")
        (folder / "JPEGImages" / f"{stem}.jpg").touch()


def write_tree(folder: Path, layout: str, files: int) -> None:
    """Write a tree of label files and pictures, half of each, in the layout of YOLO or VOC."""
    import numpy as np

    rng = np.random.default_rng(2012)
    photographs = [_photograph(rng, size) for size in SIZES]
    splits = ("train", "val") if layout == "yolo" else ("",)
    images, labels = ("images", "labels") if layout == "yolo" else ("JPEGImages", "Annotations")
    for name in (images, labels):
        for split in splits:
            (folder / name / split).mkdir(parents=True)
    for number in range(files // 2):
        split, stem = splits[number % VAL_EVERY == 0 if len(splits) > 1 else 0], f"{number + 1:06d}"
        drawn = rng.choice(len(SIZES), p=SIZE_SHARES)
        size = SIZES[drawn]
        if layout == "yolo":
            label = folder / labels / split / f"{stem}.txt"
            label.write_text(_label_lines(rng, size), encoding="utf-8")
        else:
            label = folder / labels / f"{stem}.xml"
            label.write_text(_xml(rng, stem, size), encoding="utf-8")
        begin, end = photographs[drawn]
        comment = f"{number} ".encode() * int(rng.integers(1, 200))
        marked = begin + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + end
        (folder / images / split / f"{stem}.jpg").write_bytes(marked)
    if layout == "yolo":
        names = "".join(f"  {n}: category {n}\n" for n in range(20))
        text = f"train: images/train\nval: images/val\nnames:\n{names}"
        (folder / "data.yaml").write_text(text, encoding="utf-8")


def _photograph(rng: np.random.Generator, size: tuple[int, int]) -> tuple[bytes, bytes]:
    """Return a JPEG of some 10 kB, cut behind its first segment: a comment there makes each copy another."""
    import io

    from PIL import Image

    coarse = Image.fromarray(rng.integers(0, 256, (12, 16, 3), dtype="uint8"))
    stream = io.BytesIO()
    coarse.resize(size, Image.Resampling.BICUBIC).save(stream, "JPEG", quality=20)
    data = stream.getvalue()
    cut = 4 + int.from_bytes(data[4:6], "big")
    return data[:cut], data[cut:]


def _label_lines(rng: np.random.Generator, size: tuple[int, int]) -> str:
    """Return the lines of a label file of YOLO."""
    import numpy as np

    boxes = _boxes(rng, np.full((1 + rng.poisson(4.0), 2), size)) / np.tile(size, 2)
    return "".join(
        f"{rng.integers(0, 20)} {x + w / 2:.6f} {y + h / 2:.6f} {w:.6f} {h:.6f}\n"
        for x, y, w, h in boxes.tolist()
    )


def _xml(rng: np.random.Generator, stem: str, size: tuple[int, int]) -> str:
    """Return an annotation file of VOC."""
    import numpy as np

    width, height = size
    boxes = _boxes(rng, np.full((1 + rng.poisson(4.0), 2), size))
    corners = np.rint(np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)).astype(int)
    objects = "".join(
        _OBJECT.format(
            f"category {rng.integers(1, 21)}",
            int(min(x1, y1) <= 0 or x2 >= width or y2 >= height),
            x1,
            y1,
            max(x2, x1 + 1),
            max(y2, y1 + 1),
        )
        for x1, y1, x2, y2 in corners.tolist()
    )
    return _XML.format(stem, width, height, objects)


def _boxes(rng: np.random.Generator, size: Ints) -> Floats:
    """Boxes x, y, w, h in images of `size` [N, 2], their centre anywhere, cut at the edges. [N, 4]."""
    import numpy as np

    side = np.exp(rng.normal(np.log(SIDE_MEDIAN), SIDE_SPREAD, len(size)))
    aspect = np.exp(rng.normal(0.0, ASPECT_SPREAD, len(size)))
    extent = np.clip(np.stack([side * aspect, side / aspect], axis=1), 3.0, size)
    centre = rng.random(size.shape) * (size - 3.0) + 1.5
    low = np.maximum(centre - extent / 2, 0.0)
    return np.concatenate([low, np.minimum(centre + extent / 2, size) - low], axis=1)


def _annotations(
    rng: np.random.Generator,
    ids: Ints,
    crowd: npt.NDArray[np.bool_],
    image_ids: Ints,
    size: Ints,
    *,
    points_mean: float,
) -> bytes:
    """Annotation entries as text, without the brackets around them. size: [N, 2], the others [N]."""
    import msgspec
    import numpy as np

    boxes = _boxes(rng, size)
    # Points around the ellipse in each box, first to last, all polygons in one array.
    lengths = 3 + rng.negative_binomial(2, 2 / (points_mean - 1), len(ids))
    ends = np.cumsum(lengths)
    owner = np.repeat(np.arange(len(ids)), lengths)
    turn = (np.arange(ends[-1]) - (ends - lengths)[owner] + rng.random(ends[-1])) / lengths[owner]
    radius = rng.uniform(0.7, 1.0, ends[-1])
    unit = np.stack([np.cos(2 * np.pi * turn), np.sin(2 * np.pi * turn)], axis=1) * radius[:, None]
    points = np.round(boxes[owner, :2] + (unit + 1) / 2 * boxes[owner, 2:], 2)
    # A box is the bounds of its polygon, as in the original.
    starts = ends - lengths
    low, high = np.minimum.reduceat(points, starts), np.maximum.reduceat(points, starts)
    bbox = np.round(np.concatenate([low, np.maximum(high - low, 0.5)], axis=1), 2)
    area = bbox[:, 2] * bbox[:, 3] * rng.uniform(0.4, 0.9, len(ids))
    two_parts = rng.random(len(ids)) < TWO_PARTS_SHARE
    flat = points.reshape(-1).tolist()
    columns = zip(
        (2 * starts).tolist(),
        (2 * ends).tolist(),
        two_parts.tolist(),
        crowd.tolist(),
        size.tolist(),
        area.tolist(),
        image_ids.tolist(),
        bbox.tolist(),
        rng.integers(1, CATEGORIES + 1, len(ids)).tolist(),
        ids.tolist(),
        strict=True,
    )
    entries: list[dict[str, Any]] = []
    for first, end, in_two, is_crowd, (width, height), covered, image_id, box, category, identity in columns:
        segmentation: Any = [flat[first:end]]
        if is_crowd:
            run_lengths = rng.integers(1, 2_000, 40).tolist()
            segmentation = {"counts": run_lengths, "size": [height, width]}
        elif in_two and end - first >= 12:
            middle = first + (end - first) // 4 * 2
            segmentation = [flat[first:middle], flat[middle:end]]
        entries.append(
            {
                "segmentation": segmentation,
                "area": covered,
                "iscrowd": int(is_crowd),
                "image_id": image_id,
                "bbox": box,
                "category_id": category,
                "id": identity,
            }
        )
    # There is no text in an annotation, so all commas and colons are JSON's own.
    return msgspec.json.encode(entries)[1:-1].replace(b",", b", ").replace(b":", b": ")


def _image(identity: int, size: list[int], licence: int) -> dict[str, Any]:
    name = f"{identity:012d}.jpg"
    farm, server, photo = identity % 9 + 1, identity % 9000 + 1000, 2_000_000_000 + 7_919 * identity
    secret = identity * 0x9E3779B1 % 16**10
    return {
        "license": licence,
        "file_name": name,
        "coco_url": f"http://images.cocodataset.org/train2017/{name}",
        "height": size[1],
        "width": size[0],
        "date_captured": f"2013-11-{identity % 28 + 1:02d} {identity % 24:02d}:{identity % 60:02d}:45",
        "flickr_url": f"http://farm{farm}.staticflickr.com/{server}/{photo}_{secret:010x}_z.jpg",
        "id": identity,
    }


def _write_list(stream: BinaryIO, texts: Iterator[bytes]) -> None:
    for number, text in enumerate(texts):
        stream.write(b", " + text if number else text)


def _dumps(value: object) -> bytes:
    return json.dumps(value).encode()


_INFO = {
    "description": "Generated, the size of COCO train2017",
    "url": "http://cocodataset.org",
    "version": "1.0",
    "year": 2017,
    "contributor": "anchoraudit benchmarks",
    "date_created": "2017/09/01",
}
_LICENSES = [{"url": "http://example.org/", "id": n, "name": f"License {n}"} for n in range(1, 9)]
_CATEGORIES = [
    {"supercategory": f"group {n % 12}", "id": n, "name": f"category {n}"} for n in range(1, CATEGORIES + 1)
]
_XML = """<annotation>
\t<folder>VOC2007</folder>
\t<filename>{0}.jpg</filename>
\t<source>
\t\t<database>The VOC2007 Database</database>
\t\t<annotation>PASCAL VOC2007</annotation>
\t\t<image>flickr</image>
\t</source>
\t<size>
\t\t<width>{1}</width>
\t\t<height>{2}</height>
\t\t<depth>3</depth>
\t</size>
\t<segmented>0</segmented>
{3}</annotation>
"""
_OBJECT = """\t<object>
\t\t<name>{0}</name>
\t\t<pose>Unspecified</pose>
\t\t<truncated>{1}</truncated>
\t\t<difficult>0</difficult>
\t\t<bndbox>
\t\t\t<xmin>{2}</xmin>
\t\t\t<ymin>{3}</ymin>
\t\t\t<xmax>{4}</xmax>
\t\t\t<ymax>{5}</ymax>
\t\t</bndbox>
\t</object>
"""


def _generate(kind: str, path: Path) -> None:
    """Write beside `path` and rename: what is there under its own name is whole."""
    writers: dict[str, Callable[[Path], None]] = {
        "coco": write_coco,
        "large": write_large_coco,
        "part": write_part,
        "voc": write_voc,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    if partial.is_dir():
        import shutil

        shutil.rmtree(partial)
    layout, _, files = kind.partition(":")
    if files:
        write_tree(partial, layout, int(files))
    else:
        writers[kind](partial)
    partial.replace(path)


if __name__ == "__main__":
    _generate(sys.argv[1], Path(sys.argv[2]))
