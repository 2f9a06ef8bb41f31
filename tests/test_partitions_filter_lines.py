"""`filter` in parts of CSV and JSON Lines: a file in, a file out, and the bytes of all that stays."""

import json
import os
import re
import signal
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchoraudit import AnchorauditError, load_detector
from anchoraudit.dataset.pieces import LeftOut
from anchoraudit.formats.table import lines, rewriting_lines
from anchoraudit.formats.table.cutting import rewrite
from anchoraudit.formats.table.pieces import TableParts
from anchoraudit.formats.table.table_file import read_rows, stretches
from anchoraudit.partitions.engines import ATTEMPTS
from anchoraudit.partitions.filtering import MANIFEST, filter_partitions
from anchoraudit.partitions.reading import InParts
from anchoraudit.partitions.settings import Settings
from tests.test_partitions import run

HEADER = "image_id,width,height,label,x1,y1,x2,y2,note"
GOOD, TINY = "100,100,240,200", "1,1,3,3"
KEYS = HEADER.split(",")


def row(image, box=GOOD, note=""):
    return f"{image},640,480,cat,{box},{note}"


def filtered(source, output, detector="reference", **options):
    own = {name: options.pop(name) for name in ("drop", "keep_blank", "replace") if name in options}
    named = None if detector is None else load_detector(detector)
    return filter_partitions(InParts(source, **options), output, Settings(named, loader="none"), **own)


@pytest.fixture
def small_pieces(monkeypatch):
    """Files are cut into pieces of two lines or so."""
    monkeypatch.setattr(lines, "_BYTES_OF_ROW", 1)
    monkeypatch.setattr("anchoraudit.partitions.reading.rows_of_part", lambda *_: 100)


class TestCsv:
    @pytest.mark.parametrize(("mark", "end"), [(b"", b"\r\n"), (b"\xef\xbb\xbf", b"\n")])
    def test_lines_that_stay_keep_their_bytes(self, tmp_path, small_pieces, mark, end):
        texts = [
            HEADER,
            row("a"),
            row("b", TINY),
            "",
            row("c", note="\udcff"),
            row(" d ", TINY),
            row('"e"', note="x"),
        ]
        texts += [row(f"f{n}", TINY if n % 3 else GOOD, note=f"{n:08d}") for n in range(30)]
        data = [text.encode("utf-8", "surrogateescape") for text in texts]
        (tmp_path / "in.csv").write_bytes(mark + b"".join(each + end for each in data))
        found = filtered(tmp_path / "in.csv", tmp_path / "out.csv")
        staying = [each for each in data if b"1,1,3,3" not in each]
        assert (tmp_path / "out.csv").read_bytes() == mark + b"".join(each + end for each in staying)
        assert found.audit.about["parts"] > 10
        (part,) = found.parts
        assert (part.rows.rows_in, part.rows.rows_out) == (35, 13)
        assert (part.rows.images_in, part.rows.images_out) == (35, 13)

    @pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
    def test_utf_16(self, tmp_path, encoding):
        def text(*rows):
            return "\ufeff".join(["", "\r\n".join([HEADER, *rows])]).encode(encoding)

        (tmp_path / "in.csv").write_bytes(text(row("ä"), row("b", TINY), row("c", note="𝄞")))
        filtered(tmp_path / "in.csv", tmp_path / "out.csv")
        assert (tmp_path / "out.csv").read_bytes() == text(row("ä"), row("c", note="𝄞"))

    @pytest.mark.parametrize("separator", [";", "\t"])
    def test_separators_and_rows_of_several_lines(self, tmp_path, separator):
        rows = [row("a", note='"two\nlines"'), row("b", TINY, '"one\n\ntwo"'), row("c", note="'")]
        texts = [text.replace(",", separator) for text in (HEADER, *rows)]
        (tmp_path / "in.csv").write_text("\n".join(texts), newline="")
        filtered(tmp_path / "in.csv", tmp_path / "out.csv")
        assert (tmp_path / "out.csv").read_text() == "\n".join([texts[0], texts[1], texts[3]])

    def test_returns_alone_end_lines_too(self, tmp_path):
        texts = [HEADER, row("a"), row("b", TINY), row("c")]
        (tmp_path / "in.csv").write_text("".join(f"{text}\r" for text in texts), newline="")
        filtered(tmp_path / "in.csv", tmp_path / "out.csv")
        assert (tmp_path / "out.csv").read_bytes() == b"".join(f"{texts[i]}\r".encode() for i in (0, 1, 3))

    def test_lists_in_cells(self, tmp_path):
        def text(name, boxes):
            return f'{name},640,480,"{{""bbox"": {boxes}, ""categories"": {[0] * len(boxes)}}}"\n'

        good, tiny, outside = [100.0, 100.0, 140.0, 100.0], [1.0, 1.0, 2.0, 2.0], [900.0, 900.0, 9.0, 9.0]
        rows = [text("a.jpg", [good, tiny]), text("b.jpg", [tiny]), text("c.jpg", [good, outside])]
        header = "file_name,width,height,objects\n"
        (tmp_path / "metadata.csv").write_text(header + "".join(rows))
        filtered(tmp_path / "metadata.csv", tmp_path / "out.csv")
        assert (tmp_path / "out.csv").read_text() == header + rows[0]

    def test_a_box_with_an_error_goes_without_its_image(self, tmp_path, small_pieces):
        texts = [
            HEADER,
            row("a"),
            row("a", "700,500,800,600"),
            row("a", "nan,1,2,3"),
            row("a", note="z"),
            row("b"),
        ]
        (tmp_path / "in.csv").write_text("".join(f"{text}\n" for text in texts))
        found = filtered(tmp_path / "in.csv", tmp_path / "out.csv", "torchvision-retinanet_resnet50_fpn")
        left = (tmp_path / "out.csv").read_text().splitlines()
        assert left == [texts[i] for i in (0, 1, 4, 5)]
        assert found.dropped.boxes["outside"] == 1


