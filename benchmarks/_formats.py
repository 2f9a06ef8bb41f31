"""The same images and boxes in each format: generated, with one small picture under many names.

A function for each format, called as the format is. It writes IMAGES images with BOXES boxes each.
"""

from __future__ import annotations

import io
import json
import os
import random
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

IMAGES, BOXES = 4_000, 5
WIDTH, HEIGHT = 640, 480
CLASSES = ("cat", "dog", "horse")


class Box(NamedTuple):
    """A box: its class, its corner, its size, in whole pixels."""

    label: str
    x: int
    y: int
    w: int
    h: int


Drawn = list[tuple[str, list[Box]]]  # the stem of each image, and its boxes


def drawn(images: int = IMAGES) -> Drawn:
    """Draw the boxes: the same in every run."""
    dice = random.Random(0)

    def box() -> Box:
        x, y = dice.randrange(WIDTH - 60), dice.randrange(HEIGHT - 60)
        return Box(
            dice.choice(CLASSES), x, y, dice.randrange(10, WIDTH - x + 1), dice.randrange(10, HEIGHT - y + 1)
        )

    return [(f"{number:06}", [box() for _ in range(BOXES)]) for number in range(1, images + 1)]


def _write(path: Path, content: str | object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")


def _pictures(folder: Path, images: Drawn, suffix: str = ".jpg") -> None:
    """Give every image a file: one picture under all of the names."""
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    first = folder / f"{images[0][0]}{suffix}"
    Image.new("RGB", (WIDTH, HEIGHT), "gray").save(first)
    for stem, _ in images[1:]:
        os.link(first, folder / f"{stem}{suffix}")


def corners(box: Box) -> tuple[int, int, int, int]:
    """Return x1, y1, x2, y2."""
    return box.x, box.y, box.x + box.w, box.y + box.h


def _lines(rows: Iterator[Any]) -> str:
    return "".join(f"{row}\n" for row in rows)


def coco(folder: Path, images: Drawn) -> None:
    _pictures(folder / "images", images)
    number = {name: at for at, name in enumerate(CLASSES, 1)}
    boxes = [(at, box) for at, (_, own) in enumerate(images, 1) for box in own]
    _write(
        folder / "annotations/instances_train.json",
        {
            "images": [
                {"id": at, "file_name": f"{stem}.jpg", "width": WIDTH, "height": HEIGHT}
                for at, (stem, _) in enumerate(images, 1)
            ],
            "annotations": [
                {
                    "id": at,
                    "image_id": of,
                    "category_id": number[box.label],
                    "bbox": box[1:],
                    "area": box.w * box.h,
                    "iscrowd": 0,
                }
                for at, (of, box) in enumerate(boxes, 1)
            ],
            "categories": [{"id": at, "name": name} for name, at in number.items()],
        },
    )


def voc(folder: Path, images: Drawn) -> None:
    _pictures(folder / "JPEGImages", images)
    for stem, boxes in images:
        objects = "".join(
            f"<object><name>{box.label}</name><difficult>0</difficult><bndbox><xmin>{x1}</xmin>"
            f"<ymin>{y1}</ymin><xmax>{x2}</xmax><ymax>{y2}</ymax></bndbox></object>"
            for box in boxes
            for x1, y1, x2, y2 in [corners(box)]
        )
        _write(
            folder / f"Annotations/{stem}.xml",
            f"<annotation><filename>{stem}.jpg</filename><size><width>{WIDTH}</width>"
            f"<height>{HEIGHT}</height><depth>3</depth></size>{objects}</annotation>",
        )


def yolo(folder: Path, images: Drawn) -> None:
    _pictures(folder / "images/train", images)
    for stem, boxes in images:
        rows = (
            f"{CLASSES.index(box.label)} {(box.x + box.w / 2) / WIDTH:.6f} "
            f"{(box.y + box.h / 2) / HEIGHT:.6f} {box.w / WIDTH:.6f} {box.h / HEIGHT:.6f}"
            for box in boxes
        )
        _write(folder / f"labels/train/{stem}.txt", _lines(rows))
    _write(folder / "data.yaml", f"train: images/train\nnames: {[*CLASSES]}\n")


def table(folder: Path, images: Drawn) -> None:
    _pictures(folder / "images", images)
    rows = (
        f"{stem}.jpg,{WIDTH},{HEIGHT},{box.label},{','.join(map(str, corners(box)))}"
        for stem, boxes in images
        for box in boxes
    )
    _write(folder / "labels.csv", "filename,width,height,class,xmin,ymin,xmax,ymax\n" + _lines(rows))


def keras_yolo(folder: Path, images: Drawn) -> None:
    _pictures(folder, images)
    rows = (
        " ".join(
            [
                f"{stem}.jpg",
                *(f"{','.join(map(str, corners(box)))},{CLASSES.index(box.label)}" for box in boxes),
            ]
        )
        for stem, boxes in images
    )
    _write(folder / "_annotations.txt", _lines(rows))
    _write(folder / "_classes.txt", _lines(iter(CLASSES)))


def via_csv(folder: Path, images: Drawn) -> None:
    _pictures(folder, images)

    def text(value: object) -> str:
        return '"' + json.dumps(value).replace('"', '""') + '"'

    rows = (
        f"{stem}.jpg,1000,{text({})},{len(boxes)},{at},{text(_rect(box))},{text({'class': box.label})}"
        for stem, boxes in images
        for at, box in enumerate(boxes)
    )
    head = (
        "filename,file_size,file_attributes,region_count,region_id,region_shape_attributes,region_attributes"
    )
    _write(folder / "via_export_csv.csv", f"{head}\n{_lines(rows)}")


def _rect(box: Box) -> dict[str, object]:
    return {"name": "rect", "x": box.x, "y": box.y, "width": box.w, "height": box.h}


def via(folder: Path, images: Drawn) -> None:
    _pictures(folder, images)
    _write(
        folder / "via_export_json.json",
        {
            f"{stem}.jpg1000": {
                "filename": f"{stem}.jpg",
                "size": 1000,
                "regions": [
                    {"shape_attributes": _rect(box), "region_attributes": {"class": box.label}}
                    for box in boxes
                ],
                "file_attributes": {},
            }
            for stem, boxes in images
        },
    )


def via3(folder: Path, images: Drawn) -> None:
    _pictures(folder, images)
    numbered = [(f"{at}", stem, boxes) for at, (stem, boxes) in enumerate(images, 1)]
    _write(
        folder / "via_project.json",
        {
            "project": {"data_format_version": "3.1.1", "vid_list": [at for at, _, _ in numbered]},
            "config": {},
            "attribute": {
                "1": {
                    "aname": "class",
                    "type": 3,
                    "options": {f"{at}": name for at, name in enumerate(CLASSES)},
                }
            },
            "file": {
                at: {"fid": at, "fname": f"{stem}.jpg", "type": 2, "loc": 1, "src": ""}
                for at, stem, _ in numbered
            },
            "metadata": {
                f"{at}_{n}": {
                    "vid": at,
                    "flg": 0,
                    "z": [],
                    "xy": [2, *box[1:]],
                    "av": {"1": f"{CLASSES.index(box.label)}"},
                }
                for at, _, boxes in numbered
                for n, box in enumerate(boxes)
            },
            "view": {at: {"fid_list": [at]} for at, _, _ in numbered},
        },
    )


def labelme(folder: Path, images: Drawn) -> None:
    _pictures(folder, images)
    for stem, boxes in images:
        shapes = [
            {
                "label": box.label,
                "points": [[x1, y1], [x2, y2]],
                "group_id": None,
                "shape_type": "rectangle",
                "flags": {},
            }
            for box in boxes
            for x1, y1, x2, y2 in [corners(box)]
        ]
        _write(
            folder / f"{stem}.json",
            {
                "version": "5.2.1",
                "flags": {},
                "shapes": shapes,
                "imagePath": f"{stem}.jpg",
                "imageData": None,
                "imageHeight": HEIGHT,
                "imageWidth": WIDTH,
            },
        )


def createml(folder: Path, images: Drawn) -> None:
    _pictures(folder / "train", images)
    _write(
        folder / "train/_annotations.createml.json",
        [
            {
                "image": f"{stem}.jpg",
                "annotations": [
                    {
                        "label": box.label,
                        "coordinates": {
                            "x": box.x + box.w / 2,
                            "y": box.y + box.h / 2,
                            "width": box.w,
                            "height": box.h,
                        },
                    }
                    for box in boxes
                ],
            }
            for stem, boxes in images
        ],
    )


def labelstudio(folder: Path, images: Drawn) -> None:
    _pictures(folder / "images", images)

    def result(box: Box) -> dict[str, object]:
        return {
            "type": "rectanglelabels",
            "from_name": "label",
            "to_name": "image",
            "original_width": WIDTH,
            "original_height": HEIGHT,
            "image_rotation": 0,
            "value": {
                "x": 100 * box.x / WIDTH,
                "y": 100 * box.y / HEIGHT,
                "width": 100 * box.w / WIDTH,
                "height": 100 * box.h / HEIGHT,
                "rotation": 0,
                "rectanglelabels": [box.label],
            },
        }

    _write(
        folder / "export.json",
        [
            {
                "id": at,
                "data": {"image": f"/data/upload/1/0a1b2c3d-{stem}.jpg"},
                "annotations": [{"id": at, "was_cancelled": False, "result": [*map(result, boxes)]}],
            }
            for at, (stem, boxes) in enumerate(images, 1)
        ],
    )


def supervisely(folder: Path, images: Drawn) -> None:
    _pictures(folder / "train/img", images)
    _write(
        folder / "meta.json",
        {
            "classes": [{"title": name, "shape": "rectangle", "color": "#0F138A"} for name in CLASSES],
            "tags": [],
        },
    )
    for stem, boxes in images:
        objects = [
            {
                "classTitle": box.label,
                "geometryType": "rectangle",
                "tags": [],
                "points": {"exterior": [[x1, y1], [x2, y2]], "interior": []},
            }
            for box in boxes
            for x1, y1, x2, y2 in [corners(box)]
        ]
        size = {"height": HEIGHT, "width": WIDTH}
        _write(
            folder / f"train/ann/{stem}.jpg.json",
            {"description": "", "tags": [], "size": size, "objects": objects},
        )


def datumaro(folder: Path, images: Drawn) -> None:
    _pictures(folder / "images/train", images)
    _write(
        folder / "annotations/train.json",
        {
            "info": {},
            "categories": {
                "label": {"labels": [{"name": name, "parent": "", "attributes": []} for name in CLASSES]}
            },
            "items": [
                {
                    "id": stem,
                    "annotations": [
                        {
                            "id": at,
                            "type": "bbox",
                            "group": 0,
                            "label_id": CLASSES.index(box.label),
                            "bbox": box[1:],
                            "attributes": {},
                        }
                        for at, box in enumerate(boxes)
                    ],
                    "image": {"path": f"{stem}.jpg", "size": [HEIGHT, WIDTH]},
                }
                for stem, boxes in images
            ],
        },
    )


def fiftyone(folder: Path, images: Drawn) -> None:
    _pictures(folder / "data", images)
    _write(
        folder / "labels.json",
        {
            "classes": [*CLASSES],
            "labels": {
                stem: [
                    {
                        "label": CLASSES.index(box.label),
                        "bounding_box": [box.x / WIDTH, box.y / HEIGHT, box.w / WIDTH, box.h / HEIGHT],
                    }
                    for box in boxes
                ]
                for stem, boxes in images
            },
        },
    )


def crowdhuman(folder: Path, images: Drawn) -> None:
    _pictures(folder / "Images", images)
    rows = (
        json.dumps(
            {
                "ID": stem,
                "gtboxes": [
                    {
                        "tag": "person",
                        "fbox": box[1:],
                        "vbox": box[1:],
                        "hbox": [box.x, box.y, 8, 8],
                        "extra": {"box_id": at, "occ": 0},
                    }
                    for at, box in enumerate(boxes)
                ],
            }
        )
        for stem, boxes in images
    )
    _write(folder / "annotation_train.odgt", _lines(rows))


def bdd100k(folder: Path, images: Drawn) -> None:
    _pictures(folder / "images/train", images)
    _write(
        folder / "labels/det_train.json",
        [
            {
                "name": f"{stem}.jpg",
                "labels": [
                    {
                        "id": f"{at}",
                        "category": box.label,
                        "attributes": {"occluded": False},
                        "box2d": dict(zip(("x1", "y1", "x2", "y2"), corners(box), strict=True)),
                    }
                    for at, box in enumerate(boxes)
                ],
            }
            for stem, boxes in images
        ],
    )


def webdataset(folder: Path, images: Drawn) -> None:
    from PIL import Image

    picture = io.BytesIO()
    Image.new("RGB", (WIDTH, HEIGHT), "gray").save(picture, "jpeg")
    folder.mkdir(parents=True)
    with tarfile.open(folder / "train-0000.tar", "w") as archive:
        for stem, boxes in images:
            objects = [{"bbox": box[1:], "category": box.label} for box in boxes]
            text = json.dumps({"width": WIDTH, "height": HEIGHT, "objects": objects}).encode()
            for name, data in ((f"{stem}.jpg", picture.getvalue()), (f"{stem}.json", text)):
                member = tarfile.TarInfo(name)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))


