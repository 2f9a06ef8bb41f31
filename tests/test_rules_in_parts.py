"""Rules over parts of a data set: what the parts and their totals say is what the whole says."""

import json
import random
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import anchoraudit
from anchoraudit import Chosen, rules
from anchoraudit.auditing import audit as auditing
from anchoraudit.dataset import readings, sampling
from anchoraudit.dataset.class_boxes import boxes_of_classes
from anchoraudit.dataset.columns import Boxes, Category, Dataset, Images, Source
from anchoraudit.dataset.parts import of_images
from anchoraudit.rules import (
    Totals,
    all_rules,
    anc010_never_learned,
    anc011_mostly_unlearned,
)
from tests.builders import AS_READ, annotation, document
from tests.rule_cases import all_of, ids, tree
from tests.test_rules import DETECTORS, datasets

CASES, THRESHOLDS = all_of("CASE"), all_of("THRESHOLD")
EVERY = Chosen()
NOTHING = np.zeros(0, dtype=np.int64)


def context_of(dataset, detector, options):
    """The context that an audit hands to the rules."""
    caught = []

    def catch(context, chosen, found):
        caught.append(context)
        return rules.check(context, Chosen(ignore=("ALL",)), [])

    with mock.patch.object(auditing, "check", catch):
        anchoraudit.audit(dataset, detector, **options)
    return caught[0]


def shown(found):
    return [(f.code, f.message, f.path, f.place, f.evidence, f.thing) for f in found]


def in_parts(dataset, detector, chosen, parts, options):
    """Audit these parts, lists of rows, on their own; what is said of rows, and of the whole."""
    of_whole = replace(dataset, class_boxes=boxes_of_classes(dataset))
    groups, totals = [], []
    for number, rows in enumerate(parts):
        read = [] if number else dataset.findings
        part = of_images(of_whole, np.array(rows, dtype=np.int64))
        context = context_of(part, detector, options)
        groups.append(rules.groups_of(rules.check_rows(context, chosen, read), part))
        totals.append(Totals.of(context, chosen))
    whole = sum_of(totals, Totals.zero(of_whole))
    frame = context_of(of_images(of_whole, NOTHING), detector, options).with_totals(whole)
    of_totals = rules.check_totals(frame, chosen, dataset.findings)
    stay = rules.remaining({group for part in groups for group in part}, of_totals, frame, chosen)
    of_rows = [
        f for part in groups for group, made in part.items() if group in stay for found in made for f in found
    ]
    return of_rows, of_totals


def sum_of(totals, nothing):
    """Add in any order and grouping, some of them sent as JSON."""
    left = [nothing, *totals]
    while len(left) > 1:
        random.shuffle(left)
        one = left.pop() + left.pop()
        left.append(Totals.from_builtins(json.loads(json.dumps(one.to_builtins()))))
    return left[0]


@contextmanager
def without_remedies():
    """Of the whole, too, no remedy is measured on boxes, which totals do not have."""
    with ExitStack() as stack:
        for rule in (anc010_never_learned, anc011_mostly_unlearned):
            stack.enter_context(mock.patch.object(rule, "can_be_measured", lambda context: False))
        yield


def assert_same(dataset, detector, parts, chosen=EVERY, **options):
    with without_remedies():
        whole = anchoraudit.audit(dataset, detector, rules=chosen, **options).findings
    of_rows, of_totals = in_parts(dataset, detector, chosen, parts, options)
    scope = {code: rule.scope for code, rule in all_rules().items()}
    for code in {*whole.counts, *of_totals.counts, *(f.code for f in of_rows)}:
        if scope[code] in ("whole", "names"):  # of names, test_partitions has tests
            continue
        said = shown(whole.of(code))
        told = [one for one in shown(of_rows) if one[0] == code] + shown(of_totals.of(code))
        if scope[code] == "totals" and all_rules()[code].tentative is None:
            assert told == said
        else:
            assert sorted(told) == sorted(said)


def data_of(root, files):
    tree(root, files)
    single = root / "a.json"
    return anchoraudit.read(single if single.exists() else root)


def cut(count, parts):
    """Rows 0 to count - 1, dealt out to so many parts."""
    return [list(range(count))[start::parts] for start in range(parts)]


