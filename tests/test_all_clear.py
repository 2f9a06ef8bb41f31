"""No false all-clear, and no filter whose result is not clean: from the command line, on hostile data.

Every image of the shared hostile data stands beside three good ones, and the program is run on these four.
Where the framework's own loader raised, dropped the image, or training stopped right after it, a scan must
say so in the framework's words, exit with 1, and not suggest to train. Where it took everything, nothing of
the kind may be reported. After a filter, the command that it prints must find nothing.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
import shlex
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anchoraudit.cli import run
from anchoraudit.detectors import load_detector
from anchoraudit.loaders import loader_names
from tests.conftest import SAMPLE, SHARED

DATA, GOLDEN = SHARED / "data" / "nasty", SHARED / "golden" / "loaders"
FORMATS = ("coco", "voc", "yolo")
GOOD = ("n071", "n076", "n078")
# Other answers of the same loaders: for floats in the JSON, for CSV files, with NumPy 2.
VARIANTS = ("detectron2-floatjson", "keras-retinanet-csv", "py-faster-rcnn-numpy2")
# Loaders of another format than the data.
FOREIGN = {"coco": "voc", "voc": "coco", "yolo": "(coco|voc|rcnn|ssd)"}
PRESETS = (
    *("yolov5", "yolov7", "mmdet-retinanet_fpn", "mmdet-ssd300", "detectron2-retinanet", "keras-retinanet"),
    *("torchvision-fasterrcnn_resnet50_fpn", "torchvision-ssd300_vgg16", "ssd-pytorch", "py-faster-rcnn"),
    *("simple-faster-rcnn", "reference", "yolov3-darknet"),
)
STOPS = ("RUN001", "RUN002", "RUN005", "RUN006")

pytestmark = pytest.mark.skipif(not GOLDEN.is_dir(), reason=f"REAL DATA NOT TESTED: {GOLDEN} is not there")


def program(*words: object) -> tuple[int, str, str]:
    """Run the program in this process: its exit code, and what it writes to both streams."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "1000")
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run([str(word) for word in words])
    said, complaints = " ".join(out.getvalue().split()), err.getvalue()
    assert code in (0, 1, 2), (words, code, complaints)
    assert "internal error" not in complaints, (words, complaints)
    return code, said, complaints


@cache
def quirks() -> dict[str, dict[str, str]]:
    """The images by stem: which quirks they have, and in which formats."""
    if not DATA.is_dir():
        return {}
    with (DATA / "quirks.csv").open(newline="") as stream:
        return {row["stem"]: row for row in csv.DictReader(stream)}


def stems_of(form: str) -> list[str]:
    return [stem for stem, row in quirks().items() if form in row["formats_that_hold_it"].split()]


def put(source: Path, target: Path) -> None:
    if source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def lay_out(form: str, stems: list[str], root: Path) -> Path:
    """Write a data set of these images: their annotations as they are in the shared data, and their files."""
    if form == "coco":
        document = json.loads((DATA / "coco/annotations/instances_train.json").read_text())
        ids = {int(quirks()[stem]["coco_id"]) for stem in stems}
        document["images"] = [one for one in document["images"] if one["id"] in ids]
        document["annotations"] = [one for one in document["annotations"] if one["image_id"] in ids]
        (root / "annotations").mkdir(parents=True)
        (root / "annotations/instances_train.json").write_text(json.dumps(document))
    elif form == "voc":
        (root / "ImageSets/Main").mkdir(parents=True)
        for name in ("train", "trainval"):
            (root / f"ImageSets/Main/{name}.txt").write_text("".join(f"{stem}\n" for stem in stems))
    else:
        put(DATA / "yolo/data.yaml", root / "data.yaml")
    parts = {
        "coco": ("images/train/{}.jpg",),
        "voc": ("Annotations/{}.xml", "JPEGImages/{}.jpg"),
        "yolo": ("labels/train/{}.txt", "images/train/{}.jpg"),
    }
    for stem in stems:
        for part in parts[form]:
            put(DATA / form / part.format(stem), root / part.format(stem))
    return root


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    """Data sets by format and images, each written once."""
    folder = tmp_path_factory.mktemp("sets")

    @cache
    def of(form: str, *stems: str) -> Path:
        return lay_out(form, list(stems), folder / f"{form}-{'-'.join(stems)}"[:200])

    return of


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


