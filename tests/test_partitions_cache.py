"""Results of earlier runs: what did not change is not read again, and the answer is that without a cache."""

import os
import random
from pathlib import Path

import pytest

from anchoraudit import AnchorauditError, audit_partitions, merge
from anchoraudit.partitions.engines import attempted
from tests.test_partitions import drawn, table_of, write
from tests.test_partitions import run as run_program

pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

ROOT = Path(__file__).resolve().parents[1]


class Counting:
    """An engine of this process that notes what it does: the names of functions, and their tasks."""

    def __init__(self):
        self.done = []

    def each(self, work, common, tasks):
        for index, task in enumerate(tasks):
            self.done.append((work.__name__, getattr(task, "number", task)))
            yield index, attempted(work, common, task)

    @property
    def read(self):
        """The numbers of the parts that were audited."""
        return [task for name, task in self.done if name == "audit_part"]

    @property
    def looked_at(self):
        """The numbers of the pieces that were indexed."""
        return [task for name, task in self.done if name in {"_ends_of", "_index_of"}]


@pytest.fixture
def shards(tmp_path):
    return write(tmp_path / "shards", drawn(120), 5)


@pytest.fixture
def run(shards, tmp_path):
    """Audit with the cache. Checks that the answer is that without, and returns what was done."""

    def audited(detector="yolov5", **given):
        counting = Counting()
        found = merge(audit_partitions(shards, detector, engine=counting, cache=tmp_path / "kept", **given))
        plain = merge(audit_partitions(shards, detector, engine=Counting(), **given))
        assert found.to_json() == plain.to_json()
        return counting

    return audited


def rows_of(folder, part):
    return parquet.read_table(folder / f"part-{part}.parquet")


def test_the_second_run_reads_nothing(run):
    first = run()
    assert first.looked_at == [0, 1, 2, 3, 4]
    assert first.read == [0, 1, 2, 3, 4, 5]  # the last is of images that lie in several
    assert run().done == []


def test_of_a_new_part_only_it_is_read(run, shards):
    run()
    rows = [(f"new-{row[0]}", *row[1:]) for row in drawn(10, seed=1)]
    parquet.write_table(table_of(rows), shards / "part-2b.parquet")  # in the middle: others get new numbers
    again = run()
    assert again.looked_at == [3]
    assert again.read == [3]


def test_a_new_part_that_shares_an_image_with_another_has_both_read(run, shards):
    run()
    torn = rows_of(shards, 1).slice(5, 1)
    parquet.write_table(torn, shards / "part-9.parquet")
    again = run()
    assert again.looked_at == [5, 1, 5]  # now it matters which names lie between the ends of these two
    assert again.read == [1, 5, 6]


def test_a_part_that_changed_is_read_again(run, shards):
    run()
    parquet.write_table(rows_of(shards, 3).slice(0, 20), shards / "part-3.parquet")
    again = run()
    assert again.looked_at == [3]
    assert 3 in again.read
    assert not {0, 1} & {*again.read}


def test_the_same_bytes_at_another_time_are_read_again(run, shards):
    run()
    os.utime(shards / "part-0.parquet", ns=(1, 1))
    assert run().looked_at == [0]


def test_another_detector_or_rule_looks_at_no_image_name_again(run):
    from anchoraudit import Chosen

    run()
    other = run("reference")
    assert other.looked_at == []
    assert other.read == [0, 1, 2, 3, 4, 5]
    ignoring = run(rules=Chosen(ignore=("BOX002",)))
    assert ignoring.read == [0, 1, 2, 3, 4, 5]


def test_a_class_that_is_new_changes_the_indices_of_all(run, shards):
    run()
    rows = [("new.jpg", 640, 480, "aardvark", 10, 10, 100, 100)]
    parquet.write_table(table_of(rows), shards / "part-9.parquet")
    again = run()
    assert again.looked_at == [5]
    assert again.read == [0, 1, 2, 3, 4, 5, 6]


def test_a_part_that_cannot_be_read_is_tried_again(run, shards):
    (shards / "part-2.parquet").write_bytes(b"PAR1 cut off")
    run()
    again = run()
    assert again.looked_at == [2]
    assert again.read == [2]


