"""Modules of a package, found by their files."""

import sys

from anchoraudit.io.plugins import load_module, module_names, stated


def test_modules_are_found_by_their_files(tmp_path, monkeypatch):
    package = tmp_path / "zoo"
    package.mkdir()
    for name in ("__init__", "cat", "ant", "_helper"):
        (package / f"{name}.py").write_text(f"WHAT = {name!r}\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert load_module("zoo", "cat").WHAT == "cat"
    assert module_names("zoo") == ["ant", "cat"]
    assert "zoo.ant" not in sys.modules
    more = tmp_path / "more"
    more.mkdir()
    (more / "bat.py").write_text("WHAT = 'bat'\n")
    monkeypatch.setattr(sys.modules["zoo"], "__path__", [str(package), str(more)])
    assert module_names("zoo") == ["ant", "bat", "cat"]
    assert load_module("zoo", "bat").WHAT == "bat"


def test_a_constant_is_read_without_importing(tmp_path, monkeypatch):
    package = tmp_path / "herd"
    package.mkdir()
    texts = {
        "__init__": "",
        "cow": "KINDS = ('calf', 'bull')\nraise RuntimeError\n",
        "ewe": "def ram():\n    KINDS = ('inner',)\n",
        "hen": "KINDS = tuple('ab')\n",
        "pig": "KINDS = (\n",
    }
    for name, text in texts.items():
        (package / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    load_module("herd", "ewe")
    assert stated("herd", "cow", "KINDS") == ("calf", "bull") and stated("herd", "cow", "KIND") is None
    assert [stated("herd", name, "KINDS") for name in ("ewe", "hen", "pig", "none")] == [None] * 4
    assert "herd.cow" not in sys.modules
    load_module("herd", "hen")
    assert stated("herd", "hen", "KINDS") == ("a", "b")
