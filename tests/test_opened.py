"""Each picture is opened once: what its reader saw is what rules go by, unless it has changed since."""

import os

import pytest
from PIL import Image

from anchoraudit.formats import read
from anchoraudit.images import headers, pillow
from anchoraudit.images.inspection import look
from anchoraudit.images.reading import read_many
from anchoraudit.images.rows import ROW, Rows
from tests.builders import annotation, document, image, make

NAMES = ("a", "b", "c")
YOLO = {f"yolo/labels/{name}.txt": f"0 0.5 0.5 0.2 0.{n + 1}\n" for n, name in enumerate(NAMES)}
ENTRIES = [image(n, file_name=f"{name}.png", width=0, height=0) for n, name in enumerate(NAMES)]
FILES = {
    **YOLO,
    **{f"yolo/images/{name}.png": (64, 48) for name in NAMES},
    "coco/a.json": document(ENTRIES, [annotation(n, n, [3, 4, 20, 30 + n]) for n in range(3)]),
    **{f"coco/{name}.png": (64, 48) for name in NAMES},
    "table/boxes.csv": "image_id,label,x1,y1,x2,y2\n" + "".join(f"{n}.png,cat,1,2,30,40\n" for n in NAMES),
    **{f"table/{name}.png": (64, 48) for name in NAMES},
}


@pytest.fixture
def opened(monkeypatch):
    """The lengths of the files whose headers are read."""
    lengths = []
    read_one = headers.HeaderReader.read

    def counting(reader, file, length, path=None):
        lengths.append(length)
        return read_one(reader, file, length, path)

    monkeypatch.setattr(headers.HeaderReader, "read", counting)
    return lengths


@pytest.mark.parametrize("layout", ["yolo", "coco", "table/boxes.csv"])
def test_each_picture_is_opened_once(tmp_path, monkeypatch, opened, layout):
    make(tmp_path, FILES)
    monkeypatch.chdir(tmp_path)
    dataset = read(layout)
    files = look(dataset, "header")
    assert (len(opened), files.read, files.cached) == (3, 3, 0)
    assert files.width.tolist() == dataset.images.width.tolist() == [64] * 3
    fresh = look(read(tmp_path / layout), "header", cache=tmp_path / "cache")
    assert fresh.copy_of.tolist() == files.copy_of.tolist() == [-1, 0, 0]
    assert look(dataset, "header", cache=tmp_path / "cache").cached == 3


def test_a_picture_that_has_changed_since_is_opened_again(tmp_path, opened):
    make(tmp_path, FILES)
    dataset = read(tmp_path / "yolo")
    Image.new("RGB", (20, 10)).save(tmp_path / "yolo/images/b.png")
    (tmp_path / "yolo/images/c.png").unlink()
    files = look(dataset, "header")
    assert len(opened) == 4
    assert files.width[:2].tolist() == [64, 20]
    assert files.present.tolist() == [True, True, False]


def test_rows_are_those_of_the_table(tmp_path):
    make(tmp_path, {"a.png": (64, 48), "b.jpg": (7, 5), "c.jpg": b"text", "d.jpg": b""})
    paths = [str(path) for path in sorted(tmp_path.iterdir())]
    found = headers.read_headers([*paths, str(tmp_path), None])
    rows = Rows(headers_table(found), found.problem)
    once = read_many(paths, "header")
    for field in ("width", "height", "mark", "orientation", "read"):
        assert rows.table[field][:4].tolist() == once.table[field].tolist()
    assert rows.problem == once.problem
    assert rows.table["size"].tolist() == [*map(os.path.getsize, paths), 0, 0]
    assert not rows.table["read"][4:].any()


def headers_table(found):
    import numpy as np

    return np.frombuffer(found.table, dtype=ROW)


def test_the_users_limit_of_pixels_holds_for_sizes_only(tmp_path, monkeypatch):
    """Pillow refuses a picture of more than twice the limit; rules read it all the same."""
    make(tmp_path, {"a.png": (64, 48), "b.tif": (64, 48)})
    paths = [str(path) for path in sorted(tmp_path.iterdir())]
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1_000)
    found = headers.read_headers(paths)
    assert [value != value for value in found.sides] == [True] * 4
    assert headers_table(found)["width"].tolist() == [64, 64]
    assert Image.MAX_IMAGE_PIXELS == 1_000
    with pillow.most_pixels(None):
        assert headers.read_headers(paths).sides.tolist() == [64, 48] * 2
