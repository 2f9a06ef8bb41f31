"""What is installed and handed on: the tests run from a checkout, where nothing can be missing."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "anchoraudit"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_every_file_that_is_no_module_is_installed():
    patterns = PROJECT["tool"]["setuptools"]["package-data"]["anchoraudit"]
    installed = {path for pattern in patterns for path in PACKAGE.glob(pattern)}
    needed = {
        path
        for path in PACKAGE.rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc") and not path.name.startswith(".")
    }
    assert {path.parent.name for path in needed} >= {"presets", "frameworks"}
    assert needed <= installed


def test_a_source_distribution_has_every_file_of_the_top_level():
    rules = (ROOT / "MANIFEST.in").read_text().splitlines()
    included = {name for rule in rules if rule.startswith("include ") for name in rule.split()[1:]}
    grafted = {rule.split()[1] for rule in rules if rule.startswith("graft ")}
    by_itself = {"pyproject.toml", "README.md", "LICENSE", "MANIFEST.in"}
    assert [name for name in included | grafted if not (ROOT / name).exists()] == []
    files = {path.name for path in ROOT.iterdir() if path.suffix in (".md", ".yml", ".yaml", ".toml")}
    assert files <= included | by_itself
    assert {"tests", "docs", "examples", "sample_data", "benchmarks", ".ci"} == grafted


def test_the_quick_set_names_tests_that_there_are():
    names = (ROOT / "tests" / "quick.txt").read_text().split()
    assert [name for name in names if not (ROOT / name).exists()] == []
    assert names == sorted(set(names))
    assert "`python -m pytest @tests/quick.txt`" in (ROOT / "CONTRIBUTING.md").read_text()


def test_every_extra_is_explained():
    table = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "install.md").read_text(), re.M)
    assert sorted(table) == sorted(PROJECT["project"]["optional-dependencies"])


def test_versions_of_python_are_those_that_it_runs_on():
    versions = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["project"]["classifiers"]))
    assert f">={versions[0]}" == PROJECT["project"]["requires-python"]
    assert versions == [f"3.{11 + number}" for number in range(len(versions))]
