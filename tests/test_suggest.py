"""What a misspelt name may have meant: one helper, and the only place where names are compared so."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import anchoraudit
from anchoraudit.io.suggest import did_you_mean

PACKAGE = Path(anchoraudit.__file__).parent


@pytest.mark.parametrize(
    ("name", "known", "near"),
    [
        ("referense", ["reference", "yolov5"], "reference"),
        ("REFERENSE", ["Reference"], "Reference"),
        ("xyz", ["reference", "yolov5"], ""),
        ("", ["reference"], ""),
        ("reference", [], ""),
        # Both lack one of its letters; one has the others in their places.
        ("abcd", ["bcd", "abd"], "abd"),
        ("ab", ["abc", "abd"], "abc"),
    ],
)
def test_nearest(name, known, near):
    assert did_you_mean(name, known) == (f"Did you mean {near}? " if near else "")


def test_several_and_how_alike():
    known = ["second.jpg", "secnd2.jpg", "third.png"]
    assert did_you_mean("secnd.jpg", known, most=3) == "Did you mean secnd2.jpg, second.jpg? "
    assert did_you_mean("abxx", ["abcd"], alike=0.6) == ""
    assert did_you_mean("abxx", ["abcd"], alike=0.5) == "Did you mean abcd? "


@given(st.text(), st.lists(st.text()), st.integers(1, 3))
def test_only_what_is_known_is_named(name, known, most):
    said = did_you_mean(name, known, most=most)
    assert not said or any(one in said for one in known)
    if name in known and name:
        assert name in said


def test_no_other_module_compares_names_so():
    said = re.compile("difflib|did you mean", re.IGNORECASE)
    found = [path.name for path in PACKAGE.rglob("*.py") if said.search(path.read_text())]
    assert found == ["suggest.py"]
