"""Rules over parts of a data set: what the parts and their totals say is what the whole says."""

import json
import random
from dataclasses import replace
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import anchoraudit
from anchoraudit import Chosen, rules
from anchoraudit.auditing import audit as auditing
from anchoraudit.dataset.class_boxes import boxes_of_classes
from anchoraudit.dataset.parts import of_images
from anchoraudit.rules import Totals, all_rules
from tests.rule_cases import all_of, tree
from tests.test_rules import DETECTORS, datasets

CASES = all_of("CASE")
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
        totals.append(Totals.of(context))
    whole = sum_of(totals, Totals.zero(of_whole, context_of(of_whole, detector, options).replayed))
    frame = context_of(of_images(of_whole, NOTHING), detector, options).with_totals(whole)
    of_totals = rules.check_totals(frame, chosen, dataset.findings)
    stay = rules.remaining({group for part in groups for group in part}, of_totals, frame, chosen)
    of_rows = [f for part in groups for group, found in part.items() if group in stay for f in found]
    return of_rows, of_totals


def sum_of(totals, nothing):
    """Add in any order and grouping, some of them sent as JSON."""
    left = [nothing, *totals]
    while len(left) > 1:
        random.shuffle(left)
        one = left.pop() + left.pop()
        left.append(Totals.from_builtins(json.loads(json.dumps(one.to_builtins()))))
    return left[0]


def assert_same(dataset, detector, parts, chosen=EVERY, **options):
    whole = anchoraudit.audit(dataset, detector, rules=chosen, **options).findings
    of_rows, of_totals = in_parts(dataset, detector, chosen, parts, options)
    scope = {code: rule.scope for code, rule in all_rules().items()}
    for code in {*whole.counts, *of_totals.counts, *(f.code for f in of_rows)}:
        if scope[code] == "whole":
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


def test_what_needs_the_whole_says_why():
    for rule in all_rules().values():
        assert (rule.scope == "whole") == bool(rule.needs_whole)
        assert rule.scope in ("rows", "totals", "whole")
        assert ("audited in parts" in rule.page()) == (rule.scope == "whole")


PRESETS = ("ultralytics-yolo11-8.3", "mmdet-fcos", "mmdet-detr")
WAYS = [*DETECTORS, None, *map(anchoraudit.load_detector, PRESETS)]


@settings(deadline=None, max_examples=60)
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
