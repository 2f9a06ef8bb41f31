"""What `filter` writes is cut from the bytes that were audited, whatever happens to the files meanwhile."""

import importlib.util
import io
import json
import os
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

import anchoraudit
from anchoraudit.cli import filter as command
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats.coco import assembly, chunks, segmentations
from anchoraudit.io import files, unchanged
from anchoraudit.report.exports import target_names
from tests.builders import GOOD, annotation, document, image, make, run

CHANGED = "changed while it was read"
# Ten images, of which every other one has a box that nothing matches. In reversed order, the positions of
# those to keep are those of the others.
IMAGES = [image(number) for number in range(1, 11)]
BOXES = [annotation(number, number, GOOD if number % 2 else [1, 1, 3, 3]) for number in range(1, 11)]
COCO = json.dumps(document(IMAGES, BOXES))
REVERSED = json.dumps(document(IMAGES[::-1], BOXES[::-1]))
assert len(COCO) == len(REVERSED)
ODD = [1, 3, 5, 7, 9]


def rename(path, _):
    other = path.with_name("other")
    other.write_text(REVERSED)
    other.rename(path)


def rewrite(path, _):
    path.write_text(REVERSED)


def rewrite_and_set_the_time_back(path, before):
    """Write other bytes that nothing but the bytes tells from those before."""
    stamp, times = unchanged.Stamp.of(path.stat()), path.stat()
    with path.open("r+b") as file:
        file.write(REVERSED.encode() if before == COCO.encode() else before.replace(b"7", b"8"))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert unchanged.Stamp.of(path.stat()) == stamp
    assert path.read_bytes() != before


def shorten(path, _):
    path.write_text(json.dumps(document(IMAGES[5:], BOXES[5:])))


