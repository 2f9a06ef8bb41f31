"""What a process asks of the system: memory that was freed is used again."""

import platform
import subprocess
import sys

import pytest

from tests.conftest import ROOT

# Each block is larger than all before it, and only one is there at a time.
COUNT = """
import resource
from anchoraudit.io.memory import reuse_freed

if {reuse}:
    reuse_freed()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for number in range(1, 21):
    b"x" * (number * 500_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def new_pages(*, reuse):
    """Return how many pages a fresh process takes for these blocks."""
    command = [sys.executable, "-c", COUNT.format(reuse=reuse)]
    return int(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="others give memory back as they see fit")
def test_freed_memory_is_used_again():
    again, anew = new_pages(reuse=True), new_pages(reuse=False)
    assert again * 4 < anew


def test_where_memory_is_limited_nothing_is_kept(monkeypatch):
    from anchoraudit.io import memory

    monkeypatch.setattr(memory, "limit", lambda: 1 << 30)
    monkeypatch.setattr(memory, "_LARGE", -1)  # a size that cannot be taken
    memory.reuse_freed()
    monkeypatch.setattr(memory, "limit", lambda: None)
    with pytest.raises(ValueError, match="negative"):
        memory.reuse_freed()
