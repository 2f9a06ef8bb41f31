"""The examples in the package's docstrings, run from the repository's root."""

import doctest
from functools import cache
from importlib import import_module

import pytest

import anchoraudit
from anchoraudit import merge
from tests.test_readme import ROOT

PACKAGE = ROOT / "anchoraudit"
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted(PACKAGE.rglob("*.py"))
    if ">>> " in path.read_text()
]


@cache
def parts_of(*args):
    """Parts of a data set, audited once however many examples begin with them."""
    return list(anchoraudit.audit_partitions(*args))


@pytest.mark.parametrize("name", MODULES)
def test_examples_hold(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    public = {name: getattr(anchoraudit, name) for name in anchoraudit.__all__}
    if name == merge.__module__:  # what its examples are about is what comes after the audit
        public["audit_partitions"] = parts_of
    result = doctest.testmod(import_module(name), extraglobs=public)
    assert result.attempted
    assert not result.failed


def public_members():
    """Every public name, and the public methods and properties of those that are classes."""
    for name in anchoraudit.__all__:
        public = getattr(anchoraudit, name)
        yield name, public
        if not isinstance(public, type):
            continue
        for owner in public.__mro__:
            if owner.__module__.startswith("anchoraudit."):
                for member, value in vars(owner).items():
                    called = callable(value) or isinstance(value, property | classmethod | staticmethod)
                    if called and not member.startswith("_"):
                        yield f"{name}.{member}", value


MEMBERS = dict(public_members())


@pytest.mark.parametrize("name", MEMBERS)
def test_every_public_name_has_an_example(name):
    """That it holds is tested above, with all of its module."""
    assert ">>> " in (MEMBERS[name].__doc__ or "")
