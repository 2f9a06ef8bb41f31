"""The image files of a data set: what is found of each, kept from run to run, whatever is in them."""

import io
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from anchoraudit.dataset.columns import Boxes, Dataset, Images, Source
from anchoraudit.errors import AnchorauditError
from anchoraudit.images import folders, headers, pillow, pool, reading
from anchoraudit.images.inspection import look
from anchoraudit.images.jpeg import plain_header
from anchoraudit.images.rows import Rows
from anchoraudit.io import processes
from anchoraudit.io.processes import can_fork
from tests.builders import make

needs_fork = pytest.mark.skipif(
    not can_fork(), reason="processes that inherit what a test changed: Linux only"
)
needs_links = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes or links here")


def dataset(*sources):
    """A data set without boxes, of (image folder or None, names of images)."""
    names = [name for _, own in sources for name in own]
    count = len(names)
    none = np.zeros(0, dtype=np.int64)
    return Dataset(
        root=Path(),
        format="coco",
        recognised="",
        sources=tuple(Source(Path("a.json"), "", folder) for folder, _ in sources),
        splits=("",),
        images=Images(
            ids=list(range(count)),
            file_names=names,
            width=np.full(count, np.nan),
            height=np.full(count, np.nan),
            split=np.zeros(count, dtype=np.int64),
            source=np.repeat(np.arange(len(sources)), [len(own) for _, own in sources]),
        ),
        boxes=Boxes(none, None, none, np.zeros((0, 4)), none > 0, none > 0),
        categories=(),
    )


def picture(size=(40, 30), mode="RGB", seed=0):
    """A picture of noise, which compresses badly: each file has some kilobytes."""
    rng = np.random.default_rng(seed)
    shape = (size[1], size[0]) if mode in ("L", "P") else (size[1], size[0], len(mode))
    return Image.fromarray(
        rng.integers(0, 256, shape, dtype=np.uint8), mode if mode in ("L", "RGB", "RGBA") else None
    )


def encoded(image=None, format="JPEG", **options):
    stream = io.BytesIO()
    (picture() if image is None else image).save(stream, format, **options)
    return stream.getvalue()


def exif(orientation, kind=3):
    """An EXIF block that says the orientation alone, as SHORT (3) or LONG (4)."""
    value = orientation.to_bytes(2, "big") + b"\0\0" if kind == 3 else orientation.to_bytes(4, "big")
    entry = b"\x01\x12" + kind.to_bytes(2, "big") + b"\0\0\0\x01" + value
    return b"Exif\0\0MM\0*\0\0\0\x08\0\x01" + entry + b"\0\0\0\0"


def look_at(root, files, mode="header", **options):
    """Look at `files` (name: content), all of which are images of the data set."""
    make(root, files)
    return look(dataset((root, list(files))), mode, **options)


def sides(pictures):
    both = zip(pictures.width.tolist(), pictures.height.tolist(), strict=True)
    return [None if np.isnan(w) else (w, h) for w, h in both]


# ---------------------------------------------------------------------------------------------- which files


def test_without_a_folder_or_a_wish_there_is_nothing_to_look_at(tmp_path):
    assert look(dataset((None, ["a.jpg"])), "header") is None
    assert look(dataset((tmp_path, ["a.jpg"])), "none") is None
    with pytest.raises(AnchorauditError, match="none, header, decode"):
        look(dataset((tmp_path, [])), "headers")


def test_files_are_found_as_the_data_set_finds_them(tmp_path):
    make(tmp_path, {"in/a.jpg": (4, 3), "in/deep/b.png": (5, 3), "out.jpg": (6, 3)})
    names = [
        *(
            "a.jpg",
            "deep/b.png",
            "deep\\b.png",
            "./deep//b.png",
            "a.jpg/",
            "no.jpg",
            "",
            ".",
            "deep",
            "no/a.jpg",
        ),
        *(
            "../out.jpg",
            "deep/../a.jpg",
            str(tmp_path / "out.jpg"),
            "\\out.jpg",
            "a.jpg\0",
            "\ud800.jpg",
            "x" * 300,
        ),
    ]
    data = dataset((tmp_path / "in", names), (None, ["a.jpg"]))
    pictures = look(data, "header")
    assert pictures.looked.tolist() == [True] * len(names) + [False]
    assert pictures.present.tolist() == [True] * 5 + [False] * (len(names) - 4)
    assert pictures.present.tolist() == [data.image_path(i) is not None for i in range(len(data.images))]
    assert sides(pictures)[:6] == [(4, 3), (5, 3), (5, 3), (5, 3), (4, 3), None]
    assert (pictures.read, pictures.cached) == (2, 0)  # each file once
    assert pictures.copy_of.tolist() == [-1, -1, 1, 1, 0] + [-1] * (len(names) - 4)


