"""Compressed tables: read as what is in them, written compressed, and refused if they are cut off."""

import bz2
import gzip
import json
import tracemalloc
from pathlib import Path

import pytest

import anchoraudit
from anchoraudit import audit_partitions, merge, partition, read
from anchoraudit.errors import AnchorauditError
from anchoraudit.io import packed
from tests.in_parts import InThisProcess

HEADER = "image_id,width,height,label,x1,y1,x2,y2"
GOOD, TINY = "100,100,240,200", "1,1,3,3"
PACKERS = {".gz": gzip.compress, ".bz2": bz2.compress}
UNPACKERS = {".gz": gzip.decompress, ".bz2": bz2.decompress}


def lines(count, start=0, end="\n"):
    rows = [f"{i},640,480,cat,{TINY if i % 3 else GOOD}" for i in range(start, start + count)]
    return end.join([HEADER, *rows, ""])


def json_lines(count):
    rows = [dict(zip(HEADER.split(","), row.split(","), strict=True)) for row in lines(count).split()[1:]]
    return "".join(json.dumps(row) + "\n" for row in rows)


TEXTS = {
    ".csv": lines(30),
    ".tsv": lines(30).replace(",", "\t"),
    ".jsonl": json_lines(30),
    ".ndjson": json_lines(30),
}