def cut_off(path, before):
    path.write_bytes(before[: len(before) // 2])


def lengthen(path, _):
    path.write_text(json.dumps(document([image(99), *IMAGES], BOXES)))


def append_spaces(path, before):
    path.write_bytes(before + b"  \n")


def truncate(path, _):
    path.write_bytes(b"")


def delete(path, _):
    path.unlink()


CHANGES = [
    rename,
    rewrite,
    rewrite_and_set_the_time_back,
    shorten,
    cut_off,
    lengthen,
    append_spaces,
    truncate,
    delete,
]
WAYS = {"plain": (), "fix": ("--fix",), "unsafe": ("--unsafe-fixes",), "certified": ("--certify",)}


@pytest.fixture
def halves(monkeypatch):
    for module in (chunks, segmentations):
        monkeypatch.setattr(module, "WORTH_IT", 0)
        monkeypatch.setattr(module, "helpers", lambda *_, **__: 1)


def after(monkeypatch, module, name, do):
    """Let `do` happen once, right after the function of that name has returned, and in this process alone."""
    own, left, here = getattr(module, name), [do], os.getpid()

    def hooked(*args, **more):
        result = own(*args, **more)
        if left and os.getpid() == here:
            left.pop()()
        return result

    monkeypatch.setattr(module, name, hooked)


def refused(capsys, here, code, files=("in.json",)):
    told = capsys.readouterr()
    assert (code, told.out) == (2, "")
    assert sorted(path.name for path in here.iterdir()) == sorted(files)
    return told.err


class TestBetweenAuditAndWriting:
    @pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
    def test_coco(self, here, monkeypatch, capsys, change):
        path = make(here, {"in.json": COCO}) / "in.json"
        after(monkeypatch, command, "_judged", lambda: change(path, COCO.encode()))
        error = refused(
            capsys, here, run("filter", "in.json", "-o", "out.json"), [] if change is delete else ["in.json"]
        )
        assert error.startswith(f"Error: in.json: {CHANGED}")
        assert "Nothing was written. Run the command again when no other program writes to the file." in error

    @pytest.mark.parametrize("change", [rename, rewrite_and_set_the_time_back, shorten, append_spaces])
    @pytest.mark.parametrize("way", WAYS)
    def test_whatever_is_to_be_written(self, here, monkeypatch, capsys, way, change):
        path = make(here, {"in.json": COCO}) / "in.json"
        after(monkeypatch, command, "_judged", lambda: change(path, COCO.encode()))
        assert CHANGED in refused(capsys, here, run("filter", "in.json", "-o", "out.json", *WAYS[way]))

    @pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
    @pytest.mark.usefixtures("halves")
    def test_a_file_read_on_two_cores(self, here, monkeypatch, capsys, change):
        path = make(here, {"in.json": COCO}) / "in.json"
        read = []
        after(monkeypatch, assembly, "decode_in_chunks", lambda: read.append(1))
        after(monkeypatch, command, "_judged", lambda: change(path, COCO.encode()))
        code = run("filter", "in.json", "-o", "out.json")
        assert CHANGED in refused(capsys, here, code, [] if change is delete else ["in.json"])
        assert read

    @pytest.mark.usefixtures("halves")
    @pytest.mark.parametrize("at", range(0, len(COCO), 97))
    def test_any_byte_of_either_half(self, here, capsys, monkeypatch, at):
        """Also one between the halves, and one that no reader looks at."""
        path = make(here, {"in.json": COCO}) / "in.json"
        with unchanged.recorded():
            (source,) = anchoraudit.read(path).sources
        assert len(source.reading.pieces) == 2
        other = bytearray(COCO.encode())
        other[at] ^= 1
        assert source.reading.has(COCO.encode())
        assert not source.reading.has(bytes(other))

    def test_a_file_with_the_same_bytes_is_the_same(self, here, monkeypatch):
        """A copy in its place, and a time that another program set, are no reason to write nothing."""
        path = make(here, {"in.json": COCO}) / "in.json"
        for change in (lambda: make(here, {"in.json": COCO}), lambda: os.utime(path, ns=(5, 5))):
            after(monkeypatch, command, "_judged", change)
            assert run("filter", "in.json", "-o", "out.json", "--force") == 0
            written = json.loads((here / "out.json").read_text())
            assert [entry["id"] for entry in written["images"]] == ODD
            monkeypatch.undo()
            monkeypatch.chdir(here)

    def test_one_of_several_files(self, here, monkeypatch, capsys):
        names = [f"annotations/instances_{name}.json" for name in ("train", "val")]
        make(here, {"ds/" + name: document([image(n)], [annotation(n, n)]) for n, name in enumerate(names)})
        after(monkeypatch, command, "_judged", lambda: truncate(here / "ds" / names[1], b""))
        error = refused(capsys, here, run("filter", "ds", "-o", "out.json"), ["ds"])
        assert "instances_val.json: changed while it was read" in error


# The folder or file to read, the files, and the one that changes. What these formats hold is written from
# what was read, and never from the file again.
ROWS = "".join(f"{n}.jpg,cat,{x},{x},{x + 90},{x + 150},960,720\n" for n, x in ((1, 300), (2, 1)))
VOC = (
    "<annotation><filename>{0}.jpg</filename><size><width>960</width><height>720</height></size>"
    "<object><name>cat</name><bndbox><xmin>{1}</xmin><ymin>{1}</ymin><xmax>{2}</xmax><ymax>{3}</ymax></bndbox>"
    "</object></annotation>"
)
OTHERS = {
    "voc": (
        "ds",
        {f"ds/Annotations/{n}.xml": VOC.format(n, x, x + 74, x + 149) for n, x in ((1, 300), (2, 301))},
        "ds/Annotations/1.xml",
    ),
    "yolo": (
        "ds",
        {
            "ds/data.yaml": "train: images\nval: images\nnames: [cat]\n",
            **{f"ds/images/{n}.png": (960, 720) for n in (1, 2)},
            **{f"ds/labels/{n}.txt": f"0 0.{4 + n} 0.5 0.077 0.207\n" for n in (1, 2)},
        },
        "ds/labels/1.txt",
    ),
    "table": (
        "ds.csv",
        {"ds.csv": f"image_id,label,x1,y1,x2,y2,width,height\n{ROWS}"},
        "ds.csv",
    ),
}

CVAT = (
    "<annotations><meta><task><labels><label><name>cat</name></label></labels></task></meta>"
    '<image id="0" name="1.jpg" width="960" height="720">'
    '<box label="cat" xtl="300" ytl="300" xbr="374" ybr="449"/></image></annotations>'
)
KITTI = "cat 0.00 0 -1.58 300 300 37{} 449 1.65 1.67 3.64 -0.65 1.71 46.70 -1.59\n"
OTHERS |= {
    "cvat": ("ds.xml", {"ds.xml": CVAT}, "ds.xml"),
    "kitti": (
        "ds",
        {
            **{f"ds/image_2/{n}.png": (960, 720) for n in (1, 2)},
            **{f"ds/label_2/{n}.txt": KITTI.format(n) for n in (1, 2)},
        },
        "ds/label_2/1.txt",
    ),
}
if importlib.util.find_spec("pyarrow") is not None:
    parquet = io.BytesIO()
    pd.read_csv(io.StringIO(OTHERS["table"][1]["ds.csv"])).to_parquet(parquet, index=False)
    OTHERS["parquet"] = ("ds.parquet", {"ds.parquet": parquet.getvalue()}, "ds.parquet")
if importlib.util.find_spec("labelformat") is not None:
    box = {"left": 300, "top": 300, "width": 74, "height": 149}
    found = [{"annotation_kind": "ImageBoundingBox", "name": "cat", "bounding_box": box}]
    row = {
        "data_row": {"id": "1", "external_id": "1.jpg"},
        "media_attributes": {"width": 960, "height": 720},
        "projects": {"p": {"labels": [{"annotations": {"objects": found}}]}},
    }
    OTHERS["labelbox"] = ("ds.ndjson", {"ds.ndjson": json.dumps(row) + "\n"}, "ds.ndjson")


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("name", OTHERS)
def test_other_formats_are_written_from_what_was_read(here, monkeypatch, name, change):
    root, content, changing = OTHERS[name]
    make(here, content)
    for output in ("clean.json", "clean.txt"):
        assert run("filter", root, "-o", f"{here.name}-{output}", "--allowed-border", "off") == 0
    after(monkeypatch, command, "_judged", lambda: change(here / changing, (here / changing).read_bytes()))
    assert run("filter", root, "-o", "again.json", "--allowed-border", "off") == 0
    monkeypatch.undo()
    monkeypatch.chdir(here)
    assert (here / "again.json").read_bytes() == (here / f"{here.name}-clean.json").read_bytes()


class TestDuringTheFirstReading:
    """Then there is no telling which bytes were judged."""

    @pytest.mark.parametrize(
        ("moment", "change"),
        [
            ("open_regular", rename),
            *[("read_input", change) for change in (rename, rewrite, shorten, lengthen, truncate, delete)],
        ],
    )
    def test_a_scan_says_so(self, here, monkeypatch, capsys, change, moment):
        """After the file was opened, and after it was read."""
        path = make(here, {"in.json": COCO}) / "in.json"
        used = SimpleNamespace(**vars(files))  # a copy: files are also opened to recognise their format
        monkeypatch.setattr(unchanged, "files", used)
        after(monkeypatch, used, moment, lambda: change(path, b""))
        assert run("scan", "in.json") == 2
        assert CHANGED in capsys.readouterr().err

    @pytest.mark.usefixtures("halves")
    @pytest.mark.parametrize("change", [rename, rewrite, shorten, lengthen])
    @pytest.mark.parametrize("moment", ["find_cuts", "read_into"])
    def test_halves_of_two_files_are_not_one(self, here, monkeypatch, change, moment):
        """They are read again, in one piece, of one file, unless both halves were read before it changed."""
        path = make(here, {"in.json": COCO}) / "in.json"
        after(monkeypatch, chunks, moment, lambda: change(path, b""))
        dataset = anchoraudit.read(path)
        met = dataset.images.ids, dataset.boxes.annotation_ids.tolist()
        texts = [path.read_text(), *([COCO] if moment == "read_into" else [])]
        wanted = [
            tuple([entry["id"] for entry in json.loads(text)[key]] for key in ("images", "annotations"))
            for text in texts
        ]
        assert met in wanted

    def test_files_without_a_size_are_read(self):
        """Those that a system makes up as they are read, such as those in /proc on Linux."""
        path = Path("/proc/self/status")
        if not path.exists():
            pytest.skip("no /proc here")
        data = unchanged.read_input(path)[0]
        assert data.startswith(b"Name:")


class TestARecord:
    @pytest.mark.parametrize("name", OTHERS)
    def test_it_has_each_file_and_its_bytes(self, here, name):
        root, content, _ = OTHERS[name]
        make(here, content)
        with unchanged.recorded(large=True) as record:
            anchoraudit.read(root)
        texts = {path for path in content if not path.endswith(".png")}
        assert {os.path.normpath(path) for path in record} == texts
        for path, reading in record.items():
            assert reading.has(files.read_bytes(path))
            assert len(unchanged.sha256_again(path, reading)) == 64

    def test_without_one_nothing_is_hashed(self, here):
        make(here, {"in.json": COCO})
        (source,) = anchoraudit.read("in.json").sources
        assert source.reading.pieces == ()
        assert source.reading.stamp.size == len(COCO)

    def test_a_file_that_differs_when_it_is_read_twice(self, here):
        with unchanged.recorded(), pytest.raises(AnchorauditError, match=CHANGED):
            unchanged.note("a.txt", b"one")
            unchanged.note("a.txt", b"one")
            unchanged.note("a.txt", b"two")


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("program", target_names())
def test_an_export_reads_no_source_again(here, name, program):
    root, content, changing = OTHERS[name]
    make(here, content)
    result = anchoraudit.audit(root)
    anchoraudit.export(result, "before", program, verdicts=("all",))
    (here / changing).unlink()
    written = anchoraudit.export(result, "after", program, verdicts=("all",))
    for file in written.files:
        assert (here / "after" / file).read_bytes() == (here / "before" / file).read_bytes()
