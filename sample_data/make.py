"""Write the sample data set, once as Pascal VOC and once as COCO.

    python sample_data/make.py [OUT_DIR]

OUT_DIR is this folder unless given. The annotation files and README.md come out the same to the byte
everywhere; the images do so with the same Pillow and libjpeg.
"""

import json
import sys
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from drawing import picture
from scenes import CATEGORIES, SCENES, Box, Frame, Scene

HERE = Path(__file__).resolve().parent
JPEG_QUALITY = 80
SPLITS = ("train", "val")
TABLE_START, TABLE_END = "<!-- table: written by make.py -->\n", "<!-- end of table -->\n"


def number(value: float) -> int | float:
    """An integer where the value is one, so that 12.0 is written as 12."""
    return int(value) if value == int(value) else value


def write(path: Path, text: str) -> None:
    """Write a text file with the same bytes on every system."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def voc_corners(parent: ET.Element, corners: Frame) -> None:
    """Append a `<bndbox>`, coordinates as they stand."""
    bndbox = ET.SubElement(parent, "bndbox")
    for name, value in zip(("xmin", "ymin", "xmax", "ymax"), corners, strict=True):
        ET.SubElement(bndbox, name).text = str(number(value))


def touches_edge(corners: Frame, size: tuple[int, int]) -> bool:
    """Whether the image's edge cuts the object: VOC's `truncated`."""
    return corners[0] <= 0 or corners[1] <= 0 or corners[2] >= size[0] or corners[3] >= size[1]


def voc_xml(scene: Scene) -> str:
    """The XML file of one image."""
    root = ET.Element("annotation")
    ET.SubElement(root, "folder").text = "voc"
    ET.SubElement(root, "filename").text = f"{scene.stem}.jpg"
    if not scene.is_lost:
        size = ET.SubElement(root, "size")
        for name, value in zip(("width", "height", "depth"), (*scene.size, 3), strict=True):
            ET.SubElement(size, name).text = str(value)
    ET.SubElement(root, "segmented").text = "0"
    for box in scene.boxes if scene.voc_boxes is None else scene.voc_boxes:
        node = ET.SubElement(root, "object")
        ET.SubElement(node, "name").text = box.label
        ET.SubElement(node, "pose").text = "Unspecified"
        ET.SubElement(node, "truncated").text = str(int(touches_edge(box.corners, scene.size)))
        ET.SubElement(node, "difficult").text = str(int(box.difficult))
        voc_corners(node, box.corners)
        for name, corners in box.parts:
            part = ET.SubElement(node, "part")
            ET.SubElement(part, "name").text = name
            voc_corners(part, corners)
    ET.indent(root, "\t")
    return ET.tostring(root, encoding="unicode") + "\n"


def write_voc(out: Path) -> None:
    """Annotations and image lists; an image without an XML file is still listed."""
    for scene in SCENES:
        if scene.has_xml:
            write(out / "Annotations" / f"{scene.stem}.xml", voc_xml(scene))
    for split in SPLITS:
        stems = [scene.stem for scene in SCENES if scene.split == split]
        write(out / "ImageSets" / "Main" / f"{split}.txt", "\n".join(stems) + "\n")


def coco_annotation(annotation_id: int, image_id: int, box: Box) -> dict[str, Any]:
    """One record of `annotations`: the box as left, top, width, height."""
    x1, y1, x2, y2 = box.corners
    return {
        "id": annotation_id,
        "image_id": image_id,
        "category_id": CATEGORIES.index(box.label) + 1,
        "bbox": [number(value) for value in (x1, y1, x2 - x1, y2 - y1)],
        "area": number((x2 - x1) * (y2 - y1)),
        "iscrowd": int(box.crowd),
        "segmentation": [],
    }


def coco_json(columns: dict[str, Sequence[dict[str, Any]]]) -> str:
    """JSON with one record a line: short, and a changed box is one changed line."""
    lists = ['"info": {}']
    for name, records in columns.items():
        lines = ",\n".join(json.dumps(record) for record in records)
        lists.append(f'"{name}": [\n{lines}\n]')
    return "{\n" + ",\n".join(lists) + "\n}\n"


def write_coco(out: Path) -> None:
    """One JSON file per split; the ids of images and annotations are unique over both."""
    categories = [{"id": i, "name": name} for i, name in enumerate(CATEGORIES, start=1)]
    annotation_id = 0
    for split in SPLITS:
        images: list[dict[str, Any]] = []
        annotations: list[dict[str, Any]] = []
        for image_id, scene in enumerate(SCENES, start=1):
            if scene.split != split:
                continue
            image: dict[str, Any] = {"id": image_id, "file_name": f"{scene.stem}.jpg"}
            if not scene.is_lost:
                image |= {"width": scene.size[0], "height": scene.size[1]}
            images.append(image)
            for box in scene.boxes:
                annotation_id += 1
                annotations.append(coco_annotation(annotation_id, image_id, box))
        text = coco_json({"images": images, "annotations": annotations, "categories": categories})
        write(out / "annotations" / f"instances_{split}.json", text)


def write_images(out: Path) -> None:
    """Each picture once per format."""
    for scene in SCENES:
        if scene.is_lost:
            continue
        image = picture(scene.size, scene.backdrop, scene.figures)
        for folder in (out / "voc" / "JPEGImages", out / "coco" / "images" / scene.split):
            folder.mkdir(parents=True, exist_ok=True)
            image.save(folder / f"{scene.stem}.jpg", quality=JPEG_QUALITY, optimize=True)


def readme_table() -> str:
    """The table of README.md: every image and what it is there for."""
    rows = ["| image | split | size | what is in it | verdict | cause |", "|---|---|---|---|---|---|"]
    for scene in SCENES:
        size = "unknown" if scene.is_lost else f"{scene.size[0]} x {scene.size[1]}"
        cause = f"`{scene.cause}`" if scene.cause else ""
        cells = (f"`{scene.stem}`", scene.split, size, scene.note, f"`{scene.verdict}`", cause)
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows) + "\n"


def readme() -> str:
    """README.md with its table brought up to date."""
    text = (HERE / "README.md").read_text(encoding="utf-8")
    before, rest = text.split(TABLE_START)
    _, after = rest.split(TABLE_END)
    return before + TABLE_START + readme_table() + TABLE_END + after


def main(arguments: Sequence[str]) -> None:
    """Write everything under the folder named in the arguments."""
    out = Path(arguments[0]) if arguments else HERE
    write_voc(out / "voc")
    write_coco(out / "coco")
    write_images(out)
    write(out / "README.md", readme())


if __name__ == "__main__":
    main(sys.argv[1:])
