"""The house: floors that import only from below, modules of one idea, a start that costs nothing."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import anchoraudit

PACKAGE = Path(anchoraudit.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
# Lowest first; what stands on one line is one floor, whose rooms may use each other.
FLOORS = [
    ["errors", "findings", "similarity", "blocks", "processes"],
    ["geometry", "files"],
    ["documents"],
    ["dataset", "losses", "risk"],
    ["labels", "places", "duplicates"],
    ["formats", "detectors", "clustering", "anchor_fit", "anchors_file", "loaders", "coco_text"],
    ["pictures"],
    ["fixes"],
    ["encoding"],
    ["causes", "verdicts", "augmenting"],
    ["rules"],
    ["auditing", "frames", "fitting", "explaining", "comparing", "baseline", "foreground"],
    ["variants", "advising", "exporting"],
    ["manifest"],
    ["report"],
    ["cli"],
    ["__main__"],
]
LEVEL = {room: number for number, floor in enumerate(FLOORS) for room in floor}


def room(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


def imported(path):
    """Rooms a module imports, also inside functions; not what only the type checker sees."""
    tree = ast.parse(path.read_text())
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "anchoraudit":
            names = node.module.split(".")[1:] or [alias.name for alias in node.names]
            yield names[0]
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("anchoraudit."):
                    yield alias.name.split(".")[1]


def test_every_room_has_its_floor():
    rooms = {room(path) for path in MODULES} - {"__init__"}
    assert rooms == set(LEVEL)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_down(path):
    if path == PACKAGE / "__init__.py":
        return
    up = [name for name in imported(path) if name in LEVEL and LEVEL[name] > LEVEL[room(path)]]
    assert up == []


def test_encoding_knows_no_formats_and_formats_no_detectors():
    for path in MODULES:
        used = set(imported(path))
        if room(path) == "encoding":
            assert not used & {"formats", "cli", "report"}
        if room(path) == "formats":
            assert "detectors" not in used


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_is_about_one_idea(path):
    assert len(path.read_text().splitlines()) <= 300


def run(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()


def test_heavy_libraries_are_imported_where_they_are_used():
    heavy = "{'numpy', 'pandas', 'PIL', 'sklearn', 'rich', 'msgspec'}"
    loaded = f"import sys; print(*sorted({heavy} & set(sys.modules)))"
    assert run(f"import anchoraudit.cli; {loaded}") == []
    heavy_for_scan = run(
        "import sys; from anchoraudit.cli import run; "
        f"run(['scan', {str(PACKAGE.parent / 'sample_data' / 'coco')!r}, '--exit-zero', '-o', '/dev/null']); "
        "print(*sorted({'pandas', 'sklearn'} & set(sys.modules)))"
    )
    assert heavy_for_scan == []


def test_library_names_are_there_in_any_order():
    for name in anchoraudit.__all__:
        assert run(f"import anchoraudit; print(anchoraudit.{name}.__name__)") == [name]
    code = "import anchoraudit as a; a.Audit; print(callable(a.audit), callable(a.read))"
    assert run(code) == ["True", "True"]


def test_a_new_format_is_one_file(tmp_path, monkeypatch):
    from anchoraudit import formats

    (tmp_path / "onebox.py").write_text(
        "from anchoraudit.formats import Detection\n"
        "NAME = 'onebox'\nLOOKS_FOR = 'box.1'\n"
        "def detect(path):\n"
        "    return Detection(NAME, path, 'a file box.1') if (path / 'box.1').exists() else None\n"
        "def read(detection, options):\n    raise NotImplementedError\n"
    )
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "box.1").touch()
    monkeypatch.setattr(formats, "__path__", [*formats.__path__, str(tmp_path)])
    assert formats.detect(tmp_path / "data").reason == "a file box.1"


def test_a_new_detector_is_one_file(tmp_path):
    text = (PACKAGE / "detectors" / "presets" / "reference.toml").read_text()
    own = tmp_path / "mine.toml"
    own.write_text(
        text.replace('name = "reference"', 'name = "mine"').replace("positive = 0.5", "positive = 0.4")
    )
    detector = anchoraudit.load_detector(own)
    assert (detector.name, detector.match.positive) == ("mine", 0.4)
