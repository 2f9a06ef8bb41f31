"""The house: floors that import only from below, modules of one idea, a start that costs nothing."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import pytest

import anchoraudit
from anchoraudit import encoding
from anchoraudit.advice.advise import advise
from anchoraudit.advice.compare import compare
from anchoraudit.advice.explain import explain
from anchoraudit.anchors import clustered
from anchoraudit.anchors.foreground.searched import fit_foreground
from anchoraudit.detectors import match as match_module
from anchoraudit.detectors import override, preset_names
from anchoraudit.detectors.spec import Border, Loss, Match
from anchoraudit.encoding import engines
from anchoraudit.report.text.anchors import Clusters
from anchoraudit.report.text.next_steps import after_scan
from tests.builders import annotation, document, make

PACKAGE = Path(anchoraudit.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
FIXTURES = Path(__file__).parent / "fixtures"
# Lowest first; what stands on one line is one floor, whose rooms may use each other.
FLOORS = [
    ["errors"],
    ["arrays"],
    ["boxes", "io"],
    ["dataset"],
    ["detectors", "images"],
    ["formats"],
    ["loaders"],
    ["classes"],
    ["encoding"],
    ["anchors"],
    ["rules"],
    ["auditing"],
    ["fixes"],
    ["certificates", "manifest"],
    ["advice"],
    ["report"],
    ["partitions"],
    ["training"],
    ["cli"],
    ["__main__"],
]
LEVEL = {room: number for number, floor in enumerate(FLOORS) for room in floor}


def room(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[0]


# Where the kinds of matching and of resizing, and the names of formats, are at home.
HOMES = {"kind": ("detectors", "encoding"), "format": ("formats", "detectors", "encoding")}


class Seen(NamedTuple):
    """What the tests ask of a module, in one walk through it.

    imports: its import statements, also inside functions; not what only the type checker sees. asked: lines
    that compare an attribute `kind` or `format`, look something up by it, or match its values.
    """

    imports: list[ast.Import | ast.ImportFrom]
    asked: list[str]


@cache
def seen_in(path):
    nodes = [*ast.walk(ast.parse(path.read_text()))]
    typing_only = {
        id(node)
        for block in nodes
        if isinstance(block, ast.If) and isinstance(block.test, ast.Name) and block.test.id == "TYPE_CHECKING"
        for part in block.body
        for node in ast.walk(part)
    }
    imports = [node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    asked = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}: {ast.unparse(part)}"
        for node in nodes
        for part in asked_of(node)
        if isinstance(part, ast.Attribute) and room(path) not in HOMES.get(part.attr, (room(path),))
    ]
    return Seen([node for node in imports if id(node) not in typing_only], asked)


def asked_of(node):
    """Expressions that a node compares, looks something up by, or matches."""
    if isinstance(node, ast.Compare):
        return [node.left, *node.comparators]
    if isinstance(node, ast.Subscript):
        return [node.slice]
    if isinstance(node, ast.Match):
        return [node.subject]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
        return node.args[:1]
    return []


def imported(path):
    """Rooms a module imports."""
    for node in seen_in(path).imports:
        if isinstance(node, ast.ImportFrom):
            if node.module and node.module.split(".")[0] == "anchoraudit":
                names = node.module.split(".")[1:] or [alias.name for alias in node.names]
                yield names[0]
        else:
            for alias in node.names:
                if alias.name.startswith("anchoraudit."):
                    yield alias.name.split(".")[1]


def test_the_package_has_few_rooms():
    entries = [path for path in PACKAGE.iterdir() if path.name != "__pycache__"]
    assert len(entries) <= 25


def test_every_room_has_its_floor():
    rooms = {room(path) for path in MODULES} - {"__init__"}
    assert rooms == set(LEVEL)


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_down(path):
    if path == PACKAGE / "__init__.py":
        return
    up = [name for name in imported(path) if name in LEVEL and LEVEL[name] > LEVEL[room(path)]]
    assert up == []


def name_of(path):
    parts = ("anchoraudit", *path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules_imported(path, names):
    """Modules that a module imports; `from a import b` is of a.b if there is one."""
    for node in seen_in(path).imports:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in names)
        elif node.module in names:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in names else node.module


def circles(edges):
    """Sets of nodes that lead to each other, by Tarjan: [{a, b}, ...]. edges: node -> nodes."""
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in edges[node]:
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            first = stack.index(node)
            found.append(set(stack[first:]))
            del stack[first:]

    for node in edges:
        if node not in index:
            visit(node)
    return [circle for circle in found if len(circle) > 1]


def test_circles_are_found():
    assert circles({"a": "b", "b": "cd", "c": "a", "d": "d", "e": "a"}) == [{"a", "b", "c"}]


def test_no_modules_import_each_other_in_a_circle():
    """What a function imports when it is called counts; what only the type checker sees does not."""
    names = {name_of(path) for path in MODULES}
    edges = {name_of(path): sorted({*modules_imported(path, names)} - {name_of(path)}) for path in MODULES}
    assert circles(edges) == []


# A loader's module says itself what it does to data of which format: `Sieve.read` looks it up.
LOOKED_UP = {"self.dataset.format"}


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_kinds_and_formats_are_asked_for_properties(path):
    found = [line for line in seen_in(path).asked if line.partition(": ")[2] not in LOOKED_UP]
    assert found == [], "ask a property of Match, Resize or Dataset"


def test_encoding_knows_no_formats_and_formats_no_detectors():
    for path in MODULES:
        used = set(imported(path))
        if room(path) == "encoding":
            assert not used & {"formats", "cli", "report"}
        if room(path) == "formats":
            assert "detectors" not in used


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


def test_a_small_scan_imports_only_what_it_needs():
    """Each of these takes some milliseconds of the start."""
    sample = PACKAGE.parent / "sample_data" / "coco"
    unneeded = {"anchoraudit.formats.voc", "anchoraudit.encoding.points", "anchoraudit.anchors.clustering"}
    unneeded |= {"numpy.ma", "concurrent.futures", "logging", "hashlib", "tarfile"}
    loaded = run(
        f"import sys; from anchoraudit.cli import run; run(['scan', {str(sample)!r}, '--exit-zero', '-q', "
        f"'--images', 'none', '-o', '/dev/null']); print(*sorted({unneeded} & set(sys.modules)))"
    )
    assert loaded == []


def test_library_names_are_there_in_any_order():
    """Those of each room are asked for in a package that is imported anew, so that each room comes first."""
    rooms = {}
    for name in anchoraudit.__all__:
        rooms.setdefault(getattr(anchoraudit, name).__module__.split(".")[1], []).append(name)
    code = (
        "import sys\n"
        f"for names in {[*rooms.values()]}:\n"
        "    for module in [m for m in sys.modules if m.split('.')[0] == 'anchoraudit']:\n"
        "        del sys.modules[module]\n"
        "    import anchoraudit\n"
        "    for name in names:\n"
        "        print(getattr(anchoraudit, name).__name__)\n"
    )
    assert len(rooms) > 10
    assert run(code) == [name for names in rooms.values() for name in names]
    code = "import anchoraudit as a; a.Audit; print(callable(a.audit), callable(a.read))"
    assert run(code) == ["True", "True"]


@pytest.fixture
def centre(monkeypatch):
    """A detector of a kind of matching that is one row of `match` and one module of `encoding`."""
    monkeypatch.setattr(encoding, "__path__", [*encoding.__path__, str(FIXTURES / "matcher")])
    row = match_module._Kind(
        name="matching by centre",
        text=lambda match: "the cell of the box's centre",
        empty_when=lambda match, border: "every box is too large",
        measure="fit",
        depends_on_anchors=False,
    )
    monkeypatch.setitem(match_module._KINDS, "centre", row)
    engines.find_engines.cache_clear()
    base = anchoraudit.load_detector("mmdet-retinanet_fpn")
    yield msgspec.structs.replace(
        base, name="own", match=Match(kind="centre"), loss=Loss(normaliser="batch_positives")
    )
    engines.find_engines.cache_clear()
    sys.modules.pop("anchoraudit.encoding.centre", None)


def test_a_new_matcher_is_one_module_and_a_row(tmp_path, centre):
    """The coarsest stride is 128, so a box of more than 1024 px a side is too large."""
    shapes = [(10, 10, 40, 60), (300, 200, 9, 9), (0, 0, 1300, 990)]
    sizes = [{"id": i, "file_name": f"{i}.jpg", "width": 1333, "height": 1000} for i in (1, 2)]
    notes = [annotation(i, 1 if i < 3 else 2, shape) for i, shape in enumerate(shapes, 1)]
    dataset = anchoraudit.read(make(tmp_path, {"a.json": document(sizes, notes)}) / "a.json")
    centre = override(centre, input_size="1000")
    result = anchoraudit.audit(dataset, centre, counts=True, loader="none")
    assert result.summary()["verdicts"]["empty_foreground"] == 1
    assert result.boxes_frame()["cause"].tolist() == ["", "", "large"]
    assert result.images_frame()["positives"].tolist() == [18, 0]  # 9 shapes in the cell of each centre
    assert not {"ANC004", "ANC005"} & set(result.findings.counts)  # shapes do not matter
    for image, positives in ((0, 18), (1, 0)):
        told = explain(dataset, image, centre, loader="none")
        assert told.positives == positives
        counted = result.box_results.assigned[result.boxes_of(image)]
        assert counted.tolist() == [box.assigned for box in told.boxes]
    (lost,) = told.boxes
    assert lost.remedy == "lower --input-size by 1.11x"  # sqrt(1300 x 990) / 1024, no anchor
    (row,) = compare(dataset, [centre], loader="none")
    assert (row.statuses["unmatched"], row.measure) == (1, "fit")
    assert all("cluster" not in command for _, command in after_scan(result, []))
    advice = advise(dataset, centre, loader="none")
    assert {change.group for row in advice.rows for change in row.changes} == {"input size"}
    assert advice.best is not None
    with pytest.raises(anchoraudit.AnchorauditError, match="does not depend on the shapes of its anchors"):
        fit_foreground(dataset, centre, 5)
    with pytest.raises(anchoraudit.AnchorauditError, match="takes no border rule"):
        override(centre, allowed_border=0)
    found = clustered.cluster_sizes(np.array([[10.0, 20], [30, 40]]), 2)
    assert "does not depend on the shapes" in Clusters([found], found, centre).remarks[0]


def test_every_kind_of_matching_has_an_engine():
    assert set(engines.find_engines()) == set(match_module._KINDS)


def test_what_takes_no_border_refuses_one():
    for name in preset_names():
        detector = anchoraudit.load_detector(name)
        if not detector.match.takes_border:
            with pytest.raises(ValueError, match="takes no border rule"):
                msgspec.structs.replace(detector, border=Border(margin=0))
