"""`filter` of a table writes the same table without some of its rows."""

import json

import pytest

from anchoraudit import read
from tests.builders import run

HEADER = "image_id,label,x1,y1,x2,y2,width,height,note"
GOOD = "cat,400,360,474,509,960,720"  # an anchor of the reference
ROWS = [
    f'a.jpg,{GOOD},"two\nlines"',
    "b.jpg,dog,1,1,3,3,960,720,x",
    f"c.jpg,{GOOD},x",
    "c.jpg,cat,2000,2000,2100,2100,960,720,x",
    "",
    f"d.jpg,{GOOD},\udcff",
]
KEYS = ("image_id", "label", "x1", "y1", "x2", "y2", "width", "height")


def written(here, name, content):
    (here / name).write_bytes(content)
    out = name.replace(".", "-clean.")
    assert run("filter", name, "-o", out) == 0
    assert run("scan", out, "--ignore", "IMG,CLS,SET") == 0
    return (here / out).read_bytes()


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_csv_file_keeps_the_bytes_of_rows_that_stay(here, mark, end, capsys):
    def text(*rows):
        return mark + "".join(f"{row}{end}" for row in (HEADER, *rows)).encode("utf-8", "surrogateescape")

    assert written(here, "t.csv", text(*ROWS)) == text(ROWS[0], ROWS[2], *ROWS[4:])
    out = capsys.readouterr().out
    assert "1 annotation(s) of kept images dropped: they lie outside their image" in out
    assert "anchoraudit scan t-clean.csv" in out


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_stays_utf_16(here, encoding):
    def text(*rows):
        return ("\ufeff" + "\r\n".join([HEADER, *rows])).encode(encoding)

    assert written(here, "t.csv", text(*ROWS[:3])) == text(ROWS[0], ROWS[2])


def test_json_lines_and_a_row_for_each_image(here):
    lines = [json.dumps(dict(zip(KEYS, row.split(","), strict=False))) for row in ROWS[1:4]]
    assert written(here, "t.jsonl", "\n".join(lines).encode()) == f"{lines[1]}\n".encode()

    def entry(name, *boxes):
        objects = {"bbox": boxes, "categories": [0] * len(boxes)}
        return json.dumps({"file_name": name, "width": 960, "height": 720, "objects": objects}) + "\n"

    good, out = [400, 360, 74, 149], [2000, 2000, 9, 9]
    text = [
        entry("a.jpg", good),
        entry("b.jpg", [1, 1, 2, 2]),
        entry("c.jpg", good, out),
        entry("d.jpg", good),
    ]
    # A list of boxes is not changed, so the image of a box with an error goes.
    assert written(here, "n.jsonl", "".join(text).encode()) == (text[0] + text[3]).encode()


def test_a_parquet_file(here):
    pd = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    rows = [row.split(",")[:8] for row in ROWS[1:4]]
    table = (
        pd.DataFrame(rows, columns=KEYS).astype(dict.fromkeys(KEYS[2:], "int64")).assign(more=["p", "q", "r"])
    )
    table.to_parquet(here / "t.parquet")
    written(here, "t.parquet", (here / "t.parquet").read_bytes())
    assert pd.read_parquet(here / "t-clean.parquet").equals(table.iloc[1:2].reset_index(drop=True))


def test_a_file_for_each_split(here, capsys):
    for split, name in (("train", "a"), ("valid", "c")):
        (here / "ds" / split).mkdir(parents=True)
        row = "{}.jpg,960,720,cat,400,360,474,509\n"
        text = "filename,width,height,class,xmin,ymin,xmax,ymax\n" + row.format(name)
        (here / "ds" / split / "_annotations.csv").write_text(text + "x.jpg,960,720,cat,1,1,3,3\n")
    assert run("filter", "ds", "-o", "clean.csv") == 2
    assert "the images are of 2 tables" in capsys.readouterr().err
    assert not (here / "clean.csv").exists()
    assert run("filter", "ds", "-o", "{split}.csv") == 0
    assert read("valid.csv").images.ids == ["c.jpg"]


def test_what_a_table_cannot_hold(here, capsys):
    (here / "t.csv").write_text("\n".join([HEADER, *ROWS[2:3]]))
    (here / "u.csv").write_text("\n".join([HEADER, *ROWS[1:3]]), "utf-16")
    (here / "u.csv").write_bytes((here / "u.csv").read_bytes() + b"\n")
    for words, said in [
        (["t.csv", "--fix", "-o", "x.csv"], "a table keeps its rows as they are"),
        (["t.csv", "-o", "x.parquet"], "a table with the source's suffix"),
        (["u.csv", "-o", "x.csv"], "this is cut off: UTF-16 has an even number of bytes"),
    ]:
        assert run("filter", *words) == 2
        assert said in capsys.readouterr().err
    assert not list(here.glob("x*"))