@pytest.mark.parametrize("which", ["has", "lacks"])
@pytest.mark.parametrize("code", CASES)
def test_each_case_in_parts(code, which, tmp_path):
    case = CASES[code]
    dataset = data_of(tmp_path / "data", getattr(case, which))
    detector, own = case.detector, case.own if which == "has" else case.but or case.own
    if own:
        detector = tmp_path / "own.toml"
        detector.write_text(own)
    count = len(dataset.images)
    for parts in {1, min(3, count) or 1, count or 1}:
        assert_same(dataset, detector, cut(count, parts), Chosen(select=(code,)), **case.options)


@pytest.mark.parametrize("code", THRESHOLDS)
def test_each_threshold_in_parts(code, tmp_path):
    case = THRESHOLDS[code]
    dataset = data_of(tmp_path / "data", case.files)
    for values in ({}, case.values):
        chosen = Chosen((code,), thresholds={code: values} if values else {})
        assert_same(dataset, case.detector, cut(len(dataset.images), 3), chosen)


def test_what_needs_the_whole_says_why():
    for rule in all_rules().values():
        assert (rule.scope == "whole") == bool(rule.needs_whole)
        assert rule.scope in ("rows", "names", "totals", "whole")
        assert ("audited in parts" in rule.page()) == (rule.scope == "whole")


PRESETS = (
    *("ultralytics-yolo11-8.3", "mmdet-fcos", "mmdet-detr", "torchvision-ssd300_vgg16", "yolov7"),
    *("detectron2-retinanet", "mmdet-rtmdet", "keras-retinanet"),
)
WAYS = [*DETECTORS, None, *map(anchoraudit.load_detector, PRESETS)]


@settings(deadline=None, max_examples=20)
@given(datasets(), st.sampled_from(WAYS), st.integers(1, 4), st.randoms(), st.booleans())
def test_any_data_set_in_any_parts(dataset, detector, parts, rng, drop_difficult):
    if dataset.boxes.entry is None:  # a file for each image: its boxes are together
        dataset = replace(dataset, boxes=dataset.boxes.take(dataset.boxes.by_image()))
    rows = list(range(len(dataset.images)))
    rng.shuffle(rows)
    assert_same(
        dataset,
        detector,
        [sorted(rows[start::parts]) for start in range(parts)],
        drop_difficult=drop_difficult,
        images="none",
    )


SIZES = (float("nan"), 60.0, 400.0, 1333.0)
IDS = ((0, 1, 2, 3, 4), (1, 2, 3, 4, 5), ("1", "2", "3", "4", "5"), (1, 1, 90, 3, "4"))
WORDS = ("1", '"1"', "7", "-3", '"cat"', "2.5", "true")