def cvat(folder: Path, images: Drawn) -> None:
    _pictures(folder / "images", images)
    rows = "".join(
        f'<image id="{at}" name="{stem}.jpg" width="{WIDTH}" height="{HEIGHT}">'
        + "".join(
            f'<box label="{box.label}" occluded="0" xtl="{x1}" ytl="{y1}" xbr="{x2}" ybr="{y2}"/>'
            for box in boxes
            for x1, y1, x2, y2 in [corners(box)]
        )
        + "</image>\n"
        for at, (stem, boxes) in enumerate(images)
    )
    _write(folder / "annotations.xml", f"<annotations><version>1.1</version><meta/>\n{rows}</annotations>\n")


def _in_lines(folder: Path, images: Drawn, line: Callable[[Box], str]) -> None:
    for stem, boxes in images:
        _write(folder / f"{stem}.txt", _lines(map(line, boxes)))


def kitti(folder: Path, images: Drawn) -> None:
    _pictures(folder / "training/image_2", images, ".png")
    _in_lines(
        folder / "training/label_2",
        images,
        lambda box: (
            f"{box.label} 0.00 0 -1.57 {' '.join(map(str, corners(box)))} 1.5 1.6 4.0 1.0 1.5 20.0 -1.6"
        ),
    )


def visdrone(folder: Path, images: Drawn) -> None:
    _pictures(folder / "images", images)
    _in_lines(
        folder / "annotations",
        images,
        lambda box: f"{','.join(map(str, box[1:]))},1,{CLASSES.index(box.label) + 1},0,0",
    )


