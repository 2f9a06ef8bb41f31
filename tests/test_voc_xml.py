"""One annotation file: what is taken from it, and what is said of it. Tiny files, literal answers."""

import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anchoraudit.dataset.traits import BoxTrait, ImageTrait
from anchoraudit.formats.voc import xml as voc_xml
from anchoraudit.formats.voc.pool import scan_all
from anchoraudit.formats.voc.xml import BROKEN, FOREIGN, READ, scan

NAN = math.nan
UNREAD = BoxTrait.NOT_A_NUMBER | BoxTrait.NOT_AN_INTEGER
ODD_FLAGS = BoxTrait.ODD_TRUNCATED | BoxTrait.ODD_DIFFICULT
BOX = "<bndbox><xmin>1</xmin><ymin>2</ymin><xmax>30</xmax><ymax>40</ymax></bndbox>"
SIZE = "<size><width>640</width><height>480</height><depth>3</depth></size>"


def annotation(objects="", *, size=SIZE, file_name="a.jpg"):
    name = "" if file_name is None else f"<filename>{file_name}</filename>"
    return f"<annotation>{name}{size}{objects}</annotation>"


def obj(inner=BOX, name="cat"):
    return f"<object>{'' if name is None else f'<name>{name}</name>'}{inner}</object>"


@pytest.fixture
def one(tmp_path):
    """Scan one file of the given content."""

    def scan_one(content):
        path = tmp_path / "a.xml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        chunk = scan([str(path)])
        assert all(f.path == str(path) for f in chunk.findings)
        return chunk

    return scan_one


def said(chunk):
    return chunk.findings[0].message


def found(chunk):
    return [(f.code, f.place, f.evidence) for f in chunk.findings]


def boxes(chunk):
    values = chunk.xyxy.tolist()
    return [tuple(values[i : i + 4]) for i in range(0, len(values), 4)]


def test_plain_file(one):
    chunk = one(annotation(obj() + obj(BOX.replace("30", "31.5"), "dog") + obj()))
    assert list(chunk.status) == [READ]
    assert chunk.file_names == ["a.jpg"]
    assert chunk.sizes.tolist() == [640, 480]
    assert chunk.counts.tolist() == [3]
    assert chunk.names == ["cat", "dog"]
    assert chunk.category.tolist() == [0, 1, 0]
    assert boxes(chunk) == [(1, 2, 30, 40), (1, 2, 31.5, 40), (1, 2, 30, 40)]
    assert found(chunk) == []


def test_tags_are_found_by_name_in_any_order(one):
    swapped = "<bndbox><xmin>1</xmin><xmax>30</xmax><ymin>2</ymin><ymax>40</ymax></bndbox>"
    reversed_ = "<bndbox><ymax>40</ymax><xmax>30</xmax><ymin>2</ymin><xmin>1</xmin></bndbox>"
    chunk = one(f"<annotation><object>{swapped}<name>cat</name></object>{obj(reversed_)}{SIZE}</annotation>")
    assert boxes(chunk) == [(1, 2, 30, 40)] * 2
    assert chunk.sizes.tolist() == [640, 480]
    assert chunk.file_names == [""]


def test_boxes_of_parts_are_not_objects(one):
    part = f"<part><name>head</name>{BOX.replace('30', '99')}</part>"
    chunk = one(annotation(obj(part + BOX) + obj(part)))
    assert chunk.names == ["cat"]
    assert boxes(chunk)[0] == (1, 2, 30, 40)
    assert all(map(math.isnan, boxes(chunk)[1]))
    assert found(chunk) == [("PAR003", "object 2, line 1", "")]


@pytest.mark.parametrize("name", [None, "", "  \n"])
def test_object_without_name(one, name):
    chunk = one(annotation("\n" + obj() + "\n" + obj(name=name)))
    assert chunk.category.tolist() == [0, -1]
    assert boxes(chunk) == [(1, 2, 30, 40)] * 2
    assert found(chunk) == [("PAR003", "object 2, line 3", "")]


def test_missing_corners_are_said_once_an_object(one):
    chunk = one(annotation(obj("<bndbox><xmin>1</xmin><ymax>4</ymax></bndbox>")))
    assert str(boxes(chunk)) == "[(1.0, nan, nan, 4.0)]"
    assert found(chunk) == [("PAR003", "object 1, line 1", "")]
    assert said(chunk) == "the box has no <ymin>, <xmax>"


