"""`filter --certify` in parts: the certificate of the whole, and that of a folder."""

import json
import os
import shutil

import pytest

from anchoraudit import AnchorauditError, NotVerifiedError, load_detector, verify
from anchoraudit.certificates.document import MANIFEST, path_for
from anchoraudit.partitions.filtering import filter_partitions
from anchoraudit.partitions.reading import InParts
from anchoraudit.partitions.settings import Settings
from tests.test_coco_pieces import write as write_json
from tests.test_hostile import png
from tests.test_partitions import drawn, run, table_of, write
from tests.test_partitions_filter import RETINANET, TINY, box
from tests.test_partitions_filter_coco import mixed
from tests.test_partitions_filter_lines import HEADER, line, row

parquet = pytest.importorskip("pyarrow.parquet")

CERTIFICATE = f"{MANIFEST}.certificate.json"


def certified(source, output, detector=RETINANET, **options):
    own = {name: options.pop(name) for name in ("drop", "keep_blank", "replace") if name in options}
    named = None if detector is None else load_detector(detector)
    chosen = Settings(named, loader="none")
    return filter_partitions(InParts(source, **options), output, chosen, certify=True, **own)


def coco(folder):
    write_json(folder / "in.json", mixed())


def csv(folder):
    rows = [row(f"{n}", "1,1,3,3" if n % 4 else "100,100,240,200") for n in range(20)]
    (folder / "in.csv").write_text("".join(f"{text}\n" for text in (HEADER, *rows)))


def json_lines(folder):
    texts = [line(f"{n}", [100.0, 100.0, 140.0, 100.0] if n % 3 else [1.0, 1.0, 2.0, 2.0]) for n in range(9)]
    (folder / "in.jsonl").write_text("\n".join(texts))


def one_parquet(folder):
    rows = [box(f"{n}", TINY if n % 3 else (100, 100, 240, 200)) for n in range(9)]
    parquet.write_table(table_of(rows), folder / "in.parquet")


