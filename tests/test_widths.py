"""Reports for people fit the terminal: no line is wider, no header is torn, and a scan is one screen."""

import re

import pytest
from rich.text import Text

from anchoraudit.cli import _output
from anchoraudit.report.text.table import Column, Table, wrapped
from anchoraudit.report.text.terminal import to_text
from tests.builders import run
from tests.conftest import SAMPLE

WIDTHS = (60, 80, 100, 120)
LONG = "torchvision-fasterrcnn_mobilenet_v3_large_320_fpn"
COMMANDS = {
    "scan": ["scan", "sample_data/voc", "--verbose"],
    "scan coco": ["scan", "sample_data/coco", "--detector", LONG, "--classes"],
    "scan none": ["scan", "sample_data/coco", "--detector", "none", "--verbose"],
    "compare": [
        "compare",
        "sample_data/voc",
        *(w for n in ("yolov5", LONG, "mmdet-rtmdet") for w in ("--detector", n)),
    ],
    "compare loaders": ["compare", "sample_data/voc", "--loaders"],
    "advise": ["advise", "sample_data/voc"],
    "advise points": ["advise", "sample_data/voc", "--detector", "ultralytics-yolo11-8.3"],
    "cluster": ["cluster", "sample_data/voc", "--k", "3"],
    "cluster curve": ["cluster", "sample_data/voc", "--k", "2..5"],
    "cluster foreground": ["cluster", "sample_data/voc", "--k", "2", "--objective", "foreground"],
    "blame": [
        *("blame", "--dataset", "sample_data/coco", "--detector", "torchvision-retinanet_resnet50_fpn"),
        *("--seed", "0", "--batch-size", "2", "--steps", "3-4"),
    ],
    "explain": ["explain", "family", "sample_data/voc"],
    "explain points": ["explain", "family", "sample_data/voc", "--detector", "mmdet-fcos"],
    "filter": ["filter", "sample_data/voc", "-o", "clean.json"],
    "detectors": ["detectors"],
    "rules": ["rules"],
    "rule": ["rules", "show", "ANC015"],
    "init": ["init", "sample_data/voc", "-o", "settings.toml"],
}


@pytest.fixture
def shown(here, monkeypatch):
    """What a command shows, as its parts."""
    (here / "sample_data").symlink_to(SAMPLE)
    parts = []
    monkeypatch.setattr(_output, "show", lambda given, output: parts.append(list(given)))

    def of(words):
        parts.clear()
        assert run(*words) in (0, 1)
        return parts[0]

    return of


def lines_at(parts, width, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(width))
    return to_text(*parts).splitlines()


@pytest.mark.parametrize("name", COMMANDS)
def test_no_line_is_wider_than_the_terminal(shown, monkeypatch, name):
    monkeypatch.setenv("COLUMNS", "60")
    parts = shown(COMMANDS[name])
    for width in WIDTHS:
        lines = lines_at(parts, width, monkeypatch)
        assert [line for line in lines if len(line) > width] == [], width
        assert len(lines) > 3 and not any("…" in line for line in lines)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("kind", ["voc", "coco"])
def test_a_scan_fits_on_a_screen(shown, monkeypatch, kind, width):
    monkeypatch.setenv("COLUMNS", str(width))
    lines = lines_at(shown(["scan", f"sample_data/{kind}"]), width, monkeypatch)
    most = {60: 56, 80: 36, 100: 32, 120: 30}[width]
    assert max(map(len, lines)) <= width and len(lines) <= most
    said = " ".join(" ".join(lines).split())
    assert said.startswith("19 of 26 images would train without foreground (73.1 %) under reference")
    assert re.search(r"images 6 ok, 14 empty_foreground, 3 blank, 2 no_usable_box, 1 unknown", said)
    assert "worst images (5 of 20)" in said and "anchoraudit advise sample_data/" in said
    assert len([line for line in lines if line.startswith(("ANC002", "ANC008", "BOX002"))]) >= 2


class TestTable:
    def lines(self, width, columns, rows, **more):
        table = Table("", columns, [[Text(cell) for cell in row] for row in rows], **more)
        import io

        from rich.console import Console

        out = io.StringIO()
        Console(file=out, width=width).print(table)
        return [line.rstrip() for line in out.getvalue().splitlines()]

    COLUMNS = (
        Column("name", least=12),
        Column("boxes", right=True),
        Column("never trained", right=True, spare=1),
    )
    ROWS = (("a_long_name_of_a_detector", "1,204", "3"),)

    def test_wide_enough(self):
        assert self.lines(60, self.COLUMNS, self.ROWS) == [
            "name                       boxes  never trained",
            "a_long_name_of_a_detector  1,204              3",
        ]

    def test_headers_and_names_are_broken_between_words(self):
        assert self.lines(30, self.COLUMNS, self.ROWS) == [
            "name            boxes    never",
            "                       trained",
            "a_long_name_    1,204        3",
            "of_a_detector",
        ]

    def test_a_column_is_left_out_and_the_reader_is_told(self):
        lines = self.lines(22, self.COLUMNS, self.ROWS, elsewhere="--output-format csv")
        assert lines[0].split() == ["name", "boxes"]
        assert " ".join(lines[-3:]).endswith("left out at this width: never trained (--output-format csv)")

    def test_rows_become_lines_where_nothing_else_fits(self):
        columns = [Column(f"number {i}", right=True) for i in range(3)]
        assert self.lines(20, columns, [["1,000,000"] * 3])[:3] == [
            f"number {i}: 1,000,000" for i in range(3)
        ]


@pytest.mark.parametrize(
    ("text", "room", "lines"),
    [
        ("one two three", 7, ["one two", "three"]),
        ("  one two three", 9, ["  one two", "  three"]),
        ("see annotations/instances_val.json", 20, ["see", "annotations/", "instances_val.json"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("日本語日本語", 5, ["日本", "語日", "本語"]),
        ("", 5, [""]),
        ("a\n\nb", 5, ["a", "", "b"]),
    ],
)
def test_text_is_wrapped_at_words_and_separators(text, room, lines):
    assert [line.plain for line in wrapped(Text(text), room)] == lines


def test_a_long_command_goes_on_behind_a_backslash(shown, monkeypatch, here):
    lines = lines_at(shown(["cluster", "sample_data/voc", "--k", "3"]), 55, monkeypatch)
    start = lines.index("    anchoraudit cluster sample_data/voc --k 3 \\")
    assert lines[start + 1] == "      -o anchors.toml"
    monkeypatch.delenv("COLUMNS")
    assert (
        "    anchoraudit cluster sample_data/voc --k 3 -o anchors.toml"
        in to_text(*shown(["cluster", "sample_data/voc", "--k", "3"])).splitlines()
    )
