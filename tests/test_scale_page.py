"""docs/scale.md: its programs for other engines do what the page says, where those are installed."""

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from anchoraudit import audit_partitions, merge, partition
from tests.test_partitions import drawn, write

pytest.importorskip("pyarrow")

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "scale.md").read_text("utf-8")


def program(importing):
    """The program of the page that begins with this import."""
    (found,) = [
        text for text in re.findall(r"^```python\n(.*?)^```$", PAGE, re.M | re.S) if importing in text
    ]
    return found


@pytest.fixture
def shards(tmp_path):
    return write(tmp_path / "shards", drawn(40), 3)


def test_parts_are_audited_anywhere_in_any_order(shards):
    import pickle

    parts = partition(shards, "yolov5")
    assert repr(parts) == f"<{len(parts)} parts of {shards}>"
    sent = pickle.dumps(parts)
    done = [pickle.loads(sent).audit(number) for number in reversed(range(len(parts)))]
    assert merge(done).to_json() == merge(audit_partitions(shards, "yolov5")).to_json()


def test_a_part_that_cannot_be_read_is_a_finding(shards):
    (shards / "part-1.parquet").write_bytes(b"PAR1")
    parts = partition(shards, "yolov5")
    assert list(parts.audit(1).failed) == [1]


@pytest.mark.parametrize("importing", ["import ray", "pyspark", "dask_kubernetes"])
def test_programs_compile_and_are_short(importing):
    text = program(importing)
    compile(text, "scale.md", "exec")
    assert len([line for line in text.splitlines() if line]) <= 10


@pytest.mark.skipif(find_spec("ray") is None, reason="THE PROGRAM FOR RAY IS NOT TESTED: pip install ray")
def test_ray(shards, tmp_path):
    text = program("import ray").replace("/data/shards", str(shards))
    text = text.replace("ray.init()", "ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)")
    script = tmp_path / "with_ray.py"
    script.write_text(text)
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=True,
    )
    expected = merge(audit_partitions(shards, "yolov5")).summary()["verdicts"]
    assert done.stdout.splitlines()[-1] == str(expected)
