"""The sample data: it can be made again, both formats hold the same, and it shows what it promises."""

import importlib.util
import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[1] / "sample_data"
SPLITS = ("train", "val")
VERDICTS = {"ok", "empty_foreground", "blank", "no_usable_box", "unknown"}
CAUSES = {"edge", "stride", "small", "large", "elongated"}


def load_scenes():
    spec = importlib.util.spec_from_file_location("sample_data_scenes", ROOT / "scenes.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module.SCENES


SCENES = load_scenes()


def data_files(root):
    """Everything that make.py writes under a folder, as relative paths."""
    paths = [path for folder in ("voc", "coco") for path in (root / folder).rglob("*") if path.is_file()]
    return {path.relative_to(root) for path in [*paths, root / "README.md"]}


def voc_boxes(stem):
    """The labels and corners of one XML file, without those of `<part>`; None without the file."""
    path = ROOT / "voc" / "Annotations" / f"{stem}.xml"
    if not path.exists():
        return None
    boxes = []
    for node in ET.parse(path).getroot().iterfind("object"):
        corners = [float(node.findtext(f"bndbox/{name}")) for name in ("xmin", "ymin", "xmax", "ymax")]
        boxes.append((node.findtext("name"), *corners))
    return boxes


def coco_boxes(split, *, crowd):
    """The labels and corners of one JSON file by stem, either its crowds or the other boxes."""
    data = json.loads((ROOT / "coco" / "annotations" / f"instances_{split}.json").read_text("utf-8"))
    names = {category["id"]: category["name"] for category in data["categories"]}
    stems = {image["id"]: Path(image["file_name"]).stem for image in data["images"]}
    boxes = {stem: [] for stem in stems.values()}
    for record in data["annotations"]:
        if record["iscrowd"] == crowd:
            x, y, w, h = record["bbox"]
            boxes[stems[record["image_id"]]].append((names[record["category_id"]], x, y, x + w, y + h))
    return boxes


@pytest.fixture(scope="module")
def remade(tmp_path_factory):
    out = tmp_path_factory.mktemp("sample_data")
    subprocess.run([sys.executable, "-B", str(ROOT / "make.py"), str(out)], check=True)
    return out


def test_make_writes_the_committed_files_and_no_others(remade):
    assert data_files(remade) == data_files(ROOT)


def test_make_reproduces_annotations_and_lists_byte_for_byte(remade):
    for path in sorted(data_files(ROOT)):
        if path.suffix != ".jpg":
            assert (remade / path).read_bytes() == (ROOT / path).read_bytes(), path


def test_make_reproduces_the_images(remade):
    # Pixels may differ a little with the JPEG library, so only the decoded sizes are held.
    sizes = {scene.stem: scene.size for scene in SCENES}
    for path in sorted(data_files(ROOT)):
        if path.suffix == ".jpg":
            with Image.open(remade / path) as new, Image.open(ROOT / path) as committed:
                assert new.size == committed.size == sizes[path.stem], path


def test_total_size_is_at_most_two_megabytes():
    assert sum((ROOT / path).stat().st_size for path in data_files(ROOT)) <= 2_000_000


@pytest.mark.parametrize("split", SPLITS)
def test_both_formats_list_the_same_images(split):
    stems = [scene.stem for scene in SCENES if scene.split == split]
    listed = (ROOT / "voc" / "ImageSets" / "Main" / f"{split}.txt").read_text("utf-8").split()
    assert listed == stems
    assert list(coco_boxes(split, crowd=False)) == stems


@pytest.mark.parametrize("split", SPLITS)
def test_both_formats_hold_the_same_boxes(split):
    crowds = coco_boxes(split, crowd=True)
    for stem, boxes in coco_boxes(split, crowd=False).items():
        in_voc = voc_boxes(stem)
        if crowds[stem]:  # VOC has no crowds: its XML has a box without width and height instead
            assert boxes == []
            assert all(x2 <= x1 and y2 <= y1 for _, x1, y1, x2, y2 in in_voc)
        else:
            assert (in_voc or []) == boxes, stem


def test_both_formats_hold_the_same_images():
    in_voc = {path.name: path.read_bytes() for path in (ROOT / "voc" / "JPEGImages").iterdir()}
    in_coco = {path.name: path.read_bytes() for path in (ROOT / "coco" / "images").rglob("*.jpg")}
    assert in_voc == in_coco


def test_every_verdict_and_cause_of_the_reference_detector_is_shown():
    assert {scene.verdict for scene in SCENES} == VERDICTS
    assert {scene.cause for scene in SCENES if scene.verdict == "empty_foreground"} == CAUSES
    assert not any(scene.cause for scene in SCENES if scene.verdict != "empty_foreground")


def test_readme_names_every_image_with_its_verdict_and_cause():
    rows = {}
    for line in (ROOT / "README.md").read_text("utf-8").splitlines():
        if line.startswith("| `"):
            cells = [cell.strip(" `") for cell in line.strip("|").split("|")]
            rows[cells[0]] = (cells[-2], cells[-1])
    assert rows == {scene.stem: (scene.verdict, scene.cause) for scene in SCENES}


def test_blank_and_lost_images_come_in_each_form():
    assert voc_boxes("empty_basket") == []
    assert voc_boxes("empty_window") is None
    assert (ROOT / "voc" / "JPEGImages" / "empty_window.jpg").exists()
    assert not (ROOT / "voc" / "JPEGImages" / "lost_photo.jpg").exists()
    assert ET.parse(ROOT / "voc" / "Annotations" / "lost_photo.xml").find("size") is None
    data = json.loads((ROOT / "coco" / "annotations" / "instances_train.json").read_text("utf-8"))
    lost = next(image for image in data["images"] if image["file_name"] == "lost_photo.jpg")
    assert set(lost) == {"id", "file_name"}


def test_unusual_but_legal_content_is_there():
    text = "".join(path.read_text("utf-8") for path in sorted((ROOT / "voc" / "Annotations").iterdir()))
    for mark in ("<difficult>1<", "<part>", "<truncated>1<", "<xmin>290.25<", "<xmin>-0.5<", "<xmax>641<"):
        assert mark in text
