"""Tables of any rows, in any files: the audit in parts is that of the whole."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import anchoraudit
from anchoraudit import audit_partitions, merge
from tests.in_parts import InThisProcess, tables_of_cells

pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

COORDINATE = st.one_of(
    st.sampled_from([0.0, 1.0, 10.0, 639.9, 640.0, 700.0, -5.0, 1e9, None]),
    st.floats(-50, 700, width=32),
)
ROW = st.fixed_dictionaries(
    {
        "image_id": st.sampled_from(["a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg", ""]),
        "width": st.sampled_from([640, 640, 640, 32, None, 0]),
        "height": st.sampled_from([480, 480, 1000, None]),
        "label": st.sampled_from(["cat", "dog", "Cat", "", None]),
        "x1": COORDINATE,
        "y1": COORDINATE,
        "x2": COORDINATE,
        "y2": COORDINATE,
    }
)
SCHEMA = pa.schema(
    [
        ("image_id", pa.string()),
        ("width", pa.int64()),
        ("height", pa.int64()),
        ("label", pa.string()),
        ("split", pa.string()),
        *((name, pa.float64()) for name in ("x1", "y1", "x2", "y2")),
    ]
)


@pytest.mark.parametrize("detector", ["reference", "yolov5", "torchvision-retinanet_resnet50_fpn", None])
@settings(max_examples=8, deadline=None)
@given(
    layout=st.sampled_from(["one folder", "split column", "split folders"]),
    files=st.lists(st.lists(ROW, min_size=1, max_size=12), min_size=1, max_size=4),
)
def test_counts_and_findings_are_those_of_the_whole(files, layout, detector):
    folder = Path(tempfile.mkdtemp())
    try:
        for number, rows in enumerate(files):
            place = folder / f"split={['train', 'val'][number % 2]}" if layout == "split folders" else folder
            place.mkdir(exist_ok=True)
            of_image = {"a.jpg": "val", "b.jpg": ""}  # of two splits: see test_partitions
            own = [{**row, "split": of_image.get(row["image_id"], "train")} for row in rows]
            table = pa.Table.from_pylist(own, SCHEMA)
            table = table if layout == "split column" else table.drop_columns(["split"])
            parquet.write_table(table, place / f"part-{number}.parquet")
        whole = anchoraudit.audit(str(folder), detector, images="none")
        with tables_of_cells():
            parts = merge(audit_partitions(folder, detector, engine=InThisProcess()))
        assert parts.summary() == whole.summary()
        assert [c.name for c in parts.dataset.categories] == [c.name for c in whole.dataset.categories]
        skipped = {rule.code for rule in parts.findings.not_checked}
        said = {code: n for code, n in whole.findings.counts.items() if code not in skipped}
        assert dict(parts.findings.counts) == said
        for code in said:
            assert sorted(map(_told, parts.findings.of(code))) == sorted(map(_told, whole.findings.of(code)))
    finally:
        shutil.rmtree(folder)


def _told(finding):
    return (finding.code, finding.message, finding.path, finding.place, finding.evidence)