@cache
def answers(form: str, loader: str) -> dict[str, tuple[str, str]]:
    """What the framework did with each image: ("stops", its words), ("takes all", "") or ("drops boxes", "").

    YOLOX's targets end with rows of zeros, which the answers take for a box where the first one is dropped.
    """
    boxes: dict[str, list[dict[str, str]]] = {}
    for row in rows(GOLDEN / form / f"{loader}.boxes.csv"):
        boxes.setdefault(row["image_id"], []).append(row)
    found = {}
    by_id = {row["image_id"]: row for row in rows(GOLDEN / form / f"{loader}.images.csv")}
    for stem in stems_of(form):
        image = quirks()[stem]["coco_id"] if form == "coco" else stem
        row, own = by_id[image], boxes.get(image, [])
        zeros = loader.startswith("yolox") and any(
            one["status"] == "kept" and {one[name] for name in ("x1", "y1", "x2", "y2")} == {"0.00"}
            for one in own
        )
        asked = quirks()[stem]["quirk"] in ("crowd_only", "difficult_only")
        dropped = row["status"] == "dropped" and bool(own) and not asked
        if row["status"] == "raises" or dropped or (row["then"] and not zeros):
            found[stem] = ("stops", row["reason"] or row["then"])
        elif row["status"] == "kept" and all(one["status"] == "kept" for one in own) and not zeros:
            found[stem] = ("takes all", "")
        else:
            found[stem] = ("drops boxes", "")
    return found


ANSWERED = sorted(
    (form, path.name.removesuffix(".images.csv"))
    for form in FORMATS
    for path in (GOLDEN / form).glob("*.images.csv")
    if path.name.removesuffix(".images.csv") not in VARIANTS
) or [("coco", "torchvision")]
every_answer = pytest.mark.parametrize(("form", "loader"), ANSWERED, ids=["-".join(one) for one in ANSWERED])
OWN = [
    (form, loader, preset)
    for form, loader in ANSWERED
    for preset in PRESETS
    if load_detector(preset).loader_for(form) == loader
]


def require_told(form: str, stem: str, folder: Path, words: str, *options: str) -> None:
    code, said, _ = program("scan", folder, *options)
    where = (form, stem, quirks()[stem]["quirk"], options)
    assert code == 1, where
    assert any(stop in said for stop in STOPS), where
    assert stem in said, where
    assert "python train.py" not in said, where
    # py-faster-rcnn asserts that the image is there, before what the answers tell.
    asserts = "py-faster-rcnn" in options and ".jpg" in words
    if exception := re.search(r"\b[A-Z]\w+Error\b", words):
        assert ("AssertionError: Path does not exist" if asserts else exception[0]) in said, (where, words)


@cache
def told(form: str) -> dict[str, dict[str, str]]:
    """By loader, images that it stops at, with its words: one of each wording apart from numbers and names.

    And every image that any loader stops at is of one of them. What each loader does with every single image
    is for tests/test_golden_loaders.py.
    """
    found: dict[str, dict[str, str]] = {}
    seen: set[str] = set()
    stops = {
        loader: {stem: words for stem, (does, words) in answers(form, loader).items() if does == "stops"}
        for of, loader in ANSWERED
        if of == form
    }
    for loader, of_loader in stops.items():
        kinds: dict[str, list[str]] = {}
        for stem, words in of_loader.items():
            kinds.setdefault(re.sub(r"[\d.]+|/\S+|'[^']*'", "#", words)[:60], []).append(stem)
        chosen = [min(stems, key=lambda stem: stem in seen) for stems in kinds.values()]
        seen.update(chosen)
        found[loader] = {stem: of_loader[stem] for stem in chosen}
    for loader, of_loader in stops.items():
        found[loader].update({stem: words for stem, words in of_loader.items() if stem not in seen})
        seen.update(of_loader)
    return found


class TestScan:
    @every_answer
    def test_says_what_the_loader_stops_at_and_never_to_train(self, form, loader, sets, here):
        assert len(told(form)[loader]) > 2
        for stem, words in told(form)[loader].items():
            require_told(form, stem, sets(form, stem, *GOOD), words, "--loader", loader)

    @pytest.mark.parametrize(("form", "loader", "preset"), OWN)
    def test_of_a_detector_alone_takes_the_frameworks_own_loader(self, form, loader, preset, sets, here):
        for number, (stem, (does, words)) in enumerate(answers(form, loader).items()):
            if does == "stops" and number % 3 == zlib.crc32(preset.encode()) % 3:
                require_told(form, stem, sets(form, stem, *GOOD), words, "--detector", preset)

    @every_answer
    def test_raises_no_false_alarm(self, form, loader, sets, here):
        fine = [stem for stem, (does, _) in answers(form, loader).items() if does == "takes all"]
        _, said, _ = program("scan", sets(form, *fine), "--loader", loader, "--detector", "none")
        assert len(fine) > 20
        assert [code for code in STOPS if code in said] == []


def next_command(*words: object) -> list[str] | None:
    """Run a filter; return the scan that it prints, and None if it refused with a reason and a remedy."""
    code, said, complaints = program("filter", *words)
    if code == 2:
        assert complaints.startswith("Error: "), words
        assert len(complaints.strip().splitlines()) >= 2, (words, complaints)
        return None
    assert code == 0, (words, code)
    text = said.partition("What to do next")[2]
    return shlex.split(text[text.index("anchoraudit scan") :])[1:]