def written(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    data = text.encode()
    path.write_bytes(PACKERS[path.suffix](data) if packed.is_packed(path) else data)
    return path


@pytest.mark.parametrize("own", ["", ".gz", ".bz2", ".GZ"])
@pytest.mark.parametrize("suffix", TEXTS)
def test_it_is_read_as_what_is_in_it(tmp_path, suffix, own):
    path = tmp_path / f"boxes{suffix}{own}"
    data = TEXTS[suffix].encode()
    path.write_bytes(PACKERS[own.lower()](data) if own else data)
    dataset = read(path)
    assert (len(dataset.images), len(dataset.boxes)) == (30, 30)
    assert dataset.boxes.xyxy[:2].tolist() == [[100, 100, 240, 200], [1, 1, 3, 3]]
    whole = anchoraudit.audit(path, "yolov5", images="none")
    parts = list(audit_partitions(path, "yolov5", engine=InThisProcess()))
    assert len(parts) == 1
    assert merge(parts).summary() == whole.summary()


def test_the_report_says_what_it_is(tmp_path):
    path = written(tmp_path / "boxes.csv.gz", lines(2))
    assert read(path).recognised.startswith("table: a CSV file, compressed (.gz), 2 rows")


def test_a_packed_file_is_one_piece_however_large(tmp_path, monkeypatch):
    monkeypatch.setattr("anchoraudit.partitions.reading.rows_of_part", lambda *_: 5)
    for suffix, text in TEXTS.items():
        path = written(tmp_path / f"boxes{suffix}.gz", text)
        plain = written(tmp_path / f"boxes{suffix}", text)
        assert len(partition(path)) == 1 < len(partition(plain))


def test_files_of_several_members_are_read_to_their_end(tmp_path):
    data = gzip.compress(lines(5).encode()) + gzip.compress(lines(5, 5).split("\n", 1)[1].encode())
    (tmp_path / "a.csv.gz").write_bytes(data)
    assert len(read(tmp_path / "a.csv.gz").boxes) == 10


def test_shards_by_a_pattern_and_at_an_address(tmp_path):
    pytest.importorskip("fsspec")
    import fsspec

    texts = [lines(10, 10 * number) for number in range(3)]
    memory = fsspec.filesystem("memory")
    for number, text in enumerate(texts):
        path = written(tmp_path / "shards" / f"part-{number}.csv.gz", text)
        memory.pipe(f"/packed/part-{number}.csv.gz", path.read_bytes())
    for source in (f"{tmp_path}/shards/*.csv.gz", "memory://packed/*.csv.gz"):
        whole = anchoraudit.audit(source, "yolov5", images="none")
        parts = list(audit_partitions(source, "yolov5", engine=InThisProcess()))
        assert (len(whole.dataset.images), len(parts)) == (30, 3)
        assert merge(parts).summary() == whole.summary()
    assert len(read("memory://packed/part-1.csv.gz").images) == 10


def test_a_folder_of_them_says_how_to_name_them(tmp_path):
    for number in range(2):
        written(tmp_path / f"part-{number}.csv.gz", lines(3))
    with pytest.raises(AnchorauditError) as caught:
        read(tmp_path)
    assert f"name the file, or all: '{tmp_path.name}/*.csv.gz'" in " ".join(str(caught.value).split())
    (tmp_path / "part-1.csv.gz").unlink()
    assert len(read(tmp_path).images) == 3


BAD = {
    "cut off": (PACKERS[".gz"](lines(500).encode())[:-20], "it is cut off"),
    "plain": (lines(5).encode(), "Not a gzipped file"),
    "damaged": (b"\x1f\x8b\x08" + bytes(7) + b"\xff" * 50, "Error -3"),
}


@pytest.mark.parametrize("how", BAD)
@pytest.mark.parametrize(("suffix", "parts"), [(".csv", True), (".jsonl", False)])
def test_what_cannot_be_unpacked_is_named_and_the_others_are_read(tmp_path, anchoraudit, how, suffix, parts):
    data, words = BAD[how]
    written(tmp_path / f"a{suffix}.gz", TEXTS[suffix])
    (tmp_path / f"b{suffix}.gz").write_bytes(data)
    engine = ["--engine", "local"] if parts else []
    alone = anchoraudit("scan", tmp_path / f"b{suffix}.gz", *engine)
    assert alone.returncode == 2
    assert f"b{suffix}.gz: cannot be unpacked (.gz): {words}" in " ".join(alone.stderr.split())
    both = anchoraudit("scan", f"{tmp_path}/*.gz", *engine, "--output-format", "json", "--exit-zero")
    report = json.loads(both.stdout)
    assert report["summary"]["images"] == 30
    (finding,) = [each for each in report["findings"] if each["code"] == "PAR001"]
    assert finding["path"].endswith(f"b{suffix}.gz") and words in finding["message"]


@pytest.mark.parametrize("suffix", TEXTS)
@pytest.mark.parametrize(("own", "parts"), [(".gz", False), (".bz2", True)])
def test_filter_compresses_again(tmp_path, anchoraudit, suffix, own, parts):
    source = written(tmp_path / f"in{suffix}{own}", TEXTS[suffix])
    before = source.read_bytes()
    engine = ["--engine", "local"] if parts else []
    target = tmp_path / f"out{suffix}{own}"
    done = anchoraudit("filter", source, "-o", target, "--detector", "yolov5", *engine)
    assert done.returncode == 0, done.stderr
    kept = [line for line in TEXTS[suffix].splitlines(keepends=True) if "100" in line or "image_id," in line]
    kept = kept if suffix != ".tsv" else [TEXTS[suffix].split("\n")[0] + "\n", *kept]
    assert UNPACKERS[own](target.read_bytes()).decode() == "".join(kept)
    assert source.read_bytes() == before
    again = tmp_path / f"again{suffix}{own}"
    done = anchoraudit("filter", target, "-o", again, "--detector", "yolov5", *engine)
    assert again.read_bytes() == target.read_bytes()


@pytest.mark.parametrize("parts", [False, True])
@pytest.mark.parametrize(("source", "target"), [("in.csv.gz", "out.csv"), ("in.csv", "out.csv.gz")])
def test_filter_never_writes_another_kind_of_file(tmp_path, anchoraudit, source, target, parts):
    path = written(tmp_path / source, lines(30))
    engine = ["--engine", "local"] if parts else []
    done = anchoraudit("filter", path, "-o", tmp_path / target, "--detector", "yolov5", *engine)
    assert done.returncode == 2
    assert "suffix" in done.stderr or "Name a .csv" in done.stderr
    assert not (tmp_path / target).exists()


def test_filter_of_shards_keeps_their_names(tmp_path, anchoraudit):
    for number in range(3):
        written(tmp_path / f"shards/part-{number}.csv.gz", lines(10, 10 * number))
    done = anchoraudit(
        "filter", f"{tmp_path}/shards/*.csv.gz", "-o", tmp_path / "out", "--detector", "yolov5",
        "--engine", "local",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert len(read(f"{tmp_path}/out/*.csv.gz").images) == 10
    assert "out/*.csv.gz'" in done.stdout


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_a_bomb_does_not_fill_the_memory(tmp_path, monkeypatch, suffix):
    monkeypatch.setattr("anchoraudit.io.files.most_bytes", lambda: 1 << 20)
    monkeypatch.setattr("anchoraudit.formats.table.lines.LONGEST", 1 << 20)
    path = written(tmp_path / f"bomb{suffix}.gz", "x" * (60 << 20))
    tracemalloc.start()
    with pytest.raises(AnchorauditError) as caught:
        read(path)
    assert tracemalloc.get_traced_memory()[1] < 30 << 20
    tracemalloc.stop()
    assert caught.value.path == str(path)


def test_names():
    assert packed.whole_suffix(Path("a.CSV.GZ")) == ".csv.gz"
    assert packed.whole_suffix(Path("a.b.csv")) == ".csv"
    assert packed.suffix_of(Path("boxes.gz")) == ""
