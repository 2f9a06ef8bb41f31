"""Reading regular files only, and small files within bounds."""

import os
import time
from pathlib import Path

import pytest

from anchoraudit.errors import AnchorauditError, shortened
from anchoraudit.io import documents, files, json_text


def test_a_regular_file_is_read_whole(tmp_path):
    for content in (b"", b"x", b"\0" * 100_000):
        (tmp_path / "a").write_bytes(content)
        (tmp_path / "link").unlink(missing_ok=True)
        (tmp_path / "link").symlink_to("a")
        assert files.read_bytes(tmp_path / "a") == content
        assert files.read_bytes(str(tmp_path / "link"), 100_000) == content
        assert files.read_head(tmp_path / "a", 3) == content[:3]


def test_a_file_whose_size_is_not_told_is_read_whole():
    """The system says 0 of its own files."""
    status = Path("/proc/self/status")
    if not status.exists():
        pytest.skip("no such files here")
    assert status.stat().st_size == 0
    assert b"VmHWM" in files.read_bytes(status)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (os.mkfifo, "it is not a regular file"),
        (lambda path: path.symlink_to("/dev/zero"), "it is not a regular file"),
        (lambda path: path.mkdir(), "it is a folder"),
        (lambda path: path.symlink_to(path.name), "Too many levels of symbolic links"),
        (lambda path: path.symlink_to("nowhere"), "No such file or directory"),
        (lambda path: path.write_bytes(b"123456"), "its 6 bytes are too many (at most 5)"),
    ],
)
def test_what_is_none_is_neither_waited_for_nor_read(tmp_path, make, words):
    path = tmp_path / "x.toml"
    make(path)
    with pytest.raises(OSError) as caught:
        files.read_bytes(path, 5)
    assert caught.value.strerror == words
    if not words.startswith("its"):
        assert files.read_head(path, 5) == b""
        with pytest.raises(AnchorauditError, match=f"cannot be read: {words}"):
            documents.read_text(path, "detector file")


def test_more_than_the_machine_has_memory_is_refused(tmp_path):
    with (tmp_path / "a.json").open("wb") as file:
        file.truncate(1 << 43)  # 8 TB, none of them on the disk
    with pytest.raises(OSError, match="8,796,093,022,208 bytes are too many"):
        files.read_bytes(tmp_path / "a.json")


def test_a_name_that_no_file_can_have():
    with pytest.raises(OSError, match="null byte"):
        files.read_bytes("a\0b")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a = 1\na" + ".a" * 100 + " = 1", 2, "a key of more than 100 parts"),
        ("a = 1\n[a" + ".'a'" * 100_000 + "]", 2, "a key of more than 100 parts"),
        ("x = {a" + ' . "a"' * 100_000 + "= 1}", 1, "a key of more than 100 parts"),
        ("a = 1\n\nb = " + "[" * 100_000, 3, "nested too deeply"),
        ("a = 1\nb = " + "9" * 5000, 2, "a number has too many digits"),
    ],
)
def test_toml_beyond_bounds_is_refused_at_once(text, line, words):
    before = time.process_time()
    with pytest.raises(AnchorauditError, match=words) as caught:
        documents.parse_toml(text, "d.toml")
    assert time.process_time() - before < 2
    assert (caught.value.path, caught.value.place) == ("d.toml", f"line {line}")


def test_toml_within_bounds_is_read():
    assert documents.parse_toml("a" + ".a" * 99 + " = 1", "d.toml")
    numbers = [[i + 0.5, i + 1.5] for i in range(200)]
    assert documents.parse_toml(f"shapes = {numbers}", "d.toml") == {"shapes": numbers}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('{"a":\n\n,}', 3, "not valid JSON: Expecting value"),
        ('{"a":\n' + "[" * 100_000, 2, "nested too deeply"),
        ('{"a":\n' + "9" * 5000 + "}", 2, "a number has too many digits"),
    ],
)
def test_json_that_is_none_is_named_with_its_line(text, line, words):
    with pytest.raises(AnchorauditError, match=words) as caught:
        json_text.parse(text, "a.json")
    assert caught.value.place == f"line {line}"


def test_text_has_lines_of_one_kind_and_no_mark(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfa\r\nb\rc\n")
    assert documents.read_text(tmp_path / "a.txt", "list") == "a\nb\nc\n"


def test_a_message_has_a_beginning_and_an_end():
    assert shortened("x" * 1000) == "x" * 1000
    short = shortened("begin" + "9" * 5000 + " is no number", 100)
    assert len(short) < 110
    assert short.startswith("begin999") and short.endswith("99 is no number")
    error = AnchorauditError("\x1b" * 5000, path="a.toml", place="line 3", remedy="y" * 5000)
    assert len(str(error)) < 2100
    assert "\x1b" not in str(error)


BOUNDS = documents.YamlBounds(values=50, levels=5, aliases=3, beyond="too much")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb:\n" + "".join(f"- {n}\n" for n in range(48)), 48),  # with those before it, the 51st value
        ("a:\n  b:\n    c:\n      d:\n        e:\n          f: 1\n", 6),
        ("a:\n[[[[[[", 2),
        ("a: &x 1\nb: *x\nc: *x\nd: *x\ne: *x\n", 5),
    ],
)
def test_yaml_beyond_its_bounds_is_refused_where_they_end(text, line):
    with pytest.raises(AnchorauditError, match="too much") as caught:
        documents.compose_yaml(text, "a.yaml", BOUNDS)
    assert (caught.value.path, caught.value.place) == ("a.yaml", f"line {line}")
    assert "50 values, 5 levels and 3 aliases" in caught.value.remedy


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: [1\nb: 2\n", "line 2, column 2"),
        ("a: 1\n\tb: 2\n", "line 2, column 1"),
        ("a: 1\nb: \x01\n", "line 2"),
        ("a: *x\n", "line 1, column 4"),
        ("a: 1\n---\nb: 2\n", "line 2, column 1"),
    ],
)
def test_what_is_no_yaml_says_where(text, place):
    with pytest.raises(AnchorauditError, match="not valid YAML") as caught:
        documents.compose_yaml(text, "a.yaml", BOUNDS)
    assert caught.value.place == place


def test_yaml_nodes_know_their_lines_and_nothing_is_constructed():
    node = documents.compose_yaml("a: 1\nb:\n- !!python/object/apply:os.abort []\n", "a.yaml", BOUNDS)
    assert [(key.value, documents.yaml_line(item)) for key, item in node.value] == [("a", 1), ("b", 3)]
    assert documents.compose_yaml("# nothing\n", "a.yaml", BOUNDS) is None
    assert documents.yaml_line(None) == 1
