"""Manifests: COCO cut out of its own bytes, VOC built into COCO, and lists."""

import contextlib
import csv
import io
import json
import re
import string
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pycocotools.coco import COCO

from anchoraudit import audit, cli, read
from anchoraudit.errors import AnchorauditError
from anchoraudit.manifest.keeping import DEFAULT_DROP, kept_by
from anchoraudit.manifest.writing import write_manifest
from tests.builders import GOOD, annotation, document, image, make

TINY = [1, 1, 3, 3]  # no reference anchor comes near it
_BLANK = re.compile(r"[ \t\r\n]*")


def members(text):
    """The top-level members of a JSON object, as they are spelled."""
    decode = json.JSONDecoder().raw_decode
    found = {}
    at = _BLANK.match(text).end() + 1
    while text[at := _BLANK.match(text, at).end()] != "}":
        key, at = decode(text, at)
        start = _BLANK.match(text, _BLANK.match(text, at).end() + 1).end()
        _, at = decode(text, start)
        found[key] = text[start:at]
        at = _BLANK.match(text, at).end()
        at += text[at] == ","
    return found


def entries(listed):
    """The elements of a JSON list, as they are spelled."""
    decode = json.JSONDecoder().raw_decode
    found = []
    at = 1
    while listed[at := _BLANK.match(listed, at).end()] != "]":
        _, end = decode(listed, at)
        found.append(listed[at:end])
        at = _BLANK.match(listed, end).end()
        at += listed[at] == ","
    return found


def strict(text):
    """JSON by the book: no NaN, no Infinity."""

    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    return json.loads(text, parse_constant=refuse)