@needs_links
def test_what_is_no_file_is_not_opened(tmp_path):
    make(tmp_path, {"a.jpg": (4, 3), "inner/b.jpg": (4, 3)})
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "loop.jpg").symlink_to("loop.jpg")
    (tmp_path / "nowhere.jpg").symlink_to("gone.jpg")
    (tmp_path / "device.jpg").symlink_to("/dev/zero")
    (tmp_path / "link.jpg").symlink_to("a.jpg")
    (tmp_path / "round").symlink_to(".")
    odd = ["pipe.jpg", "folder.jpg", "loop.jpg", "nowhere.jpg", "device.jpg"]
    pictures = look(dataset((tmp_path, ["link.jpg", "round/round/a.jpg", *odd])), "decode")
    assert pictures.present.tolist() == [True, True] + [False] * 5
    assert pictures.problem == [""] * 7
    assert pictures.unlisted == []  # round/round is this folder too
    assert look(dataset((tmp_path, ["a.jpg"])), "decode").unlisted == [(0, "link.jpg")]


def test_a_pipe_that_takes_a_files_place_is_not_waited_for(tmp_path):
    if not hasattr(os, "mkfifo"):
        pytest.skip("no pipes here")
    os.mkfifo(tmp_path / "a.jpg")
    rows = reading.read_many([str(tmp_path / "a.jpg"), str(tmp_path / "gone.jpg")], "decode")
    assert rows.problem[0] == "cannot be read: it is not a regular file"
    assert rows.problem[1].startswith("cannot be read: ")
    assert rows.passing == {0, 1}


def test_a_name_that_differs_in_case_is_told(tmp_path):
    make(tmp_path, dict.fromkeys(("IMG.JPG", "deep/Two.jpg", "é.jpg", "taken.JPG"), (4, 3)))
    names = ["img.jpg", "deep/two.JPG", "\u00e9.jpg", "other.jpg", "taken.jpg", "taken.JPG"]
    pictures = look(dataset((tmp_path, names)), "header")
    assert pictures.other_case == ["IMG.JPG", "deep/Two.jpg", "e\u0301.jpg", "", "", ""]
    assert pictures.present.tolist() == [False] * 5 + [True]
    assert pictures.unlisted == []


def test_where_case_does_not_matter_the_file_is_there_and_the_name_is_told(tmp_path, monkeypatch):
    make(tmp_path, {"IMG.JPG": (4, 3)})
    strict = folders._status
    monkeypatch.setattr(folders, "_status", lambda path: strict(path.replace("img.jpg", "IMG.JPG")))
    monkeypatch.setattr(folders.Folder, "paths", lambda folder: [f"{folder.path}/IMG.JPG"])
    pictures = look(dataset((tmp_path, ["img.jpg"])), "header")
    assert (pictures.present.tolist(), pictures.other_case) == ([True], ["IMG.JPG"])
    assert (sides(pictures), pictures.unlisted) == ([(4, 3)], [])


def test_image_files_that_no_image_names(tmp_path):
    names = ("a.jpg", "b.jpg", "c.PNG", "._a.jpg", "notes.txt", "deep/d.jpg", "deep/e.jpg", "unnamed/f.jpg")
    make(tmp_path, dict.fromkeys(names, ""))
    alone = dataset((tmp_path, ["a.jpg", "deep/d.jpg"]))
    assert look(alone, "header").unlisted == [(0, "b.jpg"), (0, "c.PNG"), (0, "deep/e.jpg")]
    shared = dataset((tmp_path, ["a.jpg"]), (tmp_path / "deep", ["d.jpg"]), (tmp_path, ["c.PNG"]))
    assert look(shared, "header").unlisted == [(0, "b.jpg"), (1, "e.jpg")]


def test_a_folder_that_is_not_there(tmp_path):
    pictures = look(dataset((tmp_path / "gone", ["a.jpg"])), "header", cache=tmp_path / "c")
    assert (pictures.looked.tolist(), pictures.present.tolist()) == ([True], [False])
    assert look(dataset((tmp_path, [])), "decode").present.tolist() == []


# ------------------------------------------------------------------------------------------- what they say


def test_headers_of_every_format(tmp_path):
    kinds = ("jpeg", "png", "bmp", "gif", "tiff", "webp", "ppm")
    files = {f"a.{kind}": encoded(picture((41, 30)), kind.upper()) for kind in kinds}
    files["gray.jpg"] = encoded(picture((41, 30), "L"))
    files["progressive.jpg"] = encoded(picture((41, 30)), progressive=True)
    files["misnamed.jpg"] = files["a.png"]
    for mode in ("header", "decode"):
        pictures = look_at(tmp_path, files, mode)
        assert sides(pictures) == [(41, 30)] * 10
        assert pictures.problem == [""] * 10
        assert pictures.copy_of.tolist() == [-1] * 9 + [1]
        assert not pictures.one_colour.any()