@pytest.mark.parametrize("value", ["abc", "12,5", "", "1 2", "0x10"])
def test_coordinate_that_is_no_number(one, value):
    chunk = one(annotation(obj(BOX.replace("<xmin>1<", f"<xmin>{value}<"))))
    assert str(boxes(chunk)) == "[(nan, 2.0, 30.0, 40.0)]"
    assert found(chunk) == [("PAR004", "object 1, line 1", value)]
    assert said(chunk) == f"<xmin> is {value!r}, not a number" if value else "<xmin> is empty, not a number"


@pytest.mark.parametrize(("text", "value"), [("-7", "-7.0"), (" 5\n", "5.0"), ("1e3", "1000.0")])
def test_odd_numbers_stand_without_a_finding(one, text, value):
    chunk = one(annotation(obj(BOX.replace("<xmin>1<", f"<xmin>{text}<"))))
    assert str(boxes(chunk)) == f"[({value}, 2.0, 30.0, 40.0)]"
    assert found(chunk) == []


@pytest.mark.parametrize(
    ("text", "value"), [("nan", "nan"), ("-inf", "-inf"), ("1e999", "inf"), ("9" * 400, "inf")]
)
def test_numbers_that_are_not_finite_stand_with_a_finding(one, text, value):
    chunk = one(annotation(obj(BOX.replace("<xmin>1<", f"<xmin>{text}<"))))
    assert str(boxes(chunk)) == f"[({value}, 2.0, 30.0, 40.0)]"
    assert found(chunk) == [("BOX001", "object 1, line 1", f"{value}, 2.0, 30.0, 40.0")]


@pytest.mark.parametrize(
    ("difficult", "expected"), [(None, 0), ("", 0), ("0", 0), ("1", 1), ("True", 1), ("false", 0), (" 1 ", 1)]
)
@pytest.mark.parametrize("before", [True, False])
def test_difficult(one, difficult, expected, before):
    tag = "" if difficult is None else f"<difficult>{difficult}</difficult>"
    chunk = one(annotation(obj(tag + BOX if before else BOX + tag)))
    assert list(chunk.difficult) == [expected]
    assert found(chunk) == []


@pytest.mark.parametrize(
    ("size", "stated", "odd"),
    [
        ("", [NAN, NAN], False),
        ("<size/>", [NAN, NAN], True),
        ("<size><width>0</width><height>0</height></size>", [0, 0], False),
        (SIZE.replace("640", "wide"), [NAN, 480], True),
        (SIZE.replace("640", "nan"), [NAN, 480], True),
        (SIZE.replace("640", ""), [NAN, 480], True),
        (SIZE.replace("640", "-640"), [-640, 480], False),
        (SIZE.replace("640", "640.0"), [640, 480], True),
        (SIZE.replace("640", " 640 "), [640, 480], False),
        (SIZE.replace("480", "inf"), [640, math.inf], True),
    ],
)
def test_the_size_is_taken_as_stated(one, size, stated, odd):
    chunk = one(annotation(size=size))
    assert str(chunk.sizes.tolist()) == str([float(side) for side in stated])
    assert chunk.image_traits.tolist() == [ImageTrait.ODD_SIZE if odd else 0]


FLAGS = "<truncated>0</truncated><difficult>0</difficult>"