def test_broken_results_are_made_again(run, tmp_path):
    run()
    kept = sorted(path for path in (tmp_path / "kept").glob("*/*") if path.is_file())
    assert len(kept) == 11
    rng = random.Random(0)
    for number, path in enumerate(kept):
        content = bytearray(path.read_bytes())
        at = rng.randrange(len(content))
        content[at] ^= 1
        path.write_bytes([b"", bytes(content), bytes(content[:at])][number % 3])
    again = run()
    assert len(again.done) == 11
    assert run().done == []


def test_sizes_of_image_files_may_change(run, shards):
    from PIL import Image

    for path in shards.iterdir():
        path.unlink()
    Image.new("RGB", (64, 48)).save(shards / "a.png")
    table = table_of([("a.png", 1, 1, "cat", 1, 1, 30, 30)]).drop_columns(["width", "height"])
    parquet.write_table(table, shards / "part-0.parquet")
    run()
    Image.new("RGB", (20, 20)).save(shards / "a.png")
    assert run().read == [0]


def test_a_format_that_is_read_whole_is_not_kept(tmp_path):
    for _ in range(2):
        counting = Counting()
        merge(audit_partitions(ROOT / "sample_data/voc", engine=counting, cache=tmp_path / "kept"))
        assert counting.read == [0]


def test_what_it_refuses(shards, tmp_path):
    with pytest.raises(AnchorauditError, match="cannot go with a look at image files"):
        list(audit_partitions(shards, cache=tmp_path / "kept", images="header"))
    (tmp_path / "file").touch()
    with pytest.raises(AnchorauditError, match="cannot make the folder"):
        list(audit_partitions(shards, cache=tmp_path / "file"))


def test_a_data_set_that_is_not_there_makes_no_folder(tmp_path):
    with pytest.raises(AnchorauditError, match="no such file or folder"):
        list(audit_partitions(tmp_path / "missing", cache=tmp_path / "new"))
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("command", "named"),
    [
        *(("scan", named) for named in ("", ".", "photos", "s3://bucket/kept")),
        *((command, "shards") for command in ("scan", "compare", "advise", "cluster", "filter")),
    ],
)
def test_no_folder_of_the_user_becomes_a_cache(shards, tmp_path, command, named):
    (tmp_path / "photos" / "3f").mkdir(parents=True)  # folders that are called so, but hold something else
    (tmp_path / "photos" / "3f" / "a.jpg").touch()
    before = sorted(tmp_path.rglob("*"))
    done = run_program(
        command, shards, "--cache", named, *(["-o", "out"] * (command == "filter")), cwd=tmp_path
    )
    assert done.returncode == 2
    told = {"": "the cache has no name", "s3://bucket/kept": "a folder of this machine"}
    assert told.get(named, "this folder is no cache: it has other files, such as ") in done.stderr
    assert "Name a new folder" in done.stderr
    assert sorted(tmp_path.rglob("*")) == before


def test_an_empty_folder_becomes_one_and_what_programs_leave_there_does_no_harm(run, tmp_path):
    (tmp_path / "kept").mkdir()
    for name in ("._a", ".DS_Store"):  # macOS
        (tmp_path / "kept" / name).touch()
    assert run().read
    left = tmp_path / "kept" / ".anchoraudit-00000000-1-1-0123456789abcdef.tmp"  # a run that was killed
    left.touch()
    assert not run().read
    (tmp_path / "kept" / "notes.txt").touch()
    with pytest.raises(AnchorauditError, match=r"such as notes\.txt"):
        run()


def test_on_the_command_line(shards, tmp_path):
    words = ["scan", shards, "--cache", tmp_path / "of" / "mine", "--output-format", "json"]
    done = [run_program(*words, cwd=tmp_path) for _ in range(2)]
    assert [each.returncode for each in done] == [1, 1]
    assert done[0].stdout == done[1].stdout
    assert len(list((tmp_path / "of" / "mine").glob("*/*"))) == 11
