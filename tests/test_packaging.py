"""What an installed package has: the tests run from a checkout, where nothing can be missing."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "anchoraudit"


def test_every_file_that_is_no_module_is_installed():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    patterns = project["tool"]["setuptools"]["package-data"]["anchoraudit"]
    installed = {path for pattern in patterns for path in PACKAGE.glob(pattern)}
    needed = {
        path
        for path in PACKAGE.rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc") and not path.name.startswith(".")
    }
    assert {path.parent.name for path in needed} >= {"presets", "frameworks"}
    assert needed <= installed