@pytest.mark.parametrize("before", ["", "<!-- for the parser -->"])
@pytest.mark.parametrize(
    ("content", "name", "traits"),
    [
        (FLAGS + BOX, "cat", BoxTrait(0)),
        ("<truncated>1</truncated><difficult> 1 </difficult>" + BOX, "cat", BoxTrait(0)),
        ("<truncated> 27 </truncated><difficult>0</difficult>" + BOX, "cat", BoxTrait(0)),
        (BOX, "cat", BoxTrait.NO_TRUNCATED | BoxTrait.NO_DIFFICULT),
        ("<difficult>0</difficult>" + BOX, "cat", BoxTrait.NO_TRUNCATED),
        ("<truncated>0</truncated>" + BOX, "cat", BoxTrait.NO_DIFFICULT),
        ("<truncated>no</truncated><difficult>true</difficult>" + BOX, "cat", ODD_FLAGS),
        ("<truncated/><difficult/>" + BOX, "cat", ODD_FLAGS),
        ("<truncated>no</truncated>" + FLAGS + BOX, "cat", BoxTrait.ODD_TRUNCATED),
        ("<truncated>0</truncated><difficult>2</difficult>" + BOX, "cat", BoxTrait.OTHER_DIFFICULT),
        (FLAGS + BOX.replace(">30<", "> 30\n<"), "cat", BoxTrait(0)),
        (FLAGS + BOX.replace(">30<", ">30.0<"), "cat", BoxTrait.NOT_AN_INTEGER),
        (FLAGS + BOX.replace(">30<", ">-30.5<"), "cat", BoxTrait.NOT_AN_INTEGER),
        (FLAGS + BOX.replace(">2<", ">nan<"), "cat", BoxTrait.NOT_AN_INTEGER),
        (FLAGS + BOX.replace(">2<", ">two<"), "cat", UNREAD),
        (FLAGS + BOX.replace("<ymin>2</ymin>", ""), "cat", UNREAD),
        (FLAGS, "cat", BoxTrait.NO_BNDBOX | UNREAD),
        (FLAGS + "<score>0.5</score>" + BOX, "cat", BoxTrait(0)),
        (FLAGS + BOX, " cat ", BoxTrait.PADDED_NAME),
        (FLAGS + BOX, "\n", BoxTrait.EMPTY_NAME | BoxTrait.PADDED_NAME),
        (FLAGS + BOX, "", BoxTrait.EMPTY_NAME),
        (FLAGS + BOX, None, BoxTrait(0)),
    ],
)
def test_what_loaders_ask_of_an_object(one, content, name, traits, before):
    chunk = one(annotation(before + obj(content, name) + obj(FLAGS + BOX)))
    assert [BoxTrait(value) for value in chunk.traits] == [traits, BoxTrait(0)]


def test_namespace_is_looked_through(one):
    chunk = one(annotation(obj()).replace("<annotation>", '<annotation xmlns="http://example.org/v">'))
    assert (list(chunk.status), boxes(chunk), chunk.names) == ([READ], [(1, 2, 30, 40)], ["cat"])


def test_other_root(one):
    chunk = one("<project><object/></project>")
    assert list(chunk.status) == [FOREIGN]
    assert found(chunk) == [("PAR007", "", "project")]


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"", ""),
        (b" \n ", ""),
        (annotation(obj()).encode()[:-8], "line 1, column 214"),
        (b"<annotation>\n <a></b></annotation>", "line 2, column 7"),
        (b"not xml", "line 1, column 1"),
        (b"<annotation>&nbsp;</annotation>", "line 1, column 13"),
        (b"<annotation>\x01</annotation>", "line 1, column 13"),
        ("<annotation><name>é".encode()[:-1], "line 1, column 19"),
        ("<annotation/>".encode("utf-16")[:-1], "byte 26"),
    ],
)
def test_broken_file(one, content, place):
    chunk = one(content)
    assert list(chunk.status) == [BROKEN]
    assert [(f.code, f.place) for f in chunk.findings] == [("PAR001", place)]


def test_empty_file_is_called_empty(one):
    assert said(one(b"")) == "the file is empty"


LAUGHS = (
    '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><annotation><filename>&b;</filename></annotation>'
)
EXTERNAL = (
    '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><annotation><filename>&x;</filename></annotation>'
)


