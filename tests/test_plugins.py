"""Modules of a package, found by their files."""

import sys

from anchoraudit.io.plugins import load_module, module_names


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
