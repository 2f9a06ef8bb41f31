"""Every quirk that was met in real data sets, in one small set each: survived, counted, and reported.

Each is scanned under the reference detector; a GOOD box matches there, so what a test sees is the quirk's.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

import pytest
from PIL import Image

from tests.builders import annotation, document, image, make, run
from tests.fuzzing import strict_json

CORNERS = {"xmin": 400, "ymin": 360, "xmax": 474, "ymax": 509}  # GOOD, as VOC has it


@dataclass
class Quirk:
    """A data set `ds`, and what a scan of it has to say.

    code: the exit code. found: for each code of a finding but those of `QUIET`, a piece of where each of
    them is. images, boxes, usable, matched: how many. notes: pieces of notes.
    """

    name: str
    files: dict[str, Any]
    code: int = 0
    found: dict[str, list[str]] = field(default_factory=dict)
    images: int = 1
    boxes: int = 1
    usable: int = 1
    matched: int = 1
    notes: tuple[str, ...] = ()
    args: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name


# What tiny data sets have by their nature: anchors that no box uses, few blank images that are many.
QUIET = {"ANC004", "ANC005", "SET007"}


def xml(objects=(CORNERS,), *, size=(960, 720), filename="a.jpg", more=""):
    """A VOC annotation; an object is its corners, or XML."""
    head = "" if filename is None else f"<filename>{filename}</filename>"
    if size is not None:
        head += f"<size><width>{size[0]}</width><height>{size[1]}</height><depth>3</depth></size>"
    return f"<annotation>{head}{more}{''.join(map(voc_object, objects))}</annotation>"


def voc_object(corners, *, more="", name="cat"):
    if isinstance(corners, str):
        return corners
    box = "".join(f"<{tag}>{value}</{tag}>" for tag, value in corners.items())
    return f"<object><name>{name}</name>{more}<bndbox>{box}</bndbox></object>"


def coco(images=None, annotations=None, **more):
    return {"ds/annotations/instances_train.json": document(images, annotations, **more)}


def jpeg(size=(960, 720), *, mode="RGB", orientation=None, colour=90):
    """Bytes of a JPEG that is not of one colour only."""
    picture = Image.new(mode, size, colour if mode == "L" else (colour, 60, 30))
    picture.paste(picture.resize((9, 9)).rotate(45), (5, 5))
    exif = Image.Exif()
    if orientation is not None:
        exif[274] = orientation
    stream = io.BytesIO()
    picture.save(stream, "JPEG", exif=exif)
    return stream.getvalue()


ROTATED = jpeg((720, 960), orientation=6)
# The tag as a long integer instead of a short one: Pillow does not write that.
_SHORT, _LONG = b"\x01\x12\0\3\0\0\0\1\0\1\0\0", b"\x01\x12\0\4\0\0\0\1\0\1\0\1"
ODDLY_TURNED = jpeg(orientation=1).replace(_SHORT, _LONG)

VOC = [
    Quirk("no size, image there", {"ds/a.xml": xml(size=None), "ds/a.jpg": (960, 720)}),
    Quirk(
        "no size, no image",
        {"ds/a.xml": xml(size=None), "ds/b.xml": xml(filename="b.jpg")},
        found={"IMG002": ["a.xml"]},
        images=2,
        boxes=2,
    ),
    Quirk(
        "no size anywhere",
        {"ds/a.xml": xml(size=None)},
        code=1,
        found={"IMG002": ["a.xml"], "IMG003": ["ds"]},
        usable=0,
        matched=0,
    ),
    Quirk("no filename", {"ds/a.xml": xml(filename=None), "ds/a.jpg": (960, 720)}),
    Quirk("an empty filename", {"ds/a.xml": xml(filename=""), "ds/a.jpg": (960, 720)}),
    Quirk("size 0x0, image there", {"ds/a.xml": xml(size=(0, 0)), "ds/a.jpg": (960, 720)}),
    Quirk(
        "size 0x0, no image",
        {"ds/a.xml": xml(size=(0, 0)), "ds/b.xml": xml(filename="b.jpg")},
        found={"IMG002": ["a.xml"]},
        images=2,
        boxes=2,
    ),
    Quirk(
        "tags in the order xmin, xmax, ymin, ymax",
        {
            "ds/a.xml": xml([{tag: CORNERS[tag] for tag in ("xmin", "xmax", "ymin", "ymax")}]),
            "ds/a.jpg": (960, 720),
        },
    ),
    Quirk(
        "tags in the order ymax, xmax, ymin, xmin",
        {"ds/a.xml": xml([{tag: CORNERS[tag] for tag in reversed(CORNERS)}]), "ds/a.jpg": (960, 720)},
    ),
    Quirk(
        "filename of another file",
        {"ds/a.xml": xml(filename="IMG_7731.JPG"), "ds/a.jpg": (960, 720)},
        found={"SET008": ["a.xml"]},
    ),
    Quirk("filename without extension", {"ds/a.xml": xml(filename="a"), "ds/a.jpg": (960, 720)}),
    Quirk(
        "absolute path of another machine",
        {
            "ds/a.xml": xml(more="<path>C:\\Users\\me\\a.jpg</path><folder>/tmp</folder>"),
            "ds/a.jpg": (960, 720),
        },
    ),
    Quirk(
        "floats",
        {"ds/a.xml": xml([{tag: value + 0.25 for tag, value in CORNERS.items()}], size=("960.0", "720.0"))},
    ),
    Quirk(
        "parts of an object",
        {
            "ds/a.xml": xml(
                [
                    voc_object(
                        CORNERS,
                        more="<part><name>head</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>3</xmax>"
                        "<ymax>4</ymax></bndbox></part>",
                    )
                ]
            )
        },
    ),
    Quirk(
        "XML that is no annotation",
        {"ds/a.xml": xml(), "ds/settings.xml": "<project><name>x</name></project>"},
        found={"PAR007": ["settings.xml"]},
    ),
    Quirk(
        "an image without XML",
        {"ds/a.xml": xml(), "ds/a.jpg": (960, 720), "ds/b.jpg": (960, 720)},
        code=1,
        found={"ANC008": ["b.jpg"], "IMG010": ["b.jpg"]},
        images=2,
    ),
    Quirk(
        "an XML without image",
        {"ds/a.xml": xml(), "ds/a.jpg": (960, 720), "ds/b.xml": xml(filename="b.jpg")},
        found={"IMG001": ["b.xml"]},
        images=2,
        boxes=2,
        usable=2,
        matched=2,
    ),
    Quirk(
        "nine in ten without objects",
        {f"ds/{i}.xml": xml([CORNERS] if i == 0 else [], filename=f"{i}.jpg") for i in range(10)},
        args=("--allow-blank",),
        found={"ANC008": [f"{i}.xml" for i in range(1, 10)]},
        images=10,
    ),
]
INF, NAN = float("inf"), float("nan")

COCO = [
    Quirk(
        "boxes of infinity and NaN",
        coco(
            annotations=[
                annotation(),
                *(
                    annotation(i + 2, bbox=b)
                    for i, b in enumerate([[INF, 1, 2, 3], [1, -INF, 2, 3], [1, 2, NAN, 3]])
                ),
            ]
        ),
        code=1,
        found={"BOX001": ["annotations[1].bbox", "annotations[2].bbox", "annotations[3].bbox"]},
        boxes=4,
    ),
    Quirk(
        "negative coordinates",
        coco(annotations=[annotation(), annotation(2, bbox=[-30, 300, 74, 149])]),
        found={"BOX006": ["annotations[1]"]},
        boxes=2,
        usable=2,
        matched=2,
    ),
    Quirk(
        "width or height of zero",
        coco(annotations=[annotation(), annotation(2, bbox=[5, 5, 0, 9]), annotation(3, bbox=[5, 5, 9, 0])]),
        found={"BOX002": ["annotations[1]", "annotations[2]"]},
        boxes=3,
    ),
    Quirk(
        "annotation ids twice",
        coco(annotations=[annotation(7), annotation(7, bbox=[100, 200, 74, 149])]),
        found={"SET002": ["annotations[1].id"]},
        boxes=2,
        usable=2,
        matched=2,
    ),
    Quirk(
        "the same id for every image",
        coco([image(0), image(0, file_name="b.jpg"), image(0, file_name="c.jpg")], [annotation(1, 0)]),
        code=1,
        found={"SET001": ["images[1].id", "images[2].id"], "ANC008": ["images[1]", "images[2]"]},
        images=3,
    ),
    Quirk(
        "string ids",
        coco(
            [image("a7")], [annotation("b", "a7", category_id="c")], categories=[{"id": "c", "name": "cat"}]
        ),
    ),
    Quirk(
        "a string of digits is no integer",
        coco([image(1)], [annotation(1, 1), annotation(2, "1")]),
        found={"SET003": ["annotations[1].image_id"]},
    ),
    Quirk(
        "string licence ids", coco([image(license="1")], licenses=[{"id": "1", "name": "CC", "url": None}])
    ),
    Quirk("licenses null, info null", coco(licenses=None, info=None)),
    Quirk("no info, no licenses", coco()),
    Quirk(
        "unknown keys everywhere",
        coco(
            [image(flickr_url=None, nested={"a": [1, {"b": []}]})],
            [annotation(attributes={"occluded": True}, score=0.5)],
            categories=[{"id": 1, "name": "cat", "supercategory": None, "colour": [1, 2, 3]}],
            videos=[],
            scene_annotations=[{"x": 1}],
        ),
    ),
    Quirk(
        "category id 0",
        coco(annotations=[annotation(category_id=0)], categories=[{"id": 0, "name": "cat"}]),
        found={"CLS006": ["instances_train.json"]},
    ),
    Quirk(
        "category gaps",
        coco(
            annotations=[annotation(), annotation(2, category_id=5, bbox=[100, 200, 74, 149])],
            categories=[{"id": 1, "name": "cat"}, {"id": 5, "name": "dog"}],
        ),
        found={"CLS006": ["instances_train.json"]},
        boxes=2,
        usable=2,
        matched=2,
    ),
    Quirk(
        "names that differ in case",
        coco(
            annotations=[annotation(), annotation(2, category_id=2, bbox=[100, 200, 74, 149])],
            categories=[{"id": 1, "name": "Varroa"}, {"id": 2, "name": "varroa"}],
        ),
        found={"CLS005": ["instances_train.json"]},
        boxes=2,
        usable=2,
        matched=2,
    ),
    Quirk(
        "an unused category",
        coco(categories=[{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]),
        found={"CLS002": ["instances_train.json"]},
    ),
    Quirk(
        "an unknown category",
        coco(annotations=[annotation(), annotation(2, category_id=9, bbox=[100, 200, 74, 149])]),
        found={"CLS001": ["annotations[1].category_id"]},
        boxes=2,
        usable=2,
        matched=2,
    ),
    Quirk(
        "annotations of a missing image",
        coco(annotations=[annotation(), annotation(2, 99), annotation(3, 98)]),
        found={"SET003": ["annotations[1].image_id", "annotations[2].image_id"]},
    ),
    Quirk(
        "RLE crowds, compressed and not",
        coco(
            annotations=[
                annotation(),
                annotation(2, iscrowd=1, segmentation={"counts": [5, 9], "size": [720, 960]}),
                annotation(3, iscrowd=1, segmentation={"counts": "a1b2", "size": [720, 960]}),
            ]
        ),
        boxes=3,
        found={"BOX011": ["annotations[2]"]},
    ),
    Quirk("an empty segmentation", coco(annotations=[annotation(segmentation=[])])),
    Quirk(
        "neither box nor polygon",
        coco(annotations=[annotation(), {"id": 2, "image_id": 1, "category_id": 1, "segmentation": []}]),
        found={"PAR003": ["annotations[1]"]},
        boxes=2,
    ),
    Quirk(
        "a stray file that is no JSON",
        {
            **coco(),
            "ds/annotations/README.md": "# x",
            "ds/annotations/notes.json": "not JSON",
            "ds/annotations/._instances_train.json": b"\0\5\x16\7",
        },
        notes=("notes.json",),
    ),
    Quirk(
        "train and validation list the same images",
        {**coco(), "ds/annotations/instances_val.json": document()},
        found={"SET004": ["images[0]"]},
        images=2,
        boxes=2,
        usable=2,
        matched=2,
    ),
]


def pictured(content, entry=None, **more):
    """A COCO set of one image `1.jpg`, which holds `content`."""
    return {**coco([entry or image(**more)]), "ds/images/1.jpg": content}


PICTURES = [
    Quirk("a truncated JPEG", pictured(jpeg()[:-200]), code=1, found={"IMG005": ["1.jpg"]}),
    Quirk("an empty file", pictured(b""), code=1, found={"IMG005": ["1.jpg"]}),
    Quirk("a web page", pictured(b"<!DOCTYPE html><html>404</html>"), code=1, found={"PAR011": ["1.jpg"]}),
    Quirk(
        "EXIF turns it, the size is that of the pixels",
        {**coco([image(width=720, height=960)]), "ds/images/1.jpg": ROTATED},
        found={"IMG008": ["1.jpg"]},
    ),
    Quirk(
        "EXIF turns it, the size is that of the turned image",
        pictured(ROTATED),
        found={"IMG008": ["1.jpg"]},
    ),
    Quirk("EXIF orientation 3 keeps the sides", pictured(jpeg(orientation=3)), found={"IMG008": [""]}),
    Quirk("EXIF orientation 65537", pictured(ODDLY_TURNED)),
    Quirk("grayscale", pictured(jpeg(mode="L"))),
    Quirk("grayscale, decoded", pictured(jpeg(mode="L")), args=("--images", "decode")),
    Quirk(
        "byte-identical copies",
        {
            **coco([image(), image(2)], [annotation(), annotation(2, 2)]),
            "ds/images/1.jpg": jpeg(),
            "ds/images/2.jpg": jpeg(),
        },
        found={"IMG010": ["2.jpg"]},
        images=2,
        boxes=2,
        usable=2,
        matched=2,
    ),
    Quirk("another size than declared", pictured(jpeg((480, 360))), found={"IMG006": ["images[0]"]}),
    Quirk("width and height swapped", pictured(jpeg((720, 960))), found={"IMG007": ["images[0]"]}),
    Quirk(
        "24 megapixels with tiny objects",
        coco([image(width=6000, height=4000)], [annotation(bbox=[3000, 2000, 15, 15])]),
        code=1,
        found={"ANC002": ["images[0]"]},
        matched=0,
    ),
]

EDGE = [885, 360, 74, 149]  # ends at x = 959, a pixel before the edge
OUT_OF_BOUNDS = [
    Quirk(
        "float noise of 1e-4 px",
        coco(annotations=[annotation(), annotation(2, bbox=[886.0001, *EDGE[1:]])]),
        boxes=2,
        usable=2,
        matched=2,
    ),
    Quirk(
        "rounding, half a pixel",
        coco(annotations=[annotation(), annotation(2, bbox=[886.5, *EDGE[1:]])]),
        found={"BOX004": ["annotations[1]"]},
        boxes=2,
        usable=2,
        matched=2,
    ),
    Quirk(
        "off by one pixel",
        coco(annotations=[annotation(), annotation(2, bbox=[887, *EDGE[1:]])]),
        found={"BOX005": ["annotations[1]"]},
        boxes=2,
        usable=2,
        matched=2,
    ),
    Quirk(
        "out by thousands of pixels, and overlapping",
        coco(annotations=[annotation(), annotation(2, bbox=[800, 360, 4000, 149])]),
        code=1,
        found={"BOX016": ["annotations[1]"]},
        boxes=2,
        usable=2,
        matched=2,
    ),
    Quirk(
        "thousands of pixels away",
        coco(annotations=[annotation(), annotation(2, bbox=[7000, 360, 74, 149])]),
        code=1,
        found={"BOX003": ["annotations[1]"]},
        boxes=2,
    ),
]

QUIRKS = [*VOC, *COCO, *PICTURES, *OUT_OF_BOUNDS]


@pytest.mark.parametrize("quirk", QUIRKS, ids=str)
def test_is_survived_counted_and_reported(here, capsys, quirk):
    make(here, quirk.files)
    code = run("scan", "ds", "--output-format", "json", *quirk.args)
    out, err = capsys.readouterr()
    assert err == ""
    report = strict_json(out)
    summary = report["summary"]
    found: dict[str, list[str]] = {}
    for finding in report["findings"]:
        if finding["code"] not in QUIET:
            found.setdefault(finding["code"], []).append(f"{finding['path']}, {finding['place']}")
    assert {c: len(places) for c, places in found.items()} == {c: len(p) for c, p in quirk.found.items()}
    for code_of, places in quirk.found.items():
        for place, piece in zip(found[code_of], places, strict=True):
            assert piece in place
    counted = [summary[name] for name in ("images", "boxes", "usable", "matched")]
    assert counted == [quirk.images, quirk.boxes, quirk.usable, quirk.matched]
    assert code == quirk.code
    assert all(any(piece in note for note in report["notes"]) for piece in quirk.notes)


@pytest.mark.parametrize("quirk", QUIRKS, ids=str)
def test_is_filtered_explained_and_compared(here, capsys, quirk):
    """The other commands survive it, too, and what filter writes is clean under the same detector."""
    make(here, quirk.files)
    for args in (
        ["cluster", "ds", "--k", "1"],
        ["compare", "ds", "--detector", "yolov5"],
        ["explain", "1", "ds"],
    ):
        run(*args)
        _, err = capsys.readouterr()
        assert "internal error" not in err
    code = run("filter", "ds", "-o", "clean.json")
    _, err = capsys.readouterr()
    if code == 2:
        refused = ("would be left", "filter cannot fix this error")
        assert any(words in err for words in refused)
        return
    for written in sorted(here.glob("clean*.json")):  # a file for each split, where they share ids
        strict_json(written.read_text())
        assert run("scan", written.name, "--ignore", "SET001") == 0, capsys.readouterr().out


@pytest.mark.parametrize("name", ["boxes of infinity and NaN", "no size anywhere", "a truncated JPEG"])
def test_is_survived_by_the_real_process(anchoraudit, tmp_path, name):
    (quirk,) = (quirk for quirk in QUIRKS if quirk.name == name)
    make(tmp_path, quirk.files)
    result = anchoraudit("scan", tmp_path / "ds", "--output-format", "concise")
    assert result.returncode == quirk.code
    assert result.stderr == ""
    for code in quirk.found:
        assert f" {code} " in result.stdout


def test_the_odd_orientation_is_what_it_says():
    with Image.open(io.BytesIO(ODDLY_TURNED)) as picture:
        assert picture.getexif()[274] == 65537


def test_there_is_one_for_each():
    """Names are how a failing one is found."""
    names = [quirk.name for quirk in QUIRKS]
    assert len(set(names)) == len(names) == 58