@pytest.mark.parametrize("text", [LAUGHS, EXTERNAL, "<!DOCTYPE annotation><annotation/>"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_document_type_is_refused(one, text, encoding):
    chunk = one(text.encode(encoding))
    assert list(chunk.status) == [BROKEN]
    assert found(chunk) == [("PAR005", "", "")]


def test_document_type_in_another_declared_encoding_is_refused(one):
    chunk = one(('<?xml version="1.0" encoding="gb2312"?>' + LAUGHS).encode("gb2312"))
    assert [f.code for f in chunk.findings] == ["PAR005"]


def test_the_words_in_a_comment_do_not_refuse_a_file(one):
    text = "<!-- <!DOCTYPE a [<!ENTITY b 'c'>]> -->" + annotation(obj()) + "<!-- <!DOCTYPE -->"
    assert list(one(text).status) == [READ]


NAMES = {
    "gb2312": "猫",
    "gbk": "貓",
    "gb18030": "猫",
    "big5": "貓",
    "shift_jis": "ねこ",
    "euc-kr": "고양이",
    "iso-8859-1": "lièvre",
    "windows-1251": "кошка",
    "koi8-r": "кошка",
    "utf-8": "猫",
    "UTF8": "кот",
}


@pytest.mark.parametrize("encoding", NAMES)
def test_declared_encoding_is_honoured(one, encoding):
    text = f'<?xml version="1.0" encoding="{encoding}"?>\n' + annotation(obj(name=NAMES[encoding]))
    chunk = one(text.encode(encoding))
    assert (chunk.names, found(chunk), boxes(chunk)) == ([NAMES[encoding]], [], [(1, 2, 30, 40)])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_byte_order_marks(one, encoding):
    chunk = one(annotation(obj(name="кот")).encode(encoding))
    assert (chunk.names, found(chunk)) == (["кот"], [])


def test_text_that_is_not_in_its_encoding(one):
    start = b"<annotation><object><name>"
    chunk = one(start + b"li\xe8vre</name></object></annotation>")
    assert found(chunk) == [("PAR006", f"byte {len(start) + 2}", "0xe8")]


def test_text_that_is_not_in_the_encoding_it_declares(one):
    start = b'<?xml version="1.0" encoding="big5"?><annotation><filename>'
    assert found(one(start + b"\xff</filename></annotation>")) == [("PAR006", f"byte {len(start)}", "0xff")]


@pytest.mark.parametrize("name", ["klingon", "utf-7", "zlib", "idna", "unicode_escape", "utf-16"])
def test_declared_encoding_that_cannot_be(one, name):
    chunk = one(f'<?xml version="1.0" encoding="{name}"?><annotation/>')
    assert [(f.code, f.evidence) for f in chunk.findings] == [("PAR006", name)]


def test_deep_nesting(one):
    deep = "<a>" * 100_000
    assert list(one(f"<annotation>{deep}{'</a>' * 100_000}{obj()}</annotation>").status) == [READ]
    assert [f.code for f in one(f"<annotation>{deep}").findings] == ["PAR001"]


def test_long_values_are_cut_in_what_is_said(one):
    (finding,) = one(annotation(obj(BOX.replace("<xmin>1<", f"<xmin>{'x' * 10_000}<")))).findings
    assert len(finding.evidence) == 80
    assert len(finding.message) < 120


def test_lines_of_several_objects(one):
    bad = obj(BOX.replace("<ymax>40<", "<ymax>?<"))
    chunk = one(f"<annotation>\n{obj()}\n{bad}\n\n{bad}</annotation>")
    assert [f.place for f in chunk.findings] == ["object 2, line 3", "object 3, line 5"]


def test_what_cannot_be_opened_is_said_in_the_system_s_words(tmp_path):
    (tmp_path / "folder.xml").mkdir()
    chunk = scan([str(tmp_path / "folder.xml"), str(tmp_path / "none.xml")])
    assert [f.message for f in chunk.findings] == [
        "cannot be read: it is a folder",
        "cannot be opened: No such file or directory",
    ]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_file_without_permission(tmp_path):
    path = tmp_path / "a.xml"
    path.write_text(annotation())
    path.chmod(0)
    (finding,) = scan([str(path)]).findings
    assert (finding.code, finding.message) == ("PAR001", "cannot be read: Permission denied")


WHOLE = f"""<annotation>|<folder>f</folder>|<filename>|a.jpg|</filename>|<source>|<a>b</a>|</source>|{SIZE}
|<object>|<name>|cat|</name>|<pose>x</pose>|<difficult>0</difficult>|{BOX}|</object>
|<object>|<name>|dog|</name>|<truncated>|0|</truncated>|{BOX}|<difficult>1</difficult>|</object>|</annotation>""".split(
    "|"
)
ODD = ["\r\n", "<part>", "</part>", "&lt;", "<!-- -->", "]]>", " ", "<a/>", "<name/>", "<xmin>1</xmin>"]
ODD += ["\x01", "é", "<1>", "</1>", "1.0", "<truncated>x</truncated>"]


@st.composite
def documents(draw):
    tokens = list(WHOLE)
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(tokens)))
        tokens[at : at + draw(st.integers(0, 2))] = draw(st.lists(st.sampled_from(WHOLE + ODD), max_size=2))
    return "".join(tokens).encode()