@st.composite
def large(draw):
    """Some dozens of boxes, ordinary ones, or misread, or odd: tiny ones, fractions, classes unheard of."""
    how = draw(st.sampled_from(["ordinary", "misread", "odd"]))
    odd = how == "odd"
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    kind = draw(st.sampled_from(["coco", "voc", "yolo"]))
    images, classes = draw(st.integers(1, 12)), draw(st.integers(1, 5))
    count = draw(st.sampled_from([0, 3, 30, 150, 400]))
    of = np.sort(rng.integers(0, images, count))
    width, height = rng.choice(SIZES, (2, images), p=(0.1, 0.2, 0.3, 0.4) if odd else (0, 0, 0.2, 0.8))
    height[np.isnan(width)] = width[np.isnan(height)] = float("nan")
    sides = np.exp(rng.uniform(*draw(st.sampled_from([(0, 7), (0, 2), (-3, -1), (4, 7)])), (count, 2)))
    corner = rng.uniform(-0.05, draw(st.sampled_from([1.0, 400.0])), (count, 2))
    xyxy = np.concatenate([corner, corner + sides], axis=1)
    if not odd:
        size = np.column_stack([width, height])[of]
        sides = np.exp(rng.uniform(2, draw(st.sampled_from([2.5, 5.5])), (count, 2)))
        corner = rng.uniform(0, 1, (count, 2)) * np.maximum(size - sides, 0)
        xyxy = np.concatenate([corner, np.minimum(corner + sides, size)], axis=1)
    if how == "misread":  # corners, read as the upper left one and two sides
        xyxy[:, 2:] += xyxy[:, :2]
    if draw(st.booleans()):
        xyxy = np.round(xyxy)
    again = rng.integers(0, max(count, 1), count // 5)
    xyxy[again[1:]] = xyxy[again[:-1]]
    over = rng.random(count) < draw(st.sampled_from([0, 0.02, 0.1]))
    xyxy[over] = np.column_stack([np.zeros((count, 2)), width[of], height[of]])[over]
    category = rng.integers(draw(st.sampled_from([-1, 0, 0, classes - 1])), classes, count)
    of_class = draw(st.sampled_from([0, 3]))  # one of which no box matches
    xyxy[category == of_class, 2] = xyxy[category == of_class, 0] + 2
    sides = xyxy[:, 2:] - xyxy[:, :2]
    ids = draw(
        st.sampled_from([(0, 1, 2, 3, 4), (1, 2, 3, 4, 5), ("1", "2", "3", "4", "5"), (1, 1, 90, 3, "4")])
    )
    entry = kind == "coco"
    folder = {"coco": ("", ""), "voc": ("object", ".xml"), "yolo": ("line", ".txt")}[kind]
    splits = draw(st.sampled_from([("train", "val"), ("a", "b"), ("val", "test"), ("train", "trainval")]))
    split = np.sort(rng.integers(0, 2, images)) if draw(st.booleans()) else np.zeros(images, dtype=np.int64)
    return Dataset(
        root=Path("data"),
        format=kind,
        recognised="",
        sources=tuple(Source(Path(name), name, None, *folder) for name in splits),
        splits=splits,
        images=Images(
            ids=list(range(images)),
            file_names=[f"{number}.jpg" for number in range(images)],
            width=width,
            height=height,
            split=split,
            source=split,
            entry=np.arange(images) if entry else None,
        ),
        boxes=Boxes(
            image=of,
            annotation_ids=np.arange(count) if entry else None,
            category=category,
            xyxy=xyxy,
            crowd=rng.random(count) < 0.1,
            difficult=rng.random(count) < 0.1,
            entry=np.arange(count) if entry else None,
            area=sides.prod(axis=1) * rng.choice([1, 0.5, 2], count, p=(0.94, 0.03, 0.03)) if entry else None,
            class_texts={row: WORDS[row % len(WORDS)] for row in np.flatnonzero(category < 0).tolist()},
        ),
        categories=tuple(
            Category(number if kind == "yolo" else ids[number], f"{kind} {number}")
            for number in range(classes)
        ),
        class_lists=(tuple(range(classes)),) * 2,
        partial=draw(st.booleans()),
        **AS_READ[kind],
    )


@settings(deadline=None, max_examples=30)
@given(large(), st.sampled_from(WAYS), st.integers(1, 4), st.randoms())
def test_large_data_sets_in_any_parts(dataset, detector, parts, rng):
    rows = list(range(len(dataset.images)))
    rng.shuffle(rows)
    dealt = [sorted(rows[start::parts]) for start in range(parts)]
    with small_samples():
        assert_same(dataset, detector, dealt, images="none")


@contextmanager
def small_samples():
    """Other conventions are tried on a few dozens of boxes, and of parts on few more than of the whole."""
    with mock.patch.object(readings, "_SAMPLE", 50), mock.patch.object(sampling, "_COARSE", 1):
        yield


@pytest.mark.parametrize("sampled", [False, True])
@pytest.mark.parametrize("parts", [1, 2, 7])
def test_a_misread_file_hides_its_symptoms_in_all_parts(tmp_path, parts, sampled):
    """val has corners, read as sides: nearly all its boxes are past the edge, as is one of train."""
    rng = np.random.default_rng(5)
    corner, sides = rng.uniform(0, 1, (120, 2)) * (440, 280), rng.uniform(50, 200, (120, 2))
    boxes = np.concatenate([corner, sides], axis=1).round().tolist()
    boxes[0] = [600, 20, 100, 40]
    corners = [[x, y, x + w, y + h] for x, y, w, h in boxes[60:]]
    files = {
        f"annotations/{name}.json": document(
            ids(*range(first, first + 7)), [annotation(i, first + i % 7, one) for i, one in enumerate(own)]
        )
        for name, own, first in (("train", boxes[:60], 1), ("val", corners, 8))
    }
    dataset = data_of(tmp_path, files)
    with small_samples() if sampled else nullcontext():
        assert_same(dataset, "reference", cut(14, parts))
        whole = anchoraudit.audit(dataset).findings
    (found,) = whole.of("BOX017")
    assert found.path == str(tmp_path / "annotations" / "val.json") and ("sample" in found.message) == sampled
    assert [one.path for one in whole.of("BOX006")] == [str(tmp_path / "annotations" / "train.json")]