def require_clean(folder: Path, out: Path, *options: str) -> bool:
    """Filter, and scan the result; tell whether the filter wrote one."""
    printed = next_command(folder, "-o", out, "--force", *options)
    if printed is None:
        return False
    code, said, complaints = program(*printed)
    assert code == 0, (options, printed, said[-600:], complaints)
    return True


def choices(form: str) -> list[tuple[str, ...]]:
    loaders = [name for name in loader_names() if not re.search(FOREIGN[form], name)]
    return [
        *(("--detector", preset) for preset in PRESETS),
        *(("--loader", loader) for loader in loaders),
        *(("--detector", "none", "--loader", loader) for loader in loaders),
    ]


def in_turn(form: str, turn: int) -> list[tuple[str, ...]]:
    """Every preset, and every loader either with a detector or alone: the other way on the next turn."""
    loaders = [name for name in loader_names() if not re.search(FOREIGN[form], name)]
    ways: tuple[tuple[str, ...], ...] = ((), ("--detector", "none"))
    return [
        *(("--detector", preset) for preset in PRESETS),
        *((*ways[(number + turn) % 2], "--loader", loader) for number, loader in enumerate(loaders)),
    ]


def digest(folder: Path) -> dict[str, int]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): zlib.crc32(path.read_bytes()) for path in files}


def flags_for(chosen: tuple[str, ...], number: int) -> tuple[str, ...]:
    """What a filter is told besides; blank images are kept for a detector alone."""
    flags = ((), ("--fix",), ("--unsafe-fixes",), ("--keep-blank",))[number % 4]
    return () if "none" in chosen[:2] and "--keep-blank" in flags and chosen[0] == "--detector" else flags


@contextlib.contextmanager
def somewhere() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        yield Path(folder)


class TestFilter:
    @pytest.mark.parametrize("form", FORMATS)
    def test_leaves_nothing_that_a_scan_finds_whatever_is_chosen(self, form, here):
        """Each choice with one of the flags in turn: with another one in each format."""
        before, turn = digest(DATA / form), FORMATS.index(form)
        chosen = in_turn(form, turn)
        wrote = [
            require_clean(DATA / form, here / "clean.json", *one, *flags_for(one, number + turn))
            for number, one in enumerate(chosen)
        ]
        assert wrote.count(False) <= 6  # by detectors that stop at a class, which no filter changes
        assert digest(DATA / form) == before

    @pytest.mark.parametrize("form", ["coco", "voc"])
    def test_nor_of_sample_data(self, form, here):
        """Every other preset, the rest in the other format, and each loader, by turns with fixes."""
        turn = FORMATS.index(form)
        presets, loaders = in_turn(form, turn + 1)[: len(PRESETS)], in_turn(form, turn + 1)[len(PRESETS) :]
        for number, chosen in enumerate([*presets[turn::2], *loaders]):
            fixes = ("--unsafe-fixes",) if number % 2 else ()
            require_clean(SAMPLE / form, here / "clean.json", *chosen, *fixes)

    def test_a_list_of_a_voc_set_names_only_what_a_scan_finds_nothing_in(self, here):
        folder = here / "voc"
        shutil.copytree(DATA / "voc", folder)
        for chosen in in_turn("voc", 0)[1::2]:
            code, _, complaints = program("filter", folder, "-o", "clean.txt", "--force", *chosen)
            assert code == 0, complaints
            shutil.copyfile("clean.txt", folder / "ImageSets/Main/clean.txt")
            code, said, _ = program("scan", folder, "--split", "clean", "--allow-blank", *chosen)
            assert code == 0, (chosen, said[:600])
            (folder / "ImageSets/Main/clean.txt").unlink()

    @settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def test_leaves_nothing_that_a_scan_finds_in_any_few_images(self, data):
        form = data.draw(st.sampled_from(FORMATS))
        stems = data.draw(st.lists(st.sampled_from(stems_of(form)), min_size=1, max_size=5, unique=True))
        good = data.draw(st.sampled_from([(), GOOD]))
        chosen = data.draw(st.sampled_from(choices(form)))
        flags = flags_for(chosen, data.draw(st.integers(0, 3)))
        with somewhere() as here:
            folder = lay_out(form, sorted({*stems, *good}), here / "set")
            before = digest(folder)
            require_clean(folder, here / "clean.json", *chosen, *flags)
            code, _, complaints = program("filter", folder, "--diff", *chosen, *flags)
            assert code in (0, 2), complaints
            assert digest(folder) == before


def test_what_is_printed_is_short_of_nothing_that_was_chosen(sets, here):
    """A scan prints a filter with its loader, so that the filter leaves out what the loader stops at."""
    folder = sets("coco", "n033", *GOOD)
    _, said, _ = program(
        "scan", folder, "--loader", "torchvision", "--ignore", "CLS007", "--images", "none", "-v"
    )
    printed = said[said.index("anchoraudit filter") :]
    for words in ("--loader torchvision", "--ignore CLS007", "--images none"):
        assert words in printed, printed