def dota(folder: Path, images: Drawn) -> None:
    _pictures(folder / "images", images, ".png")

    def line(box: Box) -> str:
        x1, y1, x2, y2 = corners(box)
        return f"{x1} {y1} {x2} {y1} {x2} {y2} {x1} {y2} {box.label} 0"

    _in_lines(folder / "labelTxt", images, line)


def oidv4(folder: Path, images: Drawn) -> None:
    _pictures(folder / "train/animals", images)
    _in_lines(
        folder / "train/animals/Label",
        images,
        lambda box: f"{box.label} {' '.join(map(str, corners(box)))}",
    )


def mot(folder: Path, images: Drawn) -> None:
    _pictures(folder / "train/A/img1", images)
    rows = (
        f"{int(stem)},{at},{','.join(map(str, box[1:]))},1,1,1.0"
        for stem, boxes in images
        for at, box in enumerate(boxes, 1)
    )
    _write(folder / "train/A/gt/gt.txt", _lines(rows))
    _write(
        folder / "train/A/seqinfo.ini",
        f"[Sequence]\nname=A\nimDir=img1\nframeRate=30\nseqLength={len(images)}\n"
        f"imWidth={WIDTH}\nimHeight={HEIGHT}\nimExt=.jpg\n",
    )


def wider_face(folder: Path, images: Drawn) -> None:
    _pictures(folder / "WIDER_train/images/0--Parade", images)
    rows = (
        f"0--Parade/{stem}.jpg\n{len(boxes)}\n"
        + "\n".join(f"{' '.join(map(str, box[1:]))} 0 0 0 0 0 0" for box in boxes)
        for stem, boxes in images
    )
    _write(folder / "wider_face_split/wider_face_train_bbx_gt.txt", _lines(rows))


if __name__ == "__main__":
    globals()[sys.argv[1]](Path(sys.argv[2]), drawn())