ROWS = st.lists(
    st.sampled_from(
        [
            "a.jpg,cat,1,2,3,4",
            '"a.jpg","cat, dog",1,2,3,4',
            "b.jpg,dog,1.5,x,3,4",
            "c.jpg,,,,,",
            "c.jpg,cat,1",
            ",cat,1,2,3,4",
            "",
            '"d.jpg","two\nlines",1,2,3,4',
            '"d.jpg","say ""so""",1,2,3,4',
            'd.jpg,5" disk,1,2,3,4',
            " e.jpg ,ü,1,2,3,4",
        ]
    ),
    min_size=1,
    max_size=30,
)


@settings(deadline=None)
@given(
    ROWS,
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.integers(1, 200),
    st.booleans(),
    st.frozensets(st.sampled_from(["a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg"])),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be"]),
)
def test_what_is_left_is_the_file_without_the_rows_of_images(
    tmp_path_factory, rows, end, size, closed, gone, encoding
):
    """By rows as text: a row goes if its first field, without quotes and spaces, is an image that goes."""

    def data(rows, *, closed):
        text = f"image_id,label,x1,y1,x2,y2{end}{end.join(rows)}{end * closed}"
        return ("\ufeff" * encoding.startswith("utf-16") + text).encode(encoding)

    path = tmp_path_factory.mktemp("csv") / "a.csv"
    path.write_bytes(data(rows, closed=closed))
    goes = [text.partition(",")[0].strip(' "') in gone for text in rows]
    staying = [text for text, own in zip(rows, goes, strict=True) if not own]
    expected = data(staying, closed=closed or (goes[-1] and bool(staying)))
    if not staying:
        expected = data([], closed=False)

    class Output(list):
        def write(self, data):
            self.append(bytes(data))

    output = Output()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "_BYTES_OF_ROW", 1)
        cut = [stretch for stretch, _ in stretches(path, size)]
        patch.setattr(rewriting_lines, "blocks", partial(lines.blocks, size=20))
        left_out = LeftOut(gone)
        found = rewrite(path, cut, partial(read_rows, path, only_texts=True), left_out, output)
    assert b"".join(output) == expected
    assert found.rows_in - found.rows_out == sum(goes)


def line(name, *boxes):
    objects = {"bbox": boxes, "categories": [0] * len(boxes)}
    return json.dumps(
        {"file_name": name, "width": 640, "height": 480, "objects": objects, "note": [{"n": 1.50}]}
    )