def test_orientation(tmp_path):
    blocks = {
        "six.jpg": exif(6),
        "none.jpg": exif(0),
        "wide.jpg": exif(65537, kind=4),
        "nine.jpg": exif(9),
        "long.jpg": exif(8, kind=4),
        "broken.jpg": b"Exif\0\0nonsense",
    }
    files = {name: encoded(exif=block) for name, block in blocks.items()}
    files["plain.jpg"] = encoded()
    files["six.png"] = encoded(format="PNG", exif=exif(6))
    files["six.webp"] = encoded(format="WEBP", exif=exif(6))
    files["six.tif"] = encoded(format="TIFF", tiffinfo={274: 6})
    pictures = look_at(tmp_path, files)
    assert pictures.orientation.tolist() == [6, 0, -1, -1, 8, 0, 0, 6, 6, 6]
    assert sides(pictures) == [(40, 30)] * 10  # as stored, not as shown; Pillow would turn the TIFF
    assert pictures.problem == [""] * 10


def test_files_that_are_no_images(tmp_path):
    heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 100
    postscript = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 30 20\n%%EndComments\nshowpage\n"
    files = {
        "empty.jpg": b"",
        "text.jpg": b"hello\n" * 100,
        "lfs.jpg": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
        "page.jpg": b"\n <!DOCTYPE HTML><html></html>",
        "zeros.jpg": bytes(5000),
        "phone.jpg": heic,
        "program.jpg": postscript,
        "start.jpg": encoded()[:3],
        "start.png": encoded(format="PNG")[:20],
    }
    for mode in ("header", "decode"):
        pictures = look_at(tmp_path, files, mode)
        assert pictures.problem == [
            "empty file",
            "not an image that training loads",
            "not an image, but a Git LFS pointer: the file was not fetched",
            "not an image, but an HTML page",
            "not an image, but zeros",
            "not an image that training loads, but HEIC",
            "not an image that training loads",
            "the header is broken",
            "truncated: the header ends early",
        ]
        assert sides(pictures) == [None] * 9
        assert pictures.present.all()


def decodes(content):
    try:
        with Image.open(io.BytesIO(content)) as image:
            image.load()
    except OSError:
        return False
    return True


def test_cut_files_are_seen_by_their_missing_end(tmp_path):
    whole = {
        "a.jpg": encoded(picture((200, 150))),
        "b.jpg": encoded(picture((200, 150)), exif=exif(1)),
        "c.jpg": encoded(picture((200, 150)), progressive=True),
        "d.png": encoded(picture((200, 150)), "PNG"),
    }
    for left in (0.1, 0.5, 0.9, 0.999):
        files = {name: content[: int(len(content) * left)] for name, content in whole.items()}
        assert not any(decodes(content) for content in files.values())
        headers, decoded = look_at(tmp_path, files), look_at(tmp_path, files, "decode")
        assert headers.problem == ["truncated: there is no end-of-image marker"] * 3 + [
            "truncated: there is no end chunk"
        ]
        assert decoded.problem == ["truncated: the pixel data ends early"] * 4
        assert sides(headers) == sides(decoded) == [(200, 150)] * 4


def test_what_stands_behind_the_end_does_no_harm(tmp_path):
    content = encoded(picture((200, 150)))
    assert content[-2:] == b"\xff\xd9"
    tails = [b"", bytes(10), bytes(100_000), b"MP4 " * 5, b"\xff" * 70_000, b"film" * 600_000]
    files = {f"{i}.jpg": content + tail for i, tail in enumerate(tails)}
    pictures = look_at(tmp_path, files)
    assert pictures.problem == [""] * len(tails)
    filled = {f"{i}.jpg": content[:-3000] + bytes(3000) + tail for i, tail in enumerate(tails)}
    pictures = look_at(tmp_path, filled)  # a download that was given its length before its content
    assert pictures.problem == ["truncated: there is no end-of-image marker"] * len(tails)


