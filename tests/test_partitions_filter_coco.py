"""`filter` in parts of COCO: the bytes that `filter` of the whole file writes, in bounded memory."""

import json
import tempfile
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchoraudit import AnchorauditError, audit, load_detector, read
from anchoraudit.formats.coco.cutting import cut_ranges
from anchoraudit.formats.coco.ranges import NotCleanError, list_in_ranges
from anchoraudit.formats.coco.text import open_text, runs, separator
from anchoraudit.io.unchanged import Stamp
from anchoraudit.manifest.judging import judged
from anchoraudit.manifest.keeping import DEFAULT_DROP, kept_by
from anchoraudit.manifest.writing import write_manifest
from anchoraudit.partitions.filtering import MANIFEST, filter_partitions
from anchoraudit.partitions.reading import InParts
from anchoraudit.partitions.settings import Settings
from tests.in_parts import InThisProcess
from tests.test_coco_pieces import box, coco, each_here, image, pieces_of, write
from tests.test_partitions import run

RETINANET = "torchvision-retinanet_resnet50_fpn"


class Output(list):
    def write(self, data):
        self.append(bytes(data))


def cut_whole(path, keep):
    """The file without some entries, as one would write it with all of it in memory."""
    text = open_text(path)
    out, at = b"", 0
    for key in sorted(keep, key=lambda key: text.members[key]):
        spans = text.entries.get(key, [])
        if spans:
            left = [text.data[a:b] for a, b in runs(spans, keep[key])]
            out += text.data[at : spans[0][0]] + separator(text.data, spans).join(left)
            at = spans[-1][1]
    return out + text.data[at:]