class TestJsonLines:
    GOOD, TINY, OUTSIDE = [100.0, 100.0, 140.0, 100.0], [1.0, 1.0, 2.0, 2.0], [900.0, 900.0, 9.0, 9.0]

    @pytest.mark.parametrize(("suffix", "mark"), [(".jsonl", b"\xef\xbb\xbf"), (".ndjson", b"")])
    def test_images_with_lists(self, tmp_path, small_pieces, suffix, mark):
        texts = [line("x", self.TINY), line("a", self.GOOD, self.TINY), "", line("b", self.TINY)]
        texts += [f"  {line(f'{n}', self.GOOD if n % 3 else self.TINY)} \r" for n in range(20)]
        texts += ["[1]", line("c", self.GOOD, self.OUTSIDE), line("d", self.GOOD)]
        path, out = (tmp_path / f"{name}{suffix}" for name in ("in", "out"))
        path.write_bytes(mark + "\n".join(texts).encode())
        found = filtered(path, out)
        goes = {0, 3, len(texts) - 2} | {4 + n for n in range(0, 20, 3)}
        staying = [text for n, text in enumerate(texts) if n not in goes]
        assert out.read_bytes() == mark + "\n".join(staying).encode()
        assert found.audit.about["parts"] > 10
        assert found.dropped.images["BOX003"] == (1, 2)

    def test_boxes(self, tmp_path):
        def text(*words):
            return json.dumps(dict(zip(KEYS, row(*words).split(","), strict=True)))

        texts = [text("a"), text("b", TINY), text("c"), text("c", "700,500,800,600"), text("b")]
        (tmp_path / "in.jsonl").write_text("\n".join(texts))
        filtered(tmp_path / "in.jsonl", tmp_path / "out.jsonl", drop=("blank",))
        assert (tmp_path / "out.jsonl").read_text() == "".join(f"{texts[n]}\n" for n in (0, 1, 2)) + texts[4]

    def test_a_split_of_each_folder(self, tmp_path):
        for split in ("train", "valid"):
            (tmp_path / "in" / split).mkdir(parents=True)
            texts = [line(f"{split} a", self.TINY), line(f"{split} b", self.GOOD), line("same", self.GOOD)]
            (tmp_path / "in" / split / "metadata.jsonl").write_text("\n".join(texts))
        filtered(tmp_path / "in", tmp_path / "out")
        for split in ("train", "valid"):
            texts = (tmp_path / "out" / split / "metadata.jsonl").read_text().splitlines()
            assert texts == [line(f"{split} b", self.GOOD), line("same", self.GOOD)]
        manifest = json.loads((tmp_path / "out" / MANIFEST).read_text())
        assert [part["file"] for part in manifest["parts"]] == [
            "train/metadata.jsonl",
            "valid/metadata.jsonl",
        ]

    def test_a_file_that_nobody_could_read_is_not_written(self, tmp_path):
        folder = tmp_path / "in"
        folder.mkdir()
        (folder / "0.jsonl").write_text(line("a", self.GOOD))
        (folder / "1.jsonl").write_text(f"{line('b', self.TINY)}\n\n")
        words = ("filter", "in/*.jsonl", "--engine", "local", "-o", "out")
        done = run(*words, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "1.jsonl not written: no row would be left" in done.stdout
        assert [path.name for path in (tmp_path / "out").glob("*.jsonl")] == ["0.jsonl"]
        manifest = json.loads((tmp_path / "out" / MANIFEST).read_text())
        assert [(part["file"], part["rows_out"], part["bytes"]) for part in manifest["parts"]] == [
            ("0.jsonl", 1, len(line("a", self.GOOD))),
            ("1.jsonl", 0, 0),
        ]
        assert manifest["parts"][1]["sha256"] is None
        (folder / "1.jsonl").write_text(line("b", self.GOOD))
        assert run(*words, "--force", cwd=tmp_path).returncode == 0
        assert (tmp_path / "out" / "1.jsonl").exists()
        (folder / "1.jsonl").write_text(line("b", self.TINY))
        assert run(*words, "--force", cwd=tmp_path).returncode == 0
        assert not (tmp_path / "out" / "1.jsonl").exists()
        told = " ".join(done.stdout.replace("\\\n", " ").split())
        command = told[told.index("anchoraudit scan") :]
        assert command == "anchoraudit scan 'out/*.jsonl' --engine local"
        assert run("scan", "out/*.jsonl", "--engine", "local", cwd=tmp_path).returncode == 0


@pytest.fixture
def shards(tmp_path):
    """Three CSV files; one image has rows in two of them."""
    folder = tmp_path / "in"
    folder.mkdir()
    for part in range(3):
        rows = [row(f"{part}-{n}", GOOD if n % 2 else TINY, f"{n:03d}") for n in range(12)]
        rows += [row("cut", TINY)] * (part < 2)
        (folder / f"{part}.csv").write_text("".join(f"{text}\n" for text in (HEADER, *rows)))
    return folder


def staying(data):
    return b"".join(each for each in data.splitlines(keepends=True) if b"1,1,3,3" not in each)


class TestShards:
    def test_a_file_in_a_file_out(self, tmp_path, shards):
        found = filtered(shards / "*.csv", tmp_path / "out")
        for path in shards.iterdir():
            assert (tmp_path / "out" / path.name).read_bytes() == staying(path.read_bytes())
        assert found.dropped.images == {"empty_foreground": (19, 20)}

    def test_what_is_said_to_do_works(self, tmp_path, shards):
        scanned = run("scan", "in/*.csv", "--engine", "local", cwd=tmp_path)
        said = re.search(r"anchoraudit (filter .*)", scanned.stdout)[1]
        assert said == "filter 'in/*.csv' --engine local -o in-clean"
        done = run(*said.replace("'", "").split(), cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "anchoraudit scan 'in-clean/*.csv' --engine local" in done.stdout
        assert run("scan", "in-clean/*.csv", "--engine", "local", "-q", cwd=tmp_path).returncode == 0

    def test_a_file_that_cannot_be_read_is_named_and_nothing_is_written(self, tmp_path, shards):
        (shards / "1.csv").write_bytes(b"")
        with pytest.raises(AnchorauditError, match=r"PAR001.*1\.csv.*the file is empty"):
            filtered(shards / "*.csv", tmp_path / "out")
        assert not (tmp_path / "out").exists()

    def test_other_columns(self, tmp_path, shards):
        (shards / "1.csv").write_text("image_id,x1,y1,x2,y2\na,1,2,3,4\n")
        with pytest.raises(AnchorauditError, match=r"its columns are not those of 0\.csv"):
            filtered(shards / "*.csv", tmp_path / "out")

    def test_a_target_that_is_there(self, tmp_path, shards):
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "1.csv").write_text("mine")
        with pytest.raises(AnchorauditError, match="exists already"):
            filtered(shards / "*.csv", tmp_path / "out")
        assert (tmp_path / "out" / "1.csv").read_text() == "mine"
        filtered(shards / "*.csv", tmp_path / "out", replace=True)
        assert (tmp_path / "out" / "1.csv").read_bytes() == staying((shards / "1.csv").read_bytes())

    def test_a_worker_that_dies_is_begun_again(self, tmp_path, shards, monkeypatch):
        filtered(shards / "*.csv", tmp_path / "expected")
        own, marks = TableParts.rewrite, tmp_path / "deaths"
        marks.mkdir()

        def dying(self, file, left_out, output, edit=None):
            """Kill the process in the middle of the second file, twice."""

            class Half:
                def write(self, data):
                    if file.name == "1.csv" and len(list(marks.iterdir())) < ATTEMPTS - 1:
                        output.write(data[: len(data) // 2])
                        (marks / str(os.getpid())).touch()
                        os.kill(os.getpid(), signal.SIGKILL)
                    return output.write(data)

            return own(self, file, left_out, Half())

        monkeypatch.setattr(TableParts, "rewrite", dying)
        filtered(shards / "*.csv", tmp_path / "out", workers=2)
        assert len(list(marks.iterdir())) == ATTEMPTS - 1
        for path in (tmp_path / "expected").iterdir():
            assert (tmp_path / "out" / path.name).read_bytes() == path.read_bytes()
        assert {path.name for path in (tmp_path / "out").iterdir()} == {"0.csv", "1.csv", "2.csv", MANIFEST}

    def test_a_folder_with_one_table_is_a_folder(self, tmp_path, shards):
        for name in ("1.csv", "2.csv"):
            (shards / name).unlink()
        data = (shards / "0.csv").read_bytes()
        filtered(shards, tmp_path / "out")
        assert (tmp_path / "out" / "0.csv").read_bytes() == staying(data)

    @pytest.mark.parametrize("name", ["out.jsonl", "out.csv", "out.yaml"])
    def test_a_name_of_a_file(self, tmp_path, shards, name):
        with pytest.raises(AnchorauditError, match="the output is a folder"):
            filtered(shards / "*.csv", tmp_path / name)