def cut(tmp_path, text, drop=DEFAULT_DROP):
    """The manifest of one COCO file, and the images that stay."""
    (tmp_path / "in.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    result = audit(tmp_path / "in.json", loader="none")
    keep = kept_by(result, drop)
    written = write_manifest(result, keep, tmp_path / "out.json")
    return (tmp_path / "out.json").read_bytes().decode(), keep, written


def assert_lossless(source, out, keep):
    """Kept entries are the source's slices in its order, and so is every other key."""
    before, after = members(source), members(out)
    assert list(before) == list(after)
    images = entries(before["images"])
    kept_images = [entry for entry, stays in zip(images, keep, strict=True) if stays]
    ids = [json.loads(entry)["id"] for entry in kept_images]
    kept = [
        e for e in entries(before["annotations"]) if json.loads(e)["image_id"] in ids
    ]  # `in` would take True for 1; the sources here have no such ids
    assert entries(after["images"]) == kept_images
    assert entries(after["annotations"]) == kept
    for key in before.keys() - {"images", "annotations"}:
        assert after[key] == before[key]
    strict(out)


FOUR = document(
    [image(i, note="Ünïcode \u2028 \x7f", gps=[1.5e-7, -0.0]) for i in (4, 1, 3, 2)],
    [
        annotation(10, 1, TINY),
        annotation(11, 2, attributes={"a": [1, {"b": None}]}),
        annotation(12, 1, TINY),
        annotation(13, 4),
        annotation(14, 2, TINY),
    ],
    info={"images": [1, 2], "annotations": "]}"},
    licenses=None,
)


class TestCutting:
    @pytest.mark.parametrize(
        "text",
        [
            json.dumps(FOUR),
            json.dumps(FOUR, indent=2),
            json.dumps(FOUR, indent="\t", ensure_ascii=False),
            json.dumps(FOUR, separators=(",", ":")),
            json.dumps(FOUR, indent=1).replace("\n", "\r\n"),
            json.dumps(FOUR).replace('"images": [{', '"im\\u0061ges"  :\t[ {').replace("}]", "}\n ] "),
            json.dumps(dict(reversed(FOUR.items())), indent=4),
            json.dumps(FOUR).replace("960", "9.60e2").replace("720", "720.0").replace("74,", "7.40E+01,"),
            "\n\n " + json.dumps(FOUR) + " \n",
        ],
    )
    def test_every_kept_byte_stays(self, tmp_path, text):
        out, keep, written = cut(tmp_path, text)
        assert keep.tolist() == [True, False, False, True]
        assert_lossless(text, out, keep)
        assert (written.images, written.remarks) == (2, ())

    def test_nothing_dropped_is_the_same_file(self, tmp_path):
        text = json.dumps(FOUR, indent=3)
        assert cut(tmp_path, text, drop=())[0] == text

    def test_what_is_between_is_kept_where_neighbours_are(self, tmp_path):
        text = json.dumps(document([image(1), image(2)], [annotation(1), annotation(2, 2)])).replace(
            "}, {", "}  ,\n {"
        )
        assert cut(tmp_path, text)[0] == text

    def test_a_byte_order_mark_does_not_shift_anything(self, tmp_path):
        text = json.dumps(FOUR)
        out, keep, _ = cut(tmp_path, b"\xef\xbb\xbf" + text.encode())
        assert_lossless(text, out, keep)

    def test_entries_that_could_not_be_used_go(self, tmp_path):
        images = [image(), {"file_name": "no id"}, image(2)]
        annotations = [annotation(), "x", annotation(2, 2), annotation(3, 99)]
        out, _, _ = cut(tmp_path, json.dumps(document(images, annotations)))
        assert [entry["id"] for entry in strict(out)["images"]] == [1, 2]
        assert [entry["id"] for entry in strict(out)["annotations"]] == [1, 2]

    @pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
    def test_coordinates_that_are_not_finite_are_left_out_and_said(self, tmp_path, number, monkeypatch):
        monkeypatch.chdir(tmp_path)
        text = json.dumps(document(annotations=[annotation(), annotation(2, bbox=["@", 2, 3, 4])]))
        out, _, written = cut(tmp_path, text.replace('"@"', number))
        assert [entry["id"] for entry in strict(out)["annotations"]] == [1]
        assert "1 annotation(s)" in "".join(written.remarks)
        assert cli.run(["scan", "out.json", "-q"]) == 0

    @pytest.mark.parametrize("box", [[960, 10, 5, 5], [-5, 10, 5, 5], [10, 1000, 20, 20]])
    def test_boxes_outside_their_image_are_left_out_and_said(self, tmp_path, box, monkeypatch):
        monkeypatch.chdir(tmp_path)
        others = [
            annotation(2, bbox=box),
            annotation(3, bbox=box, difficult=1),
            annotation(4, bbox=[5, 5, 0, 5]),
        ]
        text = json.dumps(document(annotations=[annotation(), *others]))
        out, _, written = cut(tmp_path, text)
        assert out == json.dumps(document(annotations=[annotation(), others[2]]))
        assert written.remarks == ("2 annotation(s) of kept images dropped: they lie outside their image",)
        assert cli.run(["scan", "out.json", "-q"]) == 0

    def test_boxes_far_outside_are_left_out_with_images_that_only_they_train(self, tmp_path, monkeypatch):
        far, fits = [0, 20, 91000, 300], [100, 100, 74, 149]
        boxes = [(1, far), (1, fits), (2, far), (3, [0, 0, 2000, 300]), (3, [5, 5, 2, 3]), (4, fits)]
        listed = [annotation(number, image_id, box) for number, (image_id, box) in enumerate(boxes, 1)]
        shown = [image(number, width=640, height=480) for number in (1, 2, 3, 4)]
        make(tmp_path, {"a.json": document(shown, listed)})
        monkeypatch.chdir(tmp_path)
        assert cli.run(["scan", "a.json"]) == 1
        assert cli.run(["filter", "a.json", "-o", "clean.json"]) == 0
        clean = json.loads((tmp_path / "clean.json").read_text())
        assert [one["id"] for one in clean["images"]] == [1, 4]
        assert [one["id"] for one in clean["annotations"]] == [2, 6]
        assert cli.run(["scan", "clean.json"]) == 0

    def test_an_image_that_only_a_box_far_outside_trains_goes(self, tmp_path):
        """Both train as they are; but a box that ends 850 px below its image is left out."""
        far, fits = [200, 331, 74, 1000], [100, 100, 74, 149]
        listed = [
            annotation(number, of, box) for number, (of, box) in enumerate([(1, far), (2, far), (2, fits)])
        ]
        shown = [image(number, width=640, height=480) for number in (1, 2)]
        make(tmp_path, {"a.json": document(shown, listed)})
        result = audit(tmp_path / "a.json", loader="none", images="none")
        assert result.verdict_is("ok").tolist() == [True, True]
        assert kept_by(result).tolist() == [False, True]
        assert kept_by(result, ("encoder_error",)).tolist() == [True, True]  # blank ones stay, too

    def test_crowds_outside_their_image_are_no_error_and_stay(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        crowd = annotation(2, bbox=[960, 10, 5, 5], iscrowd=1)
        text = json.dumps(document(annotations=[annotation(), crowd]))
        assert cut(tmp_path, text)[0] == text
        assert cli.run(["scan", "out.json", "-q"]) == 0

    def test_an_empty_list_stays_as_it_is(self, tmp_path):
        text = json.dumps(document(annotations=[])).replace("[]", "[ \n ]")
        assert cut(tmp_path, text, drop=())[0] == text

    @pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
    @pytest.mark.parametrize("place", ["info", "image", "annotation"])
    def test_what_is_not_finite_outside_of_boxes_stays_and_is_said(self, tmp_path, number, place):
        content = document([image(note="NaN @ image")], [annotation(area="@ annotation")], info="@ info")
        text = json.dumps(content, indent=1).replace(f'"@ {place}"', number).replace(f"@ {place}", number)
        out, _, written = cut(tmp_path, text)
        assert out == text
        if place == "image":  # in a string
            assert written.remarks == ()
            return
        rows = enumerate(text.split("\n"), 1)
        line = next(n for n, row in rows if row.endswith((f" {number}", f" {number},")))
        (said,) = written.remarks
        assert said.startswith(f"{number} stays outside of boxes, for example at line {line}, column ")

    def test_what_is_not_finite_goes_with_its_entry(self, tmp_path):
        content = document([image(), image(2, extra="@")], [annotation()])
        out, _, written = cut(tmp_path, json.dumps(content).replace('"@"', "NaN"))
        assert [entry["id"] for entry in strict(out)["images"]] == [1]
        assert written.remarks == ()

    def test_words_in_strings_are_no_numbers(self, tmp_path):
        text = json.dumps(document([image(file_name='NaN "Infinity".jpg')], info={"-Infinity": 'say \\"NaN'}))
        assert cut(tmp_path, text)[0] == text

    @pytest.mark.parametrize(
        "text",
        [
            '{"info": {"a": {"b": 1}}, "info": {}, ' + json.dumps(document())[1:],
            '{"info": {}, "info": {"a": {"b": 1}}, ' + json.dumps(document())[1:],
            '{"images": [], ' + json.dumps(document())[1:],
            json.dumps(document())[:-1] + ', "annotations": ' + json.dumps([annotation()]) + "}",
            json.dumps(document())[:-1] + ', "annot\\u0061tions": []}',
            json.dumps(document(), separators=(",", ":"))[:-1] + f',"info":{"9" * 5000}}}',
        ],
    )
    def test_a_key_twice_is_refused_and_named(self, tmp_path, text):
        with pytest.raises(AnchorauditError, match="twice"):
            cut(tmp_path, text, drop=())
        assert not (tmp_path / "out.json").exists()

    @pytest.mark.parametrize("place", ["k@y", "info", "note"])
    def test_invalid_utf_8_is_refused_or_survived(self, tmp_path, place):
        content = document([image(note="@" if place == "note" else "")], info="@" if place == "info" else "")
        text = json.dumps(content | ({"k@y": 1} if place == "k@y" else {})).encode().replace(b"@", b"\xff")
        with contextlib.suppress(AnchorauditError):
            out, _, _ = cut(tmp_path, text)  # raises UnicodeDecodeError where the manifest is no JSON
            strict(out)

    def test_nothing_left_writes_nothing(self, tmp_path):
        with pytest.raises(AnchorauditError, match="none of 1 images"):
            cut(tmp_path, json.dumps(document(annotations=[annotation(bbox=TINY)])))
        assert not (tmp_path / "out.json").exists()

    def test_pycocotools_loads_it(self, tmp_path):
        cut(tmp_path, json.dumps(FOUR, indent=2))
        with contextlib.redirect_stdout(io.StringIO()):
            loaded = COCO(str(tmp_path / "out.json"))
        assert sorted(loaded.getImgIds()) == [2, 4]
        assert sorted(loaded.getAnnIds()) == [11, 13, 14]
        assert loaded.loadCats(loaded.getCatIds()) == [{"id": 1, "name": "cat"}]


# JSON as nobody formats it: blanks anywhere, keys in any order, numbers spelled in other ways.
names = st.text(st.characters(codec="utf-8"), max_size=6)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | names
values = st.recursive(
    scalars, lambda v: st.lists(v, max_size=3) | st.dictionaries(names, v, max_size=3), max_leaves=6
)
blanks = st.sampled_from(["", "", "", " ", "\n", "\t", "\r\n", "  \n "])


@st.composite
def spelled(draw, value):
    if isinstance(value, dict):
        items = draw(st.permutations(list(value.items())))
        parts = [
            draw(blanks)
            + draw(spelled(key))
            + draw(blanks)
            + ":"
            + draw(blanks)
            + draw(spelled(v))
            + draw(blanks)
            for key, v in items
        ]
        return "{" + ",".join(parts) + draw(blanks) * (not parts) + "}"
    if isinstance(value, list):
        parts = [draw(blanks) + draw(spelled(v)) + draw(blanks) for v in value]
        return "[" + ",".join(parts) + draw(blanks) * (not parts) + "]"
    if isinstance(value, str) and value and draw(st.booleans()):
        # Characters spelled as escapes, where one code unit will do.
        return (
            '"'
            + "".join(f"\\u{ord(c):04x}" if ord(c) < 0x10000 else json.dumps(c)[1:-1] for c in value)
            + '"'
        )
    if type(value) is int and abs(value) < 2**50 and draw(st.integers(0, 3)) == 0:
        return draw(st.sampled_from([f"{value}.0", f"{value}e0", f"{value}.00E+0", f"{value * 10}e-1"]))
    return json.dumps(value, ensure_ascii=draw(st.booleans()))


extra = st.dictionaries(names.filter(lambda k: k not in ("iscrowd", "segmentation")), values, max_size=2)
boxes = st.sampled_from([GOOD, TINY, [900, 700, 30, 15], [300, 200, 120, 140.5], [0, 0, 0, 5]])


@st.composite
def documents(draw):
    ids = draw(
        st.lists(st.integers(-5, 50) | st.text(string.ascii_letters, max_size=2), max_size=5, unique=True)
    )
    ids.append(99)  # one that stays
    images = [draw(extra) | image(identity) for identity in draw(st.permutations(ids))]
    annotations = [
        draw(extra) | annotation(number, draw(st.sampled_from(ids)), draw(boxes))
        for number in range(draw(st.integers(0, 6)))
    ]
    annotations.insert(draw(st.integers(0, len(annotations))), annotation(1000, 99))
    top = draw(extra) | {"categories": [{"id": 1, "name": draw(names)} | draw(st.just({}))]}
    return draw(spelled(top | {"images": images, "annotations": annotations}))


class TestAnyFormatting:
    @settings(
        max_examples=20,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(text=documents())
    def test_lossless_and_clean(self, tmp_path, monkeypatch, text):
        monkeypatch.chdir(tmp_path)
        out, keep, _ = cut(tmp_path, text)
        assert_lossless(text, out, keep)
        assert cli.run(["scan", "out.json", "-q"]) == 0


class TestSeveralSplits:
    def two(self, tmp_path, train, val):
        return make(
            tmp_path / "ds",
            {"annotations/instances_train.json": train, "annotations/instances_val.json": val},
        )

    def joined(self, root, out):
        result = audit(root)
        written = write_manifest(result, kept_by(result), out)
        return out.read_text(), written

    def test_they_become_one_where_ids_allow(self, tmp_path):
        train = document([image(1), image(2)], [annotation(1), annotation(2, 2, TINY)], info={"year": 1})
        val = json.dumps(document([image(3)], [annotation(3, 3)], info={"year": 2}), separators=(",", ":"))
        text, written = self.joined(self.two(tmp_path, train, val), tmp_path / "out.json")
        found = strict(text)
        assert [entry["id"] for entry in found["images"]] == [1, 3]
        assert [entry["id"] for entry in found["annotations"]] == [1, 3]
        assert entries(members(text)["images"])[1] == entries(members(val)["images"])[0]
        assert "info" in "".join(written.remarks)

    @pytest.mark.parametrize(
        ("val", "words"),
        [
            (document([image(1)], [annotation(2)]), "image id 1"),
            (document([image(3)], [annotation(1, 3)]), "annotation id 1"),
            (document([image(3)], [annotation(2, 3)], categories=[{"id": 1, "name": "dog"}]), "categories"),
        ],
    )
    def test_else_the_way_out_is_named(self, tmp_path, val, words):
        with pytest.raises(AnchorauditError) as caught:
            self.joined(self.two(tmp_path, document(), val), tmp_path / "out.json")
        assert words in str(caught.value)
        assert "{split}" in caught.value.remedy
        assert not (tmp_path / "out.json").exists()

    @pytest.mark.parametrize("empty", ["[]", "[ \n ]"])
    def test_the_first_may_have_no_annotations(self, tmp_path, empty):
        first = json.dumps(document([image(1), image(2)], [])).replace("[]", empty)
        second = document([image(3)], [annotation(1, 3), annotation(2, 3, [1, 2, 74, 149])])
        root = make(tmp_path / "ds", {"a_train.json": first, "b_val.json": second})
        result = audit(root)
        write_manifest(result, np.ones(3, dtype=bool), tmp_path / "out.json")
        found = strict((tmp_path / "out.json").read_text())
        assert [entry["id"] for entry in found["images"]] == [1, 2, 3]
        assert found["annotations"] == second["annotations"]

    def test_one_that_loses_all_its_images_is_no_hindrance(self, tmp_path):
        val = document([image(1)], [annotation(1, bbox=TINY)], categories=[{"id": 1, "name": "dog"}])
        text, _ = self.joined(self.two(tmp_path, document(), val), tmp_path / "out.json")
        assert text == json.dumps(document())


def xml(*objects):
    parts = [
        f"<object><name>{name}</name><bndbox><xmin>{x}</xmin><ymin>{y}</ymin><xmax>{x + w}</xmax>"
        f"<ymax>{y + h}</ymax></bndbox></object>"
        for name, (x, y, w, h) in objects
    ]
    return f"<annotation><size><width>960</width><height>720</height></size>{''.join(parts)}</annotation>"


class TestFromVoc:
    FILES = {
        "Annotations/b.xml": xml(("dog", GOOD), ("cat", TINY)),
        "Annotations/a.xml": xml(("cat", TINY)),
        "Annotations/c.xml": xml(("ant", [300.25, 200, 74.5, 149])),
        "JPEGImages/a.jpg": (960, 720),
        "JPEGImages/b.jpg": (960, 720),
        "JPEGImages/c.jpg": (960, 720),
        "JPEGImages/d.jpg": (960, 720),
    }

    def written(self, tmp_path, name, drop=DEFAULT_DROP):
        result = audit(make(tmp_path / "ds", self.FILES))
        write_manifest(result, kept_by(result, drop), tmp_path / name)
        return (tmp_path / name).read_text()

    def test_coco_with_its_boxes(self, tmp_path):
        found = strict(self.written(tmp_path, "out.json"))
        assert found["categories"] == [{"id": i, "name": n} for i, n in enumerate(("ant", "cat", "dog"), 1)]
        assert [(entry["id"], entry["file_name"]) for entry in found["images"]] == [
            (2, "b.jpg"),
            (3, "c.jpg"),
        ]
        assert [(e["image_id"], e["category_id"], e["bbox"]) for e in found["annotations"]] == [
            (2, 3, GOOD),
            (2, 2, TINY),
            (3, 1, [300.25, 200, 74.5, 149]),
        ]

    def test_boxes_outside_their_image_are_left_out_and_said(self, tmp_path):
        make(tmp_path, {"ds/a.xml": xml(("dog", GOOD), ("cat", [960, 10, 5, 5]), ("cat", [-5, 10, 5, 5]))})
        result = audit(tmp_path / "ds")
        written = write_manifest(result, kept_by(result), tmp_path / "out.json")
        found = strict((tmp_path / "out.json").read_text())
        assert [entry["bbox"] for entry in found["annotations"]] == [GOOD]
        assert written.remarks == ("2 annotation(s) of kept images dropped: they lie outside their image",)

    def test_crowds_stay_crowds(self, tmp_path):
        dataset = read(make(tmp_path / "ds", {"b.xml": xml(("dog", GOOD), ("cat", GOOD))}))
        crowd = np.array([False, True])
        result = audit(replace(dataset, boxes=replace(dataset.boxes, crowd=crowd)))  # as KITTI's DontCare is
        write_manifest(result, kept_by(result), tmp_path / "out.json")
        found = strict((tmp_path / "out.json").read_text())["annotations"]
        assert [(entry["category_id"], entry["iscrowd"]) for entry in found] == [(2, 0), (1, 1)]

    def test_boxes_that_are_shares_of_an_unknown_size_leave_no_blank_image(self, tmp_path):
        good = f"0 {437 / 960} {434.5 / 720} {74 / 960} {149 / 720}\n"
        files = {"images/a.jpg": (960, 720), "labels/a.txt": good, "labels/b.txt": good}
        result = audit(make(tmp_path / "ds", files))
        keep = kept_by(result)
        assert [result.images_frame()["verdict"].tolist(), keep.tolist()] == [
            ["ok", "unknown"],
            [True, False],
        ]
        write_manifest(result, keep, tmp_path / "out.json")
        assert audit(tmp_path / "out.json").summary()["verdicts"]["ok"] == 1
        assert kept_by(result, ("empty_foreground",)).tolist() == [True, True]

    def test_classes_of_yolo_keep_their_order(self, tmp_path):
        boxes = "".join(f"{index} 0.5 0.5 0.077 0.207\n" for index in (2, 0, 7))
        yaml = "train: images\nnames: [zebra, cat, ant]\n"
        files = {"data.yaml": yaml, "images/a.jpg": (960, 720), "labels/a.txt": boxes}
        result = audit(make(tmp_path / "ds", files))
        write_manifest(result, kept_by(result), tmp_path / "out.json")
        found = strict((tmp_path / "out.json").read_text())
        assert [(c["id"], c["name"]) for c in found["categories"]] == [
            (1, "zebra"),
            (2, "cat"),
            (3, "ant"),
            (4, ""),
        ]
        assert [entry["category_id"] for entry in found["annotations"]] == [3, 1, 4]

    def test_coordinates_read_back_to_the_last_digit(self, tmp_path):
        ends = [0.1, 0.3, 10.07, 473.07, 640.0, 100 / 3, 719.99]
        pairs = [(low, high) for low in ends for high in ends if low < high]
        boxes = "".join(
            f"<object><name>cat</name><bndbox><xmin>{low!r}</xmin><ymin>{low!r}</ymin><xmax>{high!r}</xmax>"
            f"<ymax>{high!r}</ymax></bndbox></object>"
            for low, high in pairs
        )
        make(tmp_path, {"ds/a.xml": xml().replace("</annotation>", f"{boxes}</annotation>")})
        result = audit(tmp_path / "ds")
        write_manifest(result, kept_by(result, ()), tmp_path / "out.json")
        assert read(tmp_path / "out.json").boxes.xyxy.tolist() == [[a, a, b, b] for a, b in pairs]

    def test_ids_do_not_depend_on_what_is_kept(self, tmp_path):
        some = strict(self.written(tmp_path, "some.json"))
        every = strict(self.written(tmp_path, "all.json", drop=()))
        assert len(every["images"]) == 4
        assert all(entry in every["images"] for entry in some["images"])
        assert all(entry in every["annotations"] for entry in some["annotations"])
        assert some["categories"] == every["categories"]

    def test_pycocotools_loads_it(self, tmp_path):
        self.written(tmp_path, "out.json")
        with contextlib.redirect_stdout(io.StringIO()):
            loaded = COCO(str(tmp_path / "out.json"))
        assert loaded.getImgIds(catIds=loaded.getCatIds(["dog"])) == [2]

    def test_a_list_of_stems_selects_exactly_those(self, tmp_path):
        lines = self.written(tmp_path, "clean.txt")
        assert lines == "b\nc\n"
        make(tmp_path / "ds", {"ImageSets/Main/clean.txt": lines, "ImageSets/Main/train.txt": "a\nb\nc\nd\n"})
        assert read(tmp_path / "ds", splits=("clean",)).images.ids == ["b", "c"]


class TestLists:
    def test_coco_file_names_in_file_order(self, tmp_path):
        make(
            tmp_path,
            {
                "in.json": document(
                    [image(2, file_name="b/ü.jpg"), image(1)], [annotation(1), annotation(2, 2)]
                )
            },
        )
        result = audit(tmp_path / "in.json", loader="none")
        write_manifest(result, kept_by(result), tmp_path / "out.txt")
        assert (tmp_path / "out.txt").read_bytes() == "b/ü.jpg\n1.jpg\n".encode()

    def test_a_line_break_in_a_name_is_refused(self, tmp_path):
        make(tmp_path, {"in.json": document([image(file_name="a\nb.jpg")])})
        result = audit(tmp_path / "in.json", loader="none")
        with pytest.raises(AnchorauditError, match="line break"):
            write_manifest(result, kept_by(result), tmp_path / "out.txt")
        assert not (tmp_path / "out.txt").exists()


@pytest.mark.parametrize("verdict", ["ok", "bogus", "", "OK"])
def test_only_verdicts_that_can_be_dropped(tmp_path, verdict):
    result = audit(make(tmp_path, {"in.json": document()}) / "in.json")
    with pytest.raises(AnchorauditError, match="cannot drop"):
        kept_by(result, (verdict,))


def test_the_table_of_what_was_dropped(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make(tmp_path, {"in.json": FOUR})
    assert cli.run(["filter", "in.json", "-o", "out.json", "--dropped", "gone.csv"]) == 0
    with open(tmp_path / "gone.csv", newline="") as file:  # noqa: PTH123
        rows = list(csv.DictReader(file))
    assert [(row["image_id"], row["verdict"], row["cause"], row["boxes"]) for row in rows] == [
        ("1", "empty_foreground", "small", "2"),
        ("3", "blank", "", "0"),
    ]