class TestOneFile:
    @pytest.mark.parametrize(
        ("make", "detector"),
        [(coco, None), (coco, "none"), (csv, None), (json_lines, "yolov5"), (one_parquet, "none")],
    )
    def test_the_bytes_of_the_whole(self, tmp_path, make, detector):
        """Also of what is certified. detector: None is the default, "none" is none."""
        make(tmp_path)
        (source,) = tmp_path.iterdir()
        named = () if detector is None else ("--detector", detector)
        written = []
        for words in (("--images", "none"), ("--engine", "local")):
            output = f"out{source.suffix}"
            done = run("filter", source.name, *words, "-o", output, "--certify", *named, cwd=tmp_path)
            assert done.returncode == 0, done.stderr
            assert "out" + source.suffix + ".certificate.json" in done.stdout
            paths = [tmp_path / output, path_for(tmp_path / output)]
            written.append([path.read_bytes() for path in paths])
            found = verify(paths[0], sources=True)
            assert found.checked == ("manifest", "1 source file")
            for path in paths:
                path.unlink()
        assert written[0] == written[1]
        assert json.loads(written[0][1])["counts"]["image_count"] > 0

    def test_a_list_of_classes_is_a_source(self, tmp_path):
        """A table without names of its columns has its classes beside it."""
        (tmp_path / "in.csv").write_text("".join(f"{n}.png,100,100,240,200,cat\n" for n in range(3)))
        (tmp_path / "classes.csv").write_text("cat,0\ndog,1\n")
        for n in range(3):
            (tmp_path / f"{n}.png").write_bytes(png(640, 480))
        for words, output in ((("--images", "none"), "a.csv"), (("--engine", "local"), "b.csv")):
            named = ("--detector", RETINANET, "--loader", "none")
            done = run("filter", "in.csv", *words, *named, "-o", output, "--certify", cwd=tmp_path)
            assert done.returncode == 0, done.stderr
        whole, parts = (path_for(tmp_path / name).read_bytes() for name in ("a.csv", "b.csv"))
        assert whole == parts
        assert set(json.loads(parts)["sources"]) == {"in.csv", "classes.csv"}

    def test_what_is_there(self, tmp_path):
        coco(tmp_path)
        (tmp_path / "out.json.certificate.json").write_text("mine")
        with pytest.raises(AnchorauditError, match=r"certificate\.json: the output exists already"):
            certified(tmp_path / "in.json", tmp_path / "out.json")
        assert not (tmp_path / "out.json").exists()
        certified(tmp_path / "in.json", tmp_path / "out.json", replace=True)
        assert verify(tmp_path / "out.json").certificate.empty_masks == 0


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with a data set and with what is certified of it. Tests change copies."""
    root = tmp_path_factory.mktemp("made")
    write(root / "in", drawn(40), 3)
    certified(root / "in", root / "out")
    return root


@pytest.fixture
def folder(made, tmp_path):
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path / "out"


class TestFolder:
    def test_what_is_certified(self, folder):
        found = verify(folder, sources=True)
        assert found.checked == ("manifest", "3 files", "3 source files")
        manifest = json.loads((folder / MANIFEST).read_text())
        own = found.certificate
        assert (own.images, own.boxes) == (manifest["images_out"], manifest["boxes_out"])
        assert (own.empty_masks, own.dataset, own.labels) == (0, "../in", {})
        assert set(own.sources) == {f"part-{n}.parquet" for n in range(3)}
        assert verify(folder / MANIFEST) == verify(folder)

    def test_the_command(self, tmp_path, folder):
        done = run("verify", "out", "--detector", RETINANET, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("out: as certified (manifest, 3 files, detector")
        (folder / "part-1.parquet").write_bytes(b"other")
        done = run("verify", "out", cwd=tmp_path)
        assert done.returncode == 1
        assert "1 of 3 files: part-1.parquet changed" in " ".join(done.stderr.split())

    def test_another_byte(self, folder):
        data = bytearray((folder / "part-2.parquet").read_bytes())
        data[9] ^= 1
        (folder / "part-2.parquet").write_bytes(data)
        with pytest.raises(NotVerifiedError, match=r"1 of 3 files: part-2\.parquet changed"):
            verify(folder)

    def test_a_file_that_is_gone(self, folder):
        (folder / "part-0.parquet").unlink()
        with pytest.raises(NotVerifiedError, match=r"1 of 3 files: part-0\.parquet is gone"):
            verify(folder)

    def test_a_further_file(self, folder):
        (folder / "notes.md").write_text("no data")
        verify(folder)
        (folder / "more").mkdir()
        (folder / "more" / "part-9.parquet").write_bytes(b"")
        with pytest.raises(NotVerifiedError, match=r"1 file not in the list: more/part-9\.parquet"):
            verify(folder)

    def test_another_list(self, folder):
        text = (folder / MANIFEST).read_text()
        (folder / MANIFEST).write_text(text.replace("part-0", "part-1"))
        with pytest.raises(NotVerifiedError, match="the manifest changed"):
            verify(folder)
        (folder / MANIFEST).unlink()
        with pytest.raises(AnchorauditError, match="cannot be read: No such file"):
            verify(folder)

    @pytest.mark.parametrize(
        "text", ["", "[]", "{}", '{"parts": [{"file": "a"}]}', '{"parts": 1}', "[" * 10**5]
    )
    def test_a_list_of_another_kind(self, folder, text):
        (folder / MANIFEST).write_text(text)
        certificate = json.loads((folder / CERTIFICATE).read_text())
        from hashlib import sha256

        certificate["manifest"] = {"sha256": sha256(text.encode()).hexdigest(), "bytes": len(text)}
        (folder / CERTIFICATE).write_text(json.dumps(certificate))
        with pytest.raises(AnchorauditError, match="not a list of the files"):
            verify(folder)

    def test_a_folder_that_was_not_certified(self, tmp_path, folder):
        with pytest.raises(AnchorauditError, match="there is no certificate"):
            verify(tmp_path / "in")

    def test_equal_data_give_equal_bytes_again(self, made):
        """Not of a copy: the list of the files names the folder that they are from."""
        folder = made / "out"
        before = {path.name: path.read_bytes() for path in folder.iterdir()}
        certified(made / "in", folder, replace=True, workers=1)
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == before

    def test_a_file_of_which_nothing_is_left(self, tmp_path):
        source = tmp_path / "in"
        source.mkdir()
        (source / "0.jsonl").write_text(line("a", [100.0, 100.0, 140.0, 100.0]))
        (source / "1.jsonl").write_text(line("b", [1.0, 1.0, 2.0, 2.0]))
        certified(source / "*.jsonl", tmp_path / "out", "reference")
        assert verify(tmp_path / "out").checked == ("manifest", "2 files")
        (tmp_path / "out" / "1.jsonl").write_text(line("b", [1.0, 1.0, 2.0, 2.0]))
        with pytest.raises(NotVerifiedError, match=r"1 of 2 files: 1\.jsonl is new"):
            verify(tmp_path / "out")


class TestRefusals:
    @pytest.mark.parametrize("options", [{"keep_blank": True}, {"drop": ("blank",)}])
    def test_an_image_without_foreground(self, tmp_path, options):
        rows = [box("a"), box("tiny", TINY), ("b", 640, 480, "", None, None, None, None)]
        if "drop" in options:
            rows = rows[:2]
        source = write(tmp_path / "in", rows, 1)
        with pytest.raises(AnchorauditError, match="not certified, and nothing was written: images without"):
            certified(source, tmp_path / "out", "reference", **options)
        assert not (tmp_path / "out").exists()

    def test_the_words_of_the_whole(self, tmp_path):
        write_json(tmp_path / "in.json", mixed())
        said = []
        for words in (("--images", "none"), ("--memory", "1G")):
            done = run("filter", "in.json", *words, "--keep-blank", "-o", "o.json", "--certify", cwd=tmp_path)
            assert done.returncode == 2
            said.append(done.stderr)
        assert said[0] == said[1]

    def test_a_file_that_changes_and_gets_its_time_back(self, tmp_path, monkeypatch):
        """Its size and time tell nothing; its bytes do."""
        source = tmp_path / "in.csv"
        csv(tmp_path)
        about = source.stat()

        def changed(*_):
            source.write_bytes(source.read_bytes().replace(b",cat,", b",dog,", 1))
            os.utime(source, ns=(about.st_atime_ns, about.st_mtime_ns))

        monkeypatch.setattr("anchoraudit.partitions.judging.Judging.require_clean", changed)
        with pytest.raises(AnchorauditError, match=r"in\.csv: the file has changed since it was audited"):
            certified(source, tmp_path / "out.csv")
        assert not path_for(tmp_path / "out.csv").exists()
        assert not (tmp_path / "out.csv.manifest.json").exists()

    def test_a_list_that_cannot_be_written_leaves_no_certificate(self, tmp_path, monkeypatch):
        source = write(tmp_path / "in", drawn(20), 2)

        def failing(*_):
            raise AnchorauditError("no more room")

        monkeypatch.setattr("anchoraudit.partitions.certifying.Certifying.certificate", failing)
        with pytest.raises(AnchorauditError, match="no more room"):
            certified(source, tmp_path / "out")
        left = {path.name for path in (tmp_path / "out").iterdir()}
        assert left == {"part-0.parquet", "part-1.parquet"}

    def test_a_part_that_cannot_be_read(self, tmp_path):
        source = write(tmp_path / "in", [box("a")], 1)
        (source / "part-1.parquet").write_bytes(b"PAR1 cut off")
        with pytest.raises(AnchorauditError, match="PAR001"):
            certified(source, tmp_path / "out")
        assert not (tmp_path / "out").exists()