BBOX = '"image_id": 1, "bbox": [1, 2, 3.50, 4]'
IMAGES = [
    '{"id": 1}',
    '{"id":2,"a":[{"b": 1},{"c": 2}]}',
    '{ "id": 3, "file_name": "}, {" }',
    '{"id": 4, "n": 1.50}',
]
ANNOTATIONS = [f"{{{BBOX}}}", f'{{"a": [{{"b": 1}}, {{}}], {BBOX}}}', f'{{ {BBOX}, "t": "}}, {{" }}']
between = st.sampled_from([", ", ",", " ,\n  "])
marks = st.sampled_from([b"", b"\xef\xbb\xbf"])


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(IMAGES), max_size=12),
    st.lists(st.sampled_from(ANNOTATIONS), max_size=12),
    between,
    st.permutations(["images", "annotations", "info", "licenses"]),
    marks,
    st.data(),
)
def test_any_entries_of_any_file(images, annotations, between, order, mark, data):
    texts = {
        "images": f"[ {between.join(images)}]",
        "annotations": f"[{between.join(annotations)}\n]",
        "info": '{"year": 2020, "x": [{"a": 1}, {"a": 2}]}',
        "licenses": '[{"id": 1}, {"id": 2}, {"id": 3}]',
    }
    whole = "{" + ", ".join(f'"{name}": {texts[name]}' for name in order) + "}\n"
    keep = {
        name: data.draw(st.lists(st.booleans(), min_size=len(each), max_size=len(each)))
        for name, each in (("images", images), ("annotations", annotations))
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.json")
        path.write_bytes(mark + whole.encode())
        with mock.patch("anchoraudit.formats.coco.ranges.each_apart", each_here):
            stamp = Stamp.of(path.stat())
            try:
                listed = list_in_ranges(path, stamp, Path(folder, "aside"), data.draw(st.integers(8, 200)), 1)
            except NotCleanError:
                return
        output = Output()
        masks = {name: np.array(each, dtype=np.bool_) for name, each in keep.items()}
        cut_ranges(path, stamp, listed.ranges, masks, output)
        assert b"".join(output) == cut_whole(path, keep)
        path.write_bytes(mark + whole.encode() + b"\n")
        with pytest.raises(AnchorauditError, match="changed while it was read"):
            cut_ranges(path, stamp, listed.ranges, masks, Output())


def mixed():
    """Images that are good, too small, blank, or have a box with an error; and an annotation of no image."""
    images, annotations = [], []
    for n in range(30):
        images.append(image(n, note=f"n{n}"))
        kind = n % 6
        if kind != 2:
            annotations.append(box(10 * n, n, (1, 1, 2, 2) if kind == 1 else (100, 100, 140, 100 + n)))
        if kind == 3:
            annotations.append(box(10 * n + 1, n, (900, 900, 20, 20)))
    annotations.append(box(7001, 999))
    return coco(images, annotations[::2] + annotations[1::2])


def whole_filter(source, output, detector):
    """What `filter` writes of the whole file."""
    named = load_detector(detector)

    def judge(dataset):
        return audit(dataset, named, loader="none", images="none")

    result, taken, found = judged(read(source), judge, boxes_may_go=True)
    keep = ~found.images & kept_by(result, DEFAULT_DROP)
    write_manifest(result, keep, output, taken=taken)
    return output.read_bytes()


def in_parts(source, output, detector, rows=8, **options):
    with pieces_of(rows):
        chosen = Settings(load_detector(detector), loader="none")
        return filter_partitions(InParts(source, engine=InThisProcess(), **options), output, chosen)


class TestFiles:
    @pytest.mark.parametrize(
        ("detector", "spelling"),
        [("reference", {"separators": (",", ":")}), (RETINANET, {"indent": 1}), ("yolov5", {})],
    )
    def test_the_bytes_are_those_of_the_whole(self, tmp_path, detector, spelling):
        source = write(tmp_path / "in.json", mixed(), **spelling)
        expected = whole_filter(source, tmp_path / "whole.json", detector)
        with mock.patch("anchoraudit.formats.coco.pieces._RANGE", 700):
            found = in_parts(source, tmp_path / "out.json", detector)
        assert (tmp_path / "out.json").read_bytes() == expected != source.read_bytes()
        assert found.audit.about["parts"] > 5
        left = json.loads(expected)
        (part,) = found.parts
        assert (part.rows.rows_out, part.rows.images_out) == (len(left["annotations"]), len(left["images"]))

    def test_images_whose_annotations_share_ids(self, tmp_path):
        plain = mixed()
        plain["annotations"][3]["id"] = plain["annotations"][8]["id"]
        source = write(tmp_path / "in.json", plain)
        expected = whole_filter(source, tmp_path / "whole.json", RETINANET)
        in_parts(source, tmp_path / "out.json", RETINANET)
        assert (tmp_path / "out.json").read_bytes() == expected

    def test_a_file_of_each_split(self, tmp_path):
        for split in ("train", "valid"):
            write(tmp_path / "in" / split / "_annotations.coco.json", mixed())
        in_parts(tmp_path / "in", tmp_path / "out", "reference")
        for split in ("train", "valid"):
            source = tmp_path / "in" / split / "_annotations.coco.json"
            expected = whole_filter(source, tmp_path / f"{split}.json", "reference")
            assert (tmp_path / "out" / split / "_annotations.coco.json").read_bytes() == expected
        assert len(json.loads((tmp_path / "out" / MANIFEST).read_text())["parts"]) == 2

    def test_what_is_said_to_do_works(self, tmp_path):
        sides = [(100, 100, 140, 100), (1, 1, 2, 2)]
        plain = coco([image(n) for n in range(40)], [box(n, n, sides[n % 3 == 0]) for n in range(40)])
        write(tmp_path / "in.json", plain)
        scanned = run("scan", "in.json", "--memory", "600M", cwd=tmp_path)
        assert "anchoraudit filter in.json --memory 600M -o in-clean.json" in scanned.stdout
        done = run("filter", "in.json", "--memory", "600M", "-o", "in-clean.json", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert run("scan", "in-clean.json", "--memory", "600M", "-q", cwd=tmp_path).returncode == 0
        assert run("filter", "in.json", "-o", "whole.json", cwd=tmp_path).returncode == 0
        assert (tmp_path / "in-clean.json").read_bytes() == (tmp_path / "whole.json").read_bytes()


class TestRefusals:
    def test_a_file_that_is_read_whole_says_why(self, tmp_path):
        source = tmp_path / "in.json"
        source.write_text(json.dumps(mixed()).replace("140", "NaN", 1))
        with pytest.raises(AnchorauditError, match=r"only tables and COCO .*: it is read as a whole"):
            in_parts(source, tmp_path / "out.json", "reference")

    def test_a_file_that_changes_meanwhile(self, tmp_path, monkeypatch):
        source = write(tmp_path / "in.json", mixed())
        monkeypatch.setattr(
            "anchoraudit.partitions.judging.Judging.require_clean",
            lambda *_: source.write_bytes(source.read_bytes() + b"\n"),
        )
        with pytest.raises(AnchorauditError, match="changed while it was read"):
            in_parts(source, tmp_path / "out.json", "reference")
        assert not (tmp_path / "out.json").exists()
