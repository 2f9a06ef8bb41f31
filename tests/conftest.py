"""What the tests share: the data beside the repository, and running the program as a user does."""

from __future__ import annotations

import gc
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from tests.forks import ROOT, Forks, anew, in_another_process, of_this_process
from tests.large_pages import settle

SHARED = ROOT.parent / "shared"
SAMPLE = ROOT / "sample_data"
# Workers of pytest-xdist have a width of their own; the tests expect that of a pipe.
os.environ.pop("COLUMNS", None)
# .ci/run sets CI, as services do: properties then try the same examples in every run, and a failure says how
# to repeat it. Elsewhere they try new ones each time. No example has a deadline: a busy machine is no defect.
# There are so many properties that a few dozen examples of each take minutes.
settings.register_profile(
    "ci", max_examples=25, derandomize=True, deadline=None, database=None, print_blob=True
)
settings.register_profile("local", max_examples=25, deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "local")


def pytest_collection_finish() -> None:
    settle()


@pytest.fixture(scope="module", autouse=True)
def _what_was_there_before_is_no_garbage() -> None:
    """Freeze modules, tests, and what earlier tests keep.

    Garbage is collected after each slice of a part: in processes of their own, which freeze what was there
    before. Here, that would look at all of it again and again.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture
def shared() -> Path:
    """The folder with real data and with what the real frameworks answered on it."""
    if not SHARED.is_dir():
        pytest.skip(f"REAL DATA NOT TESTED: {SHARED} is not there")
    return SHARED


@pytest.fixture(scope="session")
def forks() -> Forks:
    """What starts processes of the program at little cost."""
    return of_this_process()


@pytest.fixture
def anchoraudit(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the program in an empty working directory: `anchoraudit("scan", path, cwd=..., env={...})`.

    With `env`, in a Python that starts anew, since it may read these variables.
    """
    work = tmp_path / "work"
    work.mkdir()

    def run(
        *args: object, cwd: Path = work, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        if env is None:
            return in_another_process(args, cwd, COLUMNS="100")
        variables = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100", **env}
        return anew([*map(str, args)], cwd, variables)

    run.cwd = work  # type: ignore[attr-defined]
    return run


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory for what runs in this process."""
    monkeypatch.chdir(tmp_path)
    return tmp_path
