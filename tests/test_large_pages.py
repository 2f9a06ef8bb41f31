"""What tests do to make copies of their processes cheap."""

import ctypes
import gc
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.large_pages import _anonymous, settle


def test_tests_run_with_what_was_imported_set_aside():
    assert gc.get_freeze_count() > 20_000


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_memory_of_objects_is_found():
    block = bytearray(64 << 20)
    first = ctypes.addressof(ctypes.c_char.from_buffer(block))
    assert any(start <= first and first + len(block) <= end for start, end in _anonymous())


def test_no_object_changes():
    code = (
        "import random; from tests.large_pages import settle\n"
        "made = [random.Random(i).randbytes(1000) for i in range(20_000)]; settle()\n"
        "assert made == [random.Random(i).randbytes(1000) for i in range(20_000)]"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_where_it_cannot_be_had(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(ctypes, "CDLL", None)  # is not asked for
    settle()