@settings(max_examples=80, deadline=None)
@given(documents())
def test_the_short_way_agrees_with_the_parser(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "either.xml"
    path.write_bytes(data)
    with pytest.MonkeyPatch.context() as patch:
        either = scan([str(path)])
        patch.setattr(voc_xml, "plain", lambda _: None)
        parsed = scan([str(path)])
    assert str(either) == str(parsed)  # as text, in which NaN equals NaN


def test_the_short_way_is_taken(tmp_path, monkeypatch):
    path = tmp_path / "a.xml"
    path.write_text(annotation(obj() + obj("<pose>Left</pose>" + FLAGS + BOX, " cat ")))
    monkeypatch.setattr(voc_xml, "text_of", lambda _: pytest.fail("parsed"))
    assert list(scan([str(path)]).status) == [READ]


def test_the_answer_does_not_depend_on_the_number_of_processes(tmp_path):
    paths = [str(tmp_path / f"{i}.xml") for i in range(700)]
    for i, path in enumerate(paths):
        Path(path).write_text(
            annotation(obj(name=f"c{i % 7}" + " " * (i % 3)) * (i % 5)) if i % 50 else "<broken"
        )
    alone = str(scan_all(paths, processes=1))
    assert str(scan_all(paths, processes=2)) == alone
    assert str(scan_all(paths, processes=5)) == alone
    assert alone.count("PAR001") == 14


def test_a_worker_that_dies_is_stood_in_for(tmp_path, monkeypatch):
    paths = [str(tmp_path / f"{i}.xml") for i in range(600)]
    for path in paths:
        Path(path).write_text(annotation(obj()))
    monkeypatch.setattr("anchoraudit.io.processes._do_share", lambda *_: os._exit(1))
    assert sum(len(chunk.status) for chunk in scan_all(paths, processes=2)) == 600


def test_fresh_interpreters_do_not_run_the_caller_s_script(tmp_path):
    """A script without an `if __name__ == "__main__"` is not run again where workers are spawned."""
    for i in range(300):
        (tmp_path / f"{i}.xml").write_text(annotation(obj()))
    script = tmp_path / "script.py"
    script.write_text(
        "import sys, time, pathlib\n"
        "from anchoraudit.io import processes\n"
        "from anchoraudit.formats.voc import pool\n"
        "print('once')\n"
        "processes.sys = type('', (), {'platform': 'darwin', 'modules': sys.modules})\n"
        "paths = sorted(map(str, pathlib.Path(sys.argv[1]).glob('*.xml')))\n"
        "with processes.workers(processes._do_share, [(pool.scan, [paths], range(1))]) as [(_, answers)]:\n"
        "    print(answers.recv()[1].names)\n"
        "print(sum(len(chunk.status) for chunk in pool.scan_all(paths, processes=2)))\n"
    )
    done = subprocess.run(
        [sys.executable, script, tmp_path], capture_output=True, text=True, check=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("once\n['cat']\n300\n", "")


def test_a_rotated_box_is_read_as_the_box_around_it(one):
    turned = "<robndbox><cx>60</cx><cy>45</cy><w>100</w><h>50</h><angle>{}</angle></robndbox>"
    chunk = one(annotation(obj(turned.format(0)) + obj(turned.format(math.pi / 2)) + obj("<robndbox/>")))
    assert boxes(chunk)[0] == (10, 20, 110, 70)
    assert boxes(chunk)[1] == pytest.approx((35, -5, 85, 95))
    assert said(chunk) == "the object has no <bndbox>; the box around its <robndbox> is taken"
    assert chunk.findings[2].message == "the object has no <bndbox>"
    assert all(BoxTrait.NO_BNDBOX & traits for traits in chunk.traits)
    assert [bool(BoxTrait.OUTLINE & traits) for traits in chunk.traits] == [True, True, False]


def test_objects_in_a_list_of_their_own(one):
    corners = "".join(f"<point>{point}</point>" for point in ("10,20", "110,20", "110,70", "10,70"))
    name = "<possibleresult><name>Boeing 737</name></possibleresult>"
    chunk = one(annotation(f"\n<objects>\n{obj(f'{name}<points>{corners}</points>', name=None)}</objects>"))
    assert (chunk.names, boxes(chunk)) == (["Boeing 737"], [(10, 20, 110, 70)])
    assert [finding.message for finding in chunk.findings] == [
        "the objects are within <objects>, where loaders of Pascal VOC find none of them",
        "the object has no <bndbox>; the box around its <points> is taken",
    ]
    assert {finding.place for finding in chunk.findings} == {"object 1, line 3"}
    assert boxes(one(annotation(f"<objects>{obj()}</objects>{obj()}"))) == [(1, 2, 30, 40)]
