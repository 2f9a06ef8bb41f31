"""The examples in the package's docstrings, run from the repository's root."""

import doctest
from importlib import import_module

import pytest

import anchoraudit
from tests.test_readme import ROOT

PACKAGE = ROOT / "anchoraudit"
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted(PACKAGE.rglob("*.py"))
    if ">>> " in path.read_text()
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_hold(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    public = {name: getattr(anchoraudit, name) for name in anchoraudit.__all__}
    result = doctest.testmod(import_module(name), extraglobs=public)
    assert result.attempted
    assert not result.failed