def test_what_verify_refuses_is_told_in_pillows_words(tmp_path):
    """A JPEG is decoded only if its last bytes do not mark its end, and only where the loader does so."""
    stream = io.BytesIO()
    Image.effect_noise((200, 150), 80).save(stream, "JPEG")
    whole = stream.getvalue()
    stream = io.BytesIO()
    Image.effect_noise((200, 150), 80).save(stream, "PNG")
    wanted = {
        "whole": (whole, "", ""),
        "more": (whole + b"more", "", ""),
        "cut": (whole[:-2], "image file is truncated", ""),
        "marked": (whole[: len(whole) // 2] + b"\xff\xd9", "", ""),
        "png": (stream.getvalue()[:-20], "runcated", "runcated"),
    }
    for name, (data, decoding, reading_only) in wanted.items():
        (tmp_path / name).write_bytes(data)
        for decodes, words in ((True, decoding), (False, reading_only)):
            file = os.open(tmp_path / name, os.O_RDONLY)
            with pillow.strict():
                found = pillow.refused(file, decodes=decodes)
            os.close(file)
            assert (words in found) and bool(words) == bool(found), (name, decodes, found)


def test_the_end_of_a_thumbnail_is_not_that_of_the_picture(tmp_path):
    thumbnail = encoded(picture((16, 16)))
    assert thumbnail.endswith(b"\xff\xd9")
    content = encoded(picture((60, 40)), exif=exif(1) + thumbnail)
    pictures = look_at(tmp_path, {"whole.jpg": content, "cut.jpg": content[:-500]})
    assert pictures.problem == ["", "truncated: there is no end-of-image marker"]


def test_an_end_on_the_edge_of_a_block_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr(headers, "_BLOCK", 7)
    monkeypatch.setattr(headers, "_BEFORE_THE_END", 20)
    content = encoded(picture((30, 20)))
    files = {f"{i}.jpg": content + bytes(513 + i) for i in range(8)}
    assert look_at(tmp_path, files).problem == [""] * 8


def test_a_header_may_claim_what_it_likes(tmp_path, monkeypatch):
    claim = bytearray(encoded(picture(), "BMP"))
    claim[18:26] = (200_000).to_bytes(4, "little") * 2
    absurd = bytearray(claim)
    absurd[18:22] = (2_000_000_000).to_bytes(4, "little")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    cut = encoded(picture((200, 150)))[:-500]
    files = {"bomb.bmp": bytes(claim), "absurd.bmp": bytes(absurd), "cut.png": encoded(format="PNG")[:-900]}
    header, decoded = (
        look_at(tmp_path, files),
        look_at(tmp_path, {**files, "cut.jpg": cut + b"\xff\xd9"}, "decode"),
    )
    assert sides(header) == [(200_000, 200_000), None, (40, 30)]
    assert header.problem[:2] == ["", "an impossible size: 2000000000 x 200000 pixels"]
    assert decoded.problem[0] == "too large to decode: 200000 x 200000 pixels"
    assert decoded.problem[2] == "truncated: the pixel data ends early"
    assert (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES) == (100, True)  # the user's again


def test_one_colour_everywhere(tmp_path):
    dot = Image.new("RGB", (50, 40), (9, 9, 9))
    dot.putpixel((7, 11), (9, 9, 10))
    twins = Image.new("P", (8, 8))
    twins.putpalette([5, 5, 5, 5, 5, 5] + [0] * 762)
    twins.putpixel((3, 3), 1)
    clear = Image.new("RGBA", (8, 8), (1, 2, 3, 0))
    clear.putpixel((2, 2), (1, 2, 3, 255))
    files = {
        "black.jpg": encoded(Image.new("RGB", (50, 40))),
        "deep.png": encoded(Image.new("I;16", (8, 8), 700), "PNG"),
        "bit.png": encoded(Image.new("1", (8, 8), 1), "PNG"),
        "twins.png": encoded(twins, "PNG"),
        "clear.png": encoded(clear, "PNG"),
        "one.png": encoded(Image.new("L", (1, 1)), "PNG"),
        "dot.png": encoded(dot, "PNG"),
        "noise.jpg": encoded(),
    }
    assert look_at(tmp_path, files, "decode").one_colour.tolist() == [True] * 6 + [False] * 2
    assert not look_at(tmp_path, files, "header").one_colour.any()


@pytest.mark.parametrize("mode", ["header", "decode"])
def test_copies(tmp_path, mode):
    a, b = encoded(picture((90, 80), seed=1)), encoded(picture((90, 80), seed=2))
    middle = bytearray(encoded(picture((120, 100)), "BMP"))
    other = bytearray(middle)
    other[len(other) // 2] ^= 1
    near = bytearray(a)
    near[len(near) // 2] ^= 1  # same size, same ends
    files = {
        "0.jpg": a,
        "1.jpg": b,
        "2.jpg": a,
        "3.jpg": bytes(near),
        "4.bmp": bytes(middle),
        "5.bmp": bytes(other),
        "6.jpg": a,
        "7.jpg": b,
        "8.jpg": b"",
        "9.jpg": b"",
    }
    assert len(a) > 5000
    assert look_at(tmp_path, files, mode).copy_of.tolist() == [-1, -1, 0, -1, -1, -1, 0, 1, -1, -1]


def test_only_what_may_be_a_copy_is_read_in_full(tmp_path, monkeypatch):
    whole = []
    monkeypatch.setattr(reading, "_digest", lambda file: whole.append(file) or bytes(16))
    files = {f"{i}.bmp": encoded(picture(seed=i), "BMP") for i in range(20)}
    assert len({len(content) for content in files.values()}) == 1
    look_at(tmp_path, files)
    assert whole == []
    look_at(tmp_path, {**files, "again.bmp": files["3.bmp"]})
    assert len(whole) == 2


# ---------------------------------------------------------------------------------------- from run to run


def same(one, other):
    for name in ("looked", "present", "width", "height", "orientation", "one_colour", "copy_of"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    for name in ("problem", "other_case", "unlisted"):
        assert getattr(one, name) == getattr(other, name), name
    return True


def mixed():
    a = encoded(picture((200, 150)))
    return {
        "a.jpg": a,
        "six.jpg": encoded(picture((200, 150)), exif=exif(6)),
        "copy.jpg": a,
        "cut.jpg": a[:-700],
        "text.jpg": b"text",
        "empty.jpg": b"",
        "black.png": encoded(Image.new("L", (9, 8)), "PNG"),
        "broken.png": encoded(format="PNG")[:200] + b"!" * 100 + encoded(format="PNG")[300:],
        "deep/b.gif": encoded(picture((11, 10)), "GIF"),
    }


@pytest.mark.parametrize("mode", ["header", "decode"])
def test_what_did_not_change_is_not_read_again(tmp_path, mode, monkeypatch):
    cache = tmp_path / "work" / "images"
    cold = look_at(tmp_path / "data", mixed(), mode, cache=cache)
    assert (cold.read, cold.cached) == (9, 0)
    assert (cache.parent / ".gitignore").read_text() == "*\n"
    monkeypatch.setattr(
        "anchoraudit.images.inspection.read_all",
        lambda paths, what, take: pytest.fail("read") if paths else None,
    )
    warm = look(dataset((tmp_path / "data", list(mixed()))), mode, cache=cache)
    assert (warm.read, warm.cached) == (0, 9)
    assert same(cold, warm)


def test_what_changed_is_read_again(tmp_path):
    root, cache = tmp_path / "data", tmp_path / "images"
    look_at(root, mixed(), cache=cache)
    (root / "a.jpg").write_bytes(encoded(picture((20, 10))))  # another size
    os.utime(root / "text.jpg", ns=(1, 1))  # another time
    (root / "cut.jpg").unlink()
    (root / "new.jpg").write_bytes(b"")
    data = dataset((root, [*mixed(), "new.jpg"]))
    warm = look(data, "header", cache=cache)
    assert (warm.read, warm.cached) == (3, 6)
    assert same(warm, look(data, "header"))
    assert look(data, "header", cache=cache).read == 0


def test_times_of_any_age(tmp_path):
    make(tmp_path, {"old.jpg": (4, 3), "far.jpg": (4, 3)})
    os.utime(tmp_path / "old.jpg", (-(10**9), -(10**9)))
    os.utime(tmp_path / "far.jpg", (14 * 10**9, 14 * 10**9))
    data = dataset((tmp_path, ["old.jpg", "far.jpg"]))
    assert [look(data, "header", cache=tmp_path / "c").read for _ in range(2)] == [2, 0]


def test_headers_do_not_cost_what_decoding_found(tmp_path):
    root, cache = tmp_path / "data", tmp_path / "images"
    first = look_at(root, mixed(), "header", cache=cache)
    decoded = look(dataset((root, list(mixed()))), "decode", cache=cache)
    assert decoded.read == 9  # headers alone are not enough
    (root / "new.jpg").write_bytes(encoded(picture((20, 10))))
    headers = look(dataset((root, [*mixed(), "new.jpg"])), "header", cache=cache)
    assert headers.read == 1
    assert headers.problem[:9] == first.problem  # and say nothing that depends on what ran before
    assert not headers.one_colour.any()
    again = look(dataset((root, [*mixed(), "new.jpg"])), "decode", cache=cache)
    assert (again.read, again.cached) == (1, 9)
    assert again.one_colour.tolist().index(True) == 6
    assert again.problem[7].startswith("cannot be decoded: ")


def test_several_data_sets_share_a_cache(tmp_path):
    cache = tmp_path / "images"
    make(tmp_path, dict.fromkeys(("one/a.jpg", "one/b.jpg", "two/c.jpg", "gone/d.jpg"), (4, 3)))
    sets = [dataset((tmp_path / f, [n])) for f, n in (("one", "a.jpg"), ("one", "b.jpg"), ("two", "c.jpg"))]
    gone = dataset((tmp_path / "gone", ["d.jpg"]))
    assert [look(data, "header", cache=cache).read for data in [gone, *sets, gone, *sets]] == [1] * 4 + [
        0
    ] * 4
    shutil.rmtree(tmp_path / "gone")
    (tmp_path / "one" / "a.jpg").write_bytes(b"")
    assert look(sets[0], "header", cache=cache).read == 1
    assert b"gone" not in cache.read_bytes()
    assert b"two" in cache.read_bytes()
    assert look(sets[1], "header", cache=cache).read == 0


def test_the_way_to_the_folder_does_not_matter(tmp_path, monkeypatch):
    make(tmp_path, {"data/a.jpg": (4, 3)})
    monkeypatch.chdir(tmp_path)
    assert look(dataset((Path("data"), ["a.jpg"])), "header", cache=Path("c")).read == 1
    assert look(dataset((tmp_path / "data", ["a.jpg"])), "header", cache=Path("c")).read == 0


def test_a_cache_that_is_damaged_is_as_none(tmp_path):
    root, cache = tmp_path / "data", tmp_path / "images"
    data = dataset((root, list(mixed())))
    right = look_at(root, mixed(), cache=cache)
    whole = cache.read_bytes()
    damaged = [b"", b"{}", whole[:-1], whole[:100], whole + b"\0", whole.replace(b"cut.jpg", b"six.jpg")]
    damaged += [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in range(5, len(whole), 97)]
    for content in damaged:
        cache.write_bytes(content)
        again = look(data, "header", cache=cache)
        assert (again.read, again.cached) == (9, 0)
        assert same(again, right)
    assert look(data, "header", cache=cache).cached == 9


def test_another_pillow_reads_again(tmp_path, monkeypatch):
    look_at(tmp_path / "data", mixed(), cache=tmp_path / "images")
    monkeypatch.setattr("PIL.__version__", "0.1")
    assert look(dataset((tmp_path / "data", list(mixed()))), "header", cache=tmp_path / "images").cached == 0


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path):
    make(tmp_path, {"file": "", "folder/x": ""})
    for cache in (tmp_path / "file" / "images", tmp_path / "folder", tmp_path / "no" / "where" / "images"):
        assert look_at(tmp_path / "data", mixed(), cache=cache).read == 9
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "file", "folder"]


def test_what_says_nothing_of_the_file_is_not_kept(tmp_path, monkeypatch):
    make(tmp_path, {"a.jpg": encoded(), "b.jpg": encoded()})
    data = dataset((tmp_path, ["a.jpg", "b.jpg"]))
    real = os.open

    def failing(path, *args, **options):
        if str(path).endswith("a.jpg"):
            raise PermissionError(13, "Permission denied")
        return real(path, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", failing)
        assert look(data, "header", cache=tmp_path / "c").problem == ["cannot be read: Permission denied", ""]
    assert look(data, "header", cache=tmp_path / "c").problem == ["", ""]


@pytest.mark.skipif(sys.platform != "linux", reason="names that are no UTF-8")
def test_names_that_are_no_text(tmp_path):
    name = os.fsdecode(b"\xff\xfe.jpg")
    make(tmp_path, {name: (4, 3)})
    data = dataset((tmp_path, [name, "\ud800/a.jpg"]))
    assert [look(data, "header", cache=tmp_path / "c").cached for _ in range(2)] == [0, 1]


def test_ctrl_c_leaves_what_was_read(tmp_path, monkeypatch):
    make(tmp_path, mixed())
    data = dataset((tmp_path, list(mixed())))

    def stop(done, of):
        if done >= 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        look(data, "decode", cache=tmp_path / "c", progress=stop)
    assert look(data, "decode", cache=tmp_path / "c").cached >= 5


# ------------------------------------------------------------------------------------------- on every core


def rows_of(paths, what, processes):
    """All rows, as one would get them in order."""
    rows, met = Rows.empty(len(paths)), []

    def take(piece, got):
        met.extend(piece)
        rows.put(np.array(piece), got)

    pool.read_all(paths, what, take, processes=processes)
    assert sorted(met) == list(range(len(paths)))
    return rows.table.tobytes(), rows.problem, rows.undecoded


@pytest.mark.parametrize("what", ["header", "decode", "digest"])
def test_any_number_of_processes_answers_alike(tmp_path, what, monkeypatch):
    monkeypatch.setattr(pool, "HEADERS_A_PIECE", 4)
    make(tmp_path, mixed())
    paths = [str(tmp_path / name) for name in mixed()] * 3
    alone = rows_of(paths, what, 0)
    assert rows_of(paths, what, 1) == alone
    assert rows_of(paths, what, 3) == alone
    assert rows_of([], what, 3) == rows_of([], what, 0)


def test_no_more_processes_than_cores(monkeypatch):
    monkeypatch.setattr(processes, "is_busy", lambda: False)
    monkeypatch.setattr(processes, "cores", lambda: 3)
    assert [pool._processes(n, "header") for n in (10, 100_000)] == [0, 3]
    assert [pool._processes(n, "decode") for n in (1, 100_000)] == [3, 3]
    monkeypatch.setattr(processes, "cores", lambda: 1)
    assert [pool._processes(100_000, what) for what in ("header", "digest", "decode")] == [0, 0, 1]


def test_progress_ends_at_the_end(tmp_path):
    seen = []
    look_at(tmp_path, mixed(), "decode", progress=lambda done, of: seen.append((done, of)))
    assert seen == [(n, 9) for n in range(1, 10)]


@needs_fork
@pytest.mark.parametrize("what", ["header", "decode"])
def test_a_picture_that_kills_its_process_costs_itself(tmp_path, monkeypatch, what):
    read = reading.Reader.read

    def deadly(reader, path, rows, i):
        if "deadly" in path:
            os._exit(1)
        read(reader, path, rows, i)

    monkeypatch.setattr(reading.Reader, "read", deadly)
    monkeypatch.setattr(pool, "WORTH_IT", dict.fromkeys(pool.WORTH_IT, (1, 1)))
    files = {f"{'deadly' if i in (3, 4, 17) else 'fine'}_{i}.jpg": encoded() for i in range(20)}
    monkeypatch.setattr(processes, "is_busy", lambda: False)
    monkeypatch.setattr(processes, "cores", lambda: 2)
    make(tmp_path, files)
    kept = tmp_path / "c"
    table = {}
    pool.read_all(
        [str(tmp_path / name) for name in files],
        what,
        lambda piece, rows: table.update({piece.start: rows.problem}),
    )
    assert {at for at, problem in table.items() if problem} == {3, 4, 17}
    pictures = look(dataset((tmp_path, [name for name in files if "deadly" in name])), "decode", cache=kept)
    assert pictures.problem == ["cannot be read: it ends the process that tries"] * 3
    monkeypatch.undo()
    assert look(dataset((tmp_path, list(files))), "decode", cache=kept).problem == [""] * 20


@needs_fork
@pytest.mark.parametrize("what", ["header", "decode"])
@pytest.mark.parametrize(("times", "blamed"), [(1, False), (3, True)])
def test_a_picture_is_tried_once_more(tmp_path, monkeypatch, what, times, blamed):
    """A process may be killed for what others do, so one death does not tell against the picture."""
    read = reading.Reader.read
    tries = tmp_path / "tries"
    tries.mkdir()

    def killed_at_first(reader, path, rows, i):
        if path.endswith("4.jpg") and len(list(tries.iterdir())) < times:
            (tries / str(os.getpid())).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        read(reader, path, rows, i)

    monkeypatch.setattr(reading.Reader, "read", killed_at_first)
    monkeypatch.setattr(pool, "HEADERS_A_PIECE", 4)
    files = {f"{i}.jpg": encoded() for i in range(9)}
    make(tmp_path, files)
    table, problem, _ = rows_of([str(tmp_path / name) for name in files], what, 2)
    assert problem == ({4: pool.ENDS_ITS_PROCESS} if blamed else {})
    assert (
        np.frombuffer(table, Rows.empty(0).table.dtype)["width"].tolist()
        == [40] * 4 + [0 if blamed else 40] + [40] * 4
    )
    # A piece of several files shows only that one of them may be at fault.
    assert len(list(tries.iterdir())) == (times if not blamed else 3 if what == "header" else 2)


@needs_fork
def test_a_suspect_is_never_read_in_this_process(tmp_path, monkeypatch):
    """Not even if none can be started any more, as when memory is short."""
    real, forks = os.fork, []

    def fork():
        forks.append(1)
        if len(forks) > 1:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        return real()

    read = reading.Reader.read
    monkeypatch.setattr(os, "fork", fork)
    monkeypatch.setattr(
        reading.Reader,
        "read",
        lambda reader, path, *more: os._exit(1) if path.endswith("0.jpg") else read(reader, path, *more),
    )
    make(tmp_path, {f"{i}.jpg": encoded() for i in range(3)})
    _, problem, _ = rows_of([str(tmp_path / f"{i}.jpg") for i in range(3)], "decode", 2)
    assert problem == {0: pool.ENDS_ITS_PROCESS}


@needs_fork
def test_a_picture_that_takes_for_ever_is_given_up(tmp_path, monkeypatch):
    read = reading.Reader.read

    def slow(reader, path, rows, i):
        if "slow" in path:
            time.sleep(600)
        read(reader, path, rows, i)

    monkeypatch.setattr(reading.Reader, "read", slow)
    monkeypatch.setattr(pool, "PATIENCE", 0.5)
    files = {name: encoded() for name in ("a.jpg", "slow.jpg", "b.jpg", "c.jpg")}
    start = time.monotonic()
    pictures = look_at(tmp_path, files, "decode")
    assert time.monotonic() - start < 20
    assert [bool(text) for text in pictures.problem] == [False, True, False, False]
    assert pictures.problem[1].startswith("cannot be read: it takes more than ")


# ------------------------------------------------------------------------------------------ hostile files


def mutants(content, count, seed):
    rng = random.Random(seed)
    for _ in range(count):
        mutant = bytearray(content)
        for _ in range(rng.choice((1, 2, 8))):
            if len(mutant) < 9:
                break
            at = rng.randrange(min(len(mutant), rng.choice((40, 700, len(mutant)))))
            what = rng.random()
            if what < 0.6:
                mutant[at] = rng.choice((0, 1, 3, 127, 255, 0xC0, 0xDA, 0xE1, rng.randrange(256)))
            elif what < 0.75:
                del mutant[at : at + rng.choice((1, 2, 50))]
            elif what < 0.9:
                mutant[at:at] = rng.randbytes(rng.choice((1, 2, 30)))
            else:
                del mutant[max(at, 8) :]
        yield bytes(mutant)


def by_pillow(content):
    """What Pillow says of a JPEG: size, orientation, format, where the scan begins; None if it refuses."""
    stream = io.BytesIO(content)
    try:
        with Image.open(stream, formats=("JPEG",)) as image:
            return image.size, image.getexif().get(274, 0), image.format, stream.tell()
    except (OSError, SyntaxError):
        return None


def test_plain_headers_are_what_pillow_says(shared):
    real = sorted((shared / "data" / "bccd" / "BCCD" / "JPEGImages").glob("*.jpg"))
    contents = [path.read_bytes() for path in real]
    own = [encoded(picture((33, 22))), encoded(picture((33, 22), "L"), progressive=True, comment=b"c")]
    own += [encoded(exif=exif(6)), encoded(icc_profile=b"p" * 900), encoded(picture().convert("CMYK"))]
    cases = [*contents, *own]
    for number, content in enumerate([*contents[:3], *own]):
        cases += mutants(content, 300, seed=number)
    plain = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for content in cases:
            found = plain_header(content[:4096])
            if found is not None:
                width, height, start = found
                assert by_pillow(content) == ((width, height), 0, "JPEG", start)
                plain += 1
    assert plain > 800
    assert all(plain_header(content[:4096]) for content in [*contents, *own[:2], *own[3:]])
    assert plain_header(own[2][:4096]) is None


def test_no_real_picture_is_suspected(shared):
    folder = shared / "data" / "bccd" / "BCCD" / "JPEGImages"
    names = sorted(path.name for path in folder.glob("*.jpg"))
    headers, decoded = (look(dataset((folder, names)), mode) for mode in ("header", "decode"))
    assert headers.problem == decoded.problem == [""] * len(names)
    for name, size in list(zip(names, sides(headers), strict=True))[::20]:
        with Image.open(folder / name) as image:
            assert image.size == size
    np.testing.assert_array_equal(headers.copy_of, decoded.copy_of)


def test_mutants_raise_nothing_and_print_nothing(tmp_path):
    formats = ("JPEG", "PNG", "TIFF", "GIF", "BMP", "WEBP", "PPM")
    contents = [encoded(format=name) for name in formats]
    contents += [encoded(exif=exif(6)), encoded(format="TIFF", compression="tiff_deflate")]
    names = []
    for number, content in enumerate(contents):
        for i, mutant in enumerate(mutants(content, 60, seed=number)):
            names.append(f"{number}-{i}.jpg")
            (tmp_path / names[-1]).write_bytes(mutant)
    code = (
        "import sys; from pathlib import Path; from tests.test_images import dataset, look\n"
        "names = sys.stdin.read().split()\n"
        "for mode in ('header', 'decode'):\n"
        f"    found = look(dataset((Path({str(tmp_path)!r}), names)), mode)\n"
        "    print(len(found.problem), sum(map(bool, found.problem)) > 100, found.present.all())\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", code],
        input="\n".join(names),
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stdout.splitlines() == ["540 True True"] * 2
    assert done.stderr == ""


def test_pillow_within_a_process_is_silent_too(tmp_path, capfd):
    content = bytearray(encoded(format="TIFF", compression="tiff_deflate"))
    content[200:260] = bytes(60)
    (tmp_path / "a.tif").write_bytes(content)
    rows = reading.read_many([str(tmp_path / "a.tif")], "decode")
    assert rows.undecoded[0]
    print("still here", file=sys.stderr)
    assert capfd.readouterr().err == "still here\n"
    assert pillow.MOST_PIXELS == 400_000_000
