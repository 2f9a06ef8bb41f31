"""The rules: for each a literal data set that has it, one that nearly has, and what is said of it."""

import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import anchoraudit
from anchoraudit import AnchorauditError, Chosen, Finding, rules
from anchoraudit.dataset.columns import Boxes, Category, Dataset, Images, Source
from anchoraudit.rules import FAMILIES, SEVERITIES, Findings, Hits, all_rules
from tests.builders import AS_READ, annotation, document, image, make
from tests.rule_cases import (
    CAT,
    INF,
    NAN,
    OWN_DETECTOR,
    H,
    W,
    all_of,
    coco,
    drawn,
    ids,
    in_splits,
    numbered,
    picture,
    tree,
    voc,
    yolo,
)

PACKAGE = Path(anchoraudit.__file__).parent


CASES, FED_CASES = all_of("CASE"), all_of("FED_CASE")


def scan(root, files, code, case, own=""):
    """The findings of one rule over the data set that is `files`."""
    tree(root / "data", files)
    detector = case.detector
    if own:
        detector = root / "own.toml"
        detector.write_text(own)
    single = root / "data" / "a.json"
    result = anchoraudit.audit(
        single if single.exists() else root / "data", detector, rules=Chosen(select=(code,)), **case.options
    )
    assert set(result.findings.counts) <= {code}
    return result.findings


def told(findings, root):
    """File within the data set, place and message of each."""
    return [(f.path.removeprefix(f"{root / 'data'}/"), f.place, f.message) for f in findings]


@pytest.mark.parametrize("code", CASES)
def test_a_data_set_that_has_it(code, tmp_path):
    case = CASES[code]
    said = told(scan(tmp_path, case.has, code, case, case.own), tmp_path)
    assert [(file, place) for file, place, _ in said] == [(file, place) for file, place, _ in case.said]
    for (*_, message), (*_, text) in zip(said, case.said, strict=True):
        assert text in message


@pytest.mark.parametrize("code", CASES)
def test_a_data_set_that_nearly_has_it(code, tmp_path):
    case = CASES[code]
    assert told(scan(tmp_path, case.lacks, code, case, case.but or case.own), tmp_path) == []


@pytest.mark.parametrize("code", [code for code in CASES if all_rules()[code].check])
def test_what_a_check_finds_has_a_file_evidence_and_a_name(code, tmp_path):
    case = CASES[code]
    for found in scan(tmp_path, case.has, code, case, case.own):
        assert "" not in (found.message, found.path, found.evidence, found.thing)


def test_every_rule_has_a_case():
    assert {*CASES, *FED_CASES} == set(all_rules())


@pytest.mark.parametrize("code", FED_CASES)
def test_a_batch_that_has_it_and_one_that_nearly_has(code):
    case = FED_CASES[code]
    chosen = Chosen(select=(code,))
    found = anchoraudit.check([case.has], case.detector, rules=chosen).audit.findings
    assert [(f.place, f.message) for f in found] == [(f"batch 0 {place}", said) for place, said in case.said]
    assert not anchoraudit.check([case.lacks], case.detector, rules=chosen).audit.findings


def audit_of(root, files, *, select=(), **options):
    tree(root, files)
    single = root / "a.json"
    chosen = Chosen(select=tuple(select))
    return anchoraudit.audit(single if single.exists() else root, **{"rules": chosen, **options})


def codes(result):
    return list(result.findings.counts)


class TestThresholds:
    """The edge of the image from both sides, and thresholds of the user's own."""

    EDGES = {
        "left": lambda by: (-by, 20, 50, 40),
        "top": lambda by: (10, -by, 50, 41),
        "right": lambda by: (600, 20, 40 + by, 40),
        "bottom": lambda by: (10, 440, 50, 40 + by),
    }
    PAST = ("BOX003", "BOX004", "BOX005", "BOX006")

    @pytest.mark.parametrize("edge", EDGES)
    @pytest.mark.parametrize(
        ("by", "code"),
        [
            *((0, None), (0.001, None), (0.0011, "BOX004"), (0.5, "BOX004"), (0.5009, "BOX004")),
            *((0.5011, "BOX005"), (1.0, "BOX005"), (1.0000000000000009, "BOX005")),
            *((1.0000001192092896, "BOX005"), (1.0009, "BOX005"), (1.0011, "BOX006"), (40, "BOX006")),
        ],
    )
    def test_past_the_edge(self, tmp_path, edge, by, code):
        result = audit_of(tmp_path, coco(self.EDGES[edge](by)), select=self.PAST)
        assert codes(result) == ([code] if code else [])

    @pytest.mark.parametrize(("by", "said"), [(1.0011, "1.001"), (1.25, "1.25"), (40, "40")])
    def test_what_is_past_a_limit_reads_so(self, tmp_path, by, said):
        (found,) = audit_of(tmp_path, coco(self.EDGES["left"](by)), select=["BOX006"]).findings
        assert found.message == f"box past the edge by {said} px: image 1"

    @pytest.mark.parametrize(
        ("by", "code"), [(639, "BOX006"), (640.0009, "BOX006"), (640.1, "BOX016"), (91995, "BOX016")]
    )
    def test_far_past_the_edge_is_another_finding(self, tmp_path, by, code):
        result = audit_of(tmp_path, coco((600, 20, 40 + by, 40)), select=[*self.PAST, "BOX016"])
        assert codes(result) == [code]

    def test_a_side_of_a_pixel_may_be_off_by_rounding(self, tmp_path):
        boxes = [(10, 20, 0.9999999, 40), (10, 20, 0.9995, 40), (10, 20, 0.9989, 40)]
        (found,) = audit_of(tmp_path, coco(*boxes), select=["BOX007"]).findings
        assert (found.place, found.message) == ("annotations[2]", "box of 0.999 x 40 px: image 1")

    def test_a_difficult_box_is_past_the_edge_whether_it_is_usable_or_not(self, tmp_path):
        files = coco({"bbox": [-0.5, 20, 50, 40], "difficult": 1}, {"bbox": [700, 1, 9, 9], "difficult": 1})
        for drop in (False, True):
            result = audit_of(tmp_path, files, select=["BOX004", "BOX006"], drop_difficult=drop)
            assert [f.place for f in result.findings] == ["annotations[0]"]

    OWN = all_of("THRESHOLD")

    @pytest.mark.parametrize("code", OWN)
    def test_of_the_users_own(self, tmp_path, code):
        case = self.OWN[code]
        files, values, by_default, by_these = case.files, case.values, case.by_default, case.by_these
        under = {"detector": case.detector}
        assert audit_of(tmp_path, files, select=[code], **under).findings.counts.get(code, 0) == by_default
        result = audit_of(tmp_path, files, rules=Chosen((code,), thresholds={code: values}), **under)
        assert result.findings.counts.get(code, 0) == by_these

    def test_every_threshold_is_tried(self):
        assert set(self.OWN) == {code for code, rule in all_rules().items() if rule.parameters}

    @pytest.mark.parametrize("iou", [0, -1, 1.01])
    def test_an_iou_that_is_none(self, tmp_path, iou):
        with pytest.raises(AnchorauditError, match=r"iou = .* of BOX012"):
            audit_of(tmp_path, coco(), rules=Chosen(thresholds={"BOX012": {"iou": iou}}))


class TestBoxes:
    def test_evidence_and_thing_of_a_box(self, tmp_path):
        (found,) = audit_of(tmp_path, coco((700, 20, 50, 40)), select=["BOX003"]).findings
        assert found.evidence == "x1 700, y1 20, x2 750, y2 60 in an image of 640x480"
        assert (found.thing, found.location) == ("annotation 1", f"{tmp_path / 'a.json'}, annotations[0]")

    def test_normalised_voc_says_one_of_its_images(self, tmp_path):
        (found,) = audit_of(tmp_path, voc(("cat", 0.1, 0.1, 0.3, 0.4)), select=["BOX009"]).findings
        assert (found.path, found.place) == (str(tmp_path / "Annotations"), "")
        assert found.evidence == "x1 0.1, y1 0.1, x2 0.3, y2 0.4 in an image of 640x480: image 'a'"

    def test_each_file_has_its_own_unit(self, tmp_path):
        files = {
            f"annotations/{split}.json": document(ids(1), [annotation(1, bbox=bbox)])
            for split, bbox in (("train", [9, 9, 70, 90]), ("val", [0.1, 0.1, 0.3, 0.4]))
        }
        (found,) = audit_of(tmp_path, files, select=["BOX009"]).findings
        assert found.path == str(tmp_path / "annotations" / "val.json")

    def test_boxes_in_an_image_of_a_few_pixels_are_pixels(self, tmp_path):
        files = coco((0, 0, 1, 1), images=[image(width=8, height=8)])
        assert codes(audit_of(tmp_path, files, select=["BOX009"])) == []

    def test_an_area_below_the_boxs_where_all_others_are_the_boxs(self, tmp_path):
        right = [{"bbox": [i, 20, 30, 40], "area": 1200} for i in range(9)]
        small = {"bbox": [10, 50, 30, 40], "area": 600}
        result = audit_of(tmp_path, coco(*right, small), select=["BOX013"])
        assert [(f.place, f.evidence) for f in result.findings] == [("annotations[9]", "area 600")]
        assert codes(audit_of(tmp_path, coco(*right[1:], small), select=["BOX013"])) == []

    def test_few_voc_boxes_below_1_are_outside_data_that_count_from_1(self, tmp_path):
        boxes = [CAT, ("cat", 0, 5, 9, 9), ("cat", 1, 20, 50, 60), ("cat", 20, 1, 50, 60)]
        (found,) = audit_of(tmp_path, voc(*boxes), select=["BOX014"]).findings
        assert found.message == (
            "1 of 4 boxes begin before 1, and 2 at 1: coordinates start at 1, so these few are "
            "outside the image; a loader that subtracts 1 makes them negative"
        )

    def test_voc_boxes_that_count_from_1_as_the_format_says_are_not_reported(self, tmp_path):
        assert codes(audit_of(tmp_path, voc(CAT, ("cat", 1, 1, W, 9)), select=["BOX014"])) == []

    def test_a_box_over_its_whole_image_is_usual_among_many_images(self, tmp_path):
        boxes = [{"image_id": number, "bbox": [300, 200, 74, 149]} for number in range(2, 22)]
        files = coco((0, 0, W, H), *boxes, images=ids(*range(1, 22)))
        matched = audit_of(tmp_path, files, select=["BOX010"], detector="yolov5")
        assert codes(matched) == []
        alone = audit_of(tmp_path, coco((0, 0, W, H)), select=["BOX010"], detector="yolov5")
        assert codes(alone) == ["BOX010"]

    def test_a_box_over_its_whole_image_that_no_anchor_matches_is_reported_among_many(self, tmp_path):
        boxes = [{"image_id": number, "bbox": [300, 200, 74, 149]} for number in range(2, 22)]
        files = coco((0, 0, W, H), *boxes, images=ids(*range(1, 22)))
        (found,) = audit_of(tmp_path, files, select=["BOX010"]).findings
        assert found.place == "annotations[0]"

    def test_what_is_known_of_voc_is_not_said_of_coco(self, tmp_path):
        assert codes(audit_of(tmp_path, coco((0, 0, W, H)), select=["BOX014"])) == []
        assert codes(audit_of(tmp_path, voc(CAT), select=["CLS006", "SET004"])) == []


class TestUnknownImages:
    STRAY = "annotation of image {!r}, which is not in `images`"

    @pytest.mark.parametrize(
        ("met", "listed", "more"),
        [
            ("7", 7, ": here it is a text, there a number; write both alike"),
            (7, "7", ": here it is a number, there a text; write both alike"),
            ("07", 7, ""),
            (8, 7, ""),
            ("x", "y", ""),
        ],
    )
    def test_a_text_is_another_id_than_a_number(self, tmp_path, met, listed, more):
        files = coco({"image_id": met}, images=[image(listed, width=W, height=H)])
        (found,) = audit_of(tmp_path, files, select=["SET003"]).findings
        assert found.message == self.STRAY.format(met) + more


class TestMostUnmatched:
    SMALL, LARGE = (100, 100, 12, 9), (267, 240, 50, 100)

    def test_a_few_boxes_say_nothing(self, tmp_path):
        assert codes(audit_of(tmp_path / "a", coco(*[self.SMALL] * 19), select=["ANC009"])) == []
        assert codes(audit_of(tmp_path / "b", coco(*[self.SMALL] * 20), select=["ANC009"])) == ["ANC009"]

    def test_forced_boxes_are_trained(self, tmp_path):
        result = audit_of(
            tmp_path,
            coco(*[self.SMALL] * 20),
            select=["ANC009"],
            detector="torchvision-fasterrcnn_resnet50_fpn",
        )
        assert codes(result) == []

    def test_boxes_that_are_not_usable_do_not_count(self, tmp_path):
        boxes = [{"bbox": list(self.SMALL), "iscrowd": 1}] * 20 + [self.LARGE] * 20
        assert codes(audit_of(tmp_path, coco(*boxes), select=["ANC009"])) == []

    @pytest.mark.parametrize("name", ["bccd", "coco38"])
    def test_ordinary_data_are_quiet(self, shared, name):
        for detector in ("reference", "yolov5", "torchvision-retinanet_resnet50_fpn", "yolov4-tiny"):
            chosen = Chosen(select=("ANC009",))
            assert codes(anchoraudit.audit(shared / "data" / name, detector, rules=chosen)) == []


class TestShares:
    NEGATIVE, BEYOND = "Negative size: exchange the corners", "Beyond the image: clip the box"

    @pytest.mark.parametrize(
        ("lines", "negative", "beyond"),
        [
            (["0 0.5 0.5 0.2 -0.3"], True, False),
            (["0 0.5 0.5 -0.2 0.3"], True, False),
            (["0 0.5 0.5 0.2 1.02"], False, True),
            (["0 -0.1 0.5 0.2 0.2"], False, True),
            (["0 1.1 0.5 0.2 -0.3"], True, True),
            (["0 0.5 0.5 0.2 -0.3", "0 1.1 0.5 0.2 0.3"], True, True),
        ],
    )
    def test_a_negative_size_is_not_to_be_clipped(self, tmp_path, lines, negative, beyond):
        (found,) = audit_of(tmp_path, yolo(*lines), select=["BOX015"]).findings
        assert (self.NEGATIVE in found.message, self.BEYOND in found.message) == (negative, beyond)


class TestClasses:
    def test_a_long_table_of_ids_is_cut(self, tmp_path):
        (found,) = audit_of(tmp_path, numbered(*range(1, 40, 2)), select=["CLS006"]).findings
        assert found.message.startswith("the category ids have gaps; to number them from 1: 3 -> 2, 5 -> 3, ")
        assert found.message.endswith(", 25 -> 13, ... (7 more)")

    def test_ids_that_begin_elsewhere(self, tmp_path):
        (found,) = audit_of(tmp_path, numbered(4, 5), select=["CLS006"]).findings
        assert found.message == "the category ids begin with 4; to number them from 1: 4 -> 1, 5 -> 2"

    def test_only_splits_called_so_are_for_training(self, tmp_path):
        files = in_splits(first=["cat"], second=["dog"])
        assert codes(audit_of(tmp_path / "a", files, select=["CLS009"])) == []
        years = in_splits(train2007=["cat"], train2012=["dog"], val2012=["cat", "dog"])
        assert codes(audit_of(tmp_path / "b", years, select=["CLS009"])) == []
        tree(tmp_path / "c", in_splits(train=["cat"], val=["dog"], test=["dog"]))
        some = anchoraudit.read(tmp_path / "c", splits=("train", "val"))
        assert anchoraudit.audit(some, rules=Chosen(select=("CLS009",))).findings.counts == {}

    def test_splits_that_number_classes_otherwise(self, tmp_path):
        files = {
            f"annotations/{split}.json": document(
                ids(number), [annotation(1, number)], categories=[{"id": identity, "name": name}]
            )
            for split, number, identity, name in (("a", 1, 1, "cat"), ("b", 2, 1, "dog"), ("c", 3, 2, "dog"))
        }
        result = audit_of(tmp_path, files, select=["CLS003", "CLS004"])
        assert [f.message for f in result.findings] == [
            "category id 1 is 'cat', 'dog'",
            "the class 'dog' has the ids 1, 2",
        ]
        assert {f.path for f in result.findings} == {str(tmp_path)}


class TestImages:
    def test_the_same_image_in_two_splits(self, tmp_path):
        files = {
            f"{split}/_annotations.coco.json": document(
                [image(1, width=W, height=H, file_name=f"{split}.jpg")], []
            )
            for split in ("train", "valid")
        }
        files |= {f"{split}/{split}.jpg": picture() for split in ("train", "valid")}
        (found,) = audit_of(tmp_path, files, select=["IMG010"]).findings
        assert found.message == "the same bytes as 'train.jpg', which is in 'train'"
        assert found.path == str(tmp_path / "valid" / "valid.jpg")

    def test_nothing_is_said_of_pictures_that_were_not_looked_at(self, tmp_path):
        files = {**drawn("a.jpg", "b.jpg", declared=(9, 9)), "images/c.jpg": b""}
        result = audit_of(tmp_path, files, images="none")
        assert result.image_files is None
        assert [code for code in codes(result) if code.startswith("IMG")] == []
        assert "IMG006" in codes(audit_of(tmp_path, files))

    def test_pictures_are_not_looked_at_for_nothing(self, tmp_path):
        assert audit_of(tmp_path, drawn("a.jpg"), select=["BOX"]).image_files is None

    def test_one_colour_is_known_after_decoding_only(self, tmp_path):
        files = {**drawn("a.png"), "images/a.png": picture(plain=True)}
        assert codes(audit_of(tmp_path, files, select=["IMG009"], images="header")) == []

    def test_a_size_that_the_entry_does_not_declare_is_the_files_own(self, tmp_path):
        files = {"a.json": document([{"id": 1, "file_name": "a.jpg"}]), "a.jpg": picture(orientation=6)}
        assert codes(audit_of(tmp_path, files, select=["IMG006", "IMG007", "IMG008"])) == ["IMG008"]

    def test_an_image_without_an_entry_is_a_blank_one_in_voc(self, tmp_path):
        result = audit_of(tmp_path, {**voc(CAT), "JPEGImages/b.jpg": picture()}, select=["IMG004", "ANC008"])
        assert [(f.code, f.thing) for f in result.findings] == [("ANC008", "image b")]


class TestAnchors:
    def test_sizes_are_shapes_too(self, tmp_path):
        text = OWN_DETECTOR.format(stride=16, shapes="[[1, 1]]").replace(
            "shapes = [[1, 1]]", "sizes = [8, 16]"
        )
        (tmp_path / "own.toml").write_text(text)
        (found,) = audit_of(tmp_path, coco(), detector=tmp_path / "own.toml", select=["ANC004"]).findings
        assert found.evidence == "8x8"

    @pytest.mark.parametrize("detector", ["yolov5", "yolov3-darknet", "torchvision-ssd300_vgg16"])
    def test_a_stride_means_nothing_where_shapes_alone_are_compared_or_fractions(self, tmp_path, detector):
        assert codes(audit_of(tmp_path, coco(), detector=detector, select=["ANC004"])) == []

    def test_a_level_of_one_cell_has_no_step_to_a_next_one(self, tmp_path):
        shapes = "resize = { kind = 'stretch', width = 300, height = 300 }"
        text = OWN_DETECTOR.format(stride=300, shapes="[[261, 261]]").replace(
            'resize = { kind = "none" }', shapes
        )
        (tmp_path / "own.toml").write_text(text)
        assert codes(audit_of(tmp_path, coco(), detector=tmp_path / "own.toml", select=["ANC004"])) == []
        (tmp_path / "own.toml").write_text(text.replace("stride = 300", "stride = 299"))
        assert codes(audit_of(tmp_path, coco(), detector=tmp_path / "own.toml", select=["ANC004"])) == [
            "ANC004"
        ]

    def test_too_few_boxes_to_say_that_a_shape_is_not_used(self, tmp_path):
        boxes = [(i, 9, 74, 149) for i in range(90)]  # reference has nine shapes
        assert codes(audit_of(tmp_path, coco(*boxes), select=["ANC005"])) == ["ANC005"]
        assert codes(audit_of(tmp_path, coco(*boxes[1:]), select=["ANC005"])) == []

    def test_verdicts_and_their_rules_agree(self):
        result = anchoraudit.audit(Path(__file__).resolve().parents[1] / "sample_data" / "coco")
        verdicts = result.summary()["verdicts"]
        of_verdict = {rule.verdict: code for code, rule in all_rules().items() if rule.verdict}
        assert set(of_verdict) == set(verdicts) - {"ok", "unknown", "left_out"}
        for verdict, code in of_verdict.items():
            assert result.findings.counts.get(code, 0) == verdicts[verdict]


class TestChosen:
    @pytest.mark.parametrize(
        ("select", "ignore", "chosen"),
        [
            ((), (), "BOX001 BOX010 CLS001"),
            (("ALL",), (), "BOX001 BOX010 CLS001"),
            (("BOX",), (), "BOX001 BOX010"),
            (("BOX00", "CLS001"), (), "BOX001 CLS001"),
            ((), ("BOX",), "CLS001"),
            ((), ("ALL",), ""),
            (("ALL",), ("ALL",), ""),
            (("BOX",), ("BOX00",), "BOX010"),
            (("BOX001",), ("BOX00",), "BOX001"),
            (("BOX001",), ("BOX001",), ""),
            (("BOX0", "BOX001"), ("BOX",), "BOX001 BOX010"),
            (("BOX001",), ("ALL",), "BOX001"),
            (("BOX",), ("ALL",), "BOX001 BOX010"),
        ],
    )
    def test_the_longest_decides(self, select, ignore, chosen):
        known = Chosen(select, ignore).require_known(all_rules())
        assert [code for code in ("BOX001", "BOX010", "CLS001") if code in known] == chosen.split()

    @pytest.mark.parametrize(
        ("chosen", "message", "remedy"),
        [
            (Chosen(select=("box001",)), "unknown rule 'box001'", "Did you mean BOX001?"),
            (Chosen(select=("BOX0O1",)), "unknown rule 'BOX0O1'", "Did you mean BOX001?"),
            (Chosen(select=("ANC02",)), "unknown rule 'ANC02'", "Did you mean ANC002?"),
            (Chosen(severities={"BOX006": "fatal"}), "severity = 'fatal' of BOX006", "error, warning, info"),
            (Chosen(severities={"ANC002": "fatal"}), "severity = 'fatal' of ANC002", "error, warning, info"),
            (Chosen(ignore=("CLSS",)), "unknown rule 'CLSS'", "Did you mean CLS?"),
            (Chosen(select=("BOX0011",)), "unknown rule 'BOX0011'", "anchoraudit rules lists them."),
            (Chosen(thresholds={"BOX": {"iou": 0.9}}), "unknown rule 'BOX'", "Did you mean BOX"),
            (Chosen(thresholds={"BOX012": {"iuo": 0.9}}), "unknown setting of BOX012 'iuo'", "Allowed: iou."),
            (
                Chosen(thresholds={"BOX001": {"iou": 0.9}}),
                "unknown setting of BOX001 'iou'",
                "Allowed: none.",
            ),
            (Chosen(thresholds={"BOX006": {"above": NAN}}), "above = nan of BOX006", "finite"),
            (Chosen(thresholds={"SET007": {"above": INF}}), "above = inf of SET007", "finite"),
        ],
    )
    def test_what_no_rule_has_is_refused_before_anything_is_read(self, chosen, message, remedy):
        with pytest.raises(AnchorauditError) as caught:
            anchoraudit.audit("no such folder", rules=chosen)
        assert message in str(caught.value)
        assert remedy in (caught.value.remedy or "")

    def test_it_holds_for_what_reading_found(self, tmp_path):
        files = coco((10, 20, NAN, 40), (10, 20, 30))
        assert codes(audit_of(tmp_path, files, select=["BOX001", "PAR"])) == ["BOX001", "PAR003"]
        assert codes(audit_of(tmp_path, files, select=["BOX001"])) == ["BOX001"]
        assert len(audit_of(tmp_path, files, select=["BOX001"]).dataset.findings) == 2

    def test_one_rule_by_its_code(self):
        assert anchoraudit.rule_of("BOX003").severity == "error"
        with pytest.raises(AnchorauditError, match="unknown rule 'BOX000'"):
            anchoraudit.rule_of("BOX000")


def finding(code, number=0):
    return Finding(code, f"{code} {number}")


class TestFindings:
    ROWS = np.array([4, 7], dtype=np.int64)
    GROUPS = {
        "BOX003": [Hits("box", ROWS, lambda row: finding("BOX003", row))],
        "PAR003": [
            [finding("PAR003", 0), finding("PAR003", 1)],
            Hits("image", ROWS[:1], lambda row: finding("PAR003", row)),
        ],
    }
    ALL = ["BOX003 4", "BOX003 7", "PAR003 0", "PAR003 1", "PAR003 4"]

    @property
    def findings(self):
        return Findings(self.GROUPS, all_rules())

    def test_are_a_sequence(self):
        assert [f.message for f in self.findings] == self.ALL
        assert len(self.findings) == 5
        assert finding("PAR003", 1) in self.findings
        for index in range(-5, 5):
            assert self.findings[index].message == self.ALL[index]
        assert [f.message for f in self.findings[1:4]] == self.ALL[1:4]
        assert [f.message for f in self.findings[::-2]] == self.ALL[::-2]
        assert [f.message for f in reversed(self.findings)] == self.ALL[::-1]

    @pytest.mark.parametrize("index", [5, -6, 100, -100])
    def test_end_somewhere(self, index):
        with pytest.raises(IndexError):
            self.findings[index]

    def test_by_rule(self):
        assert self.findings.counts == {"BOX003": 2, "PAR003": 3}
        assert [f.message for f in self.findings.of("PAR003")] == self.ALL[2:]
        assert [f.message for f in self.findings.of("PAR003", 1)] == self.ALL[2:3]
        assert self.findings.of("PAR003", 0) == self.findings.of("BOX001") == []
        assert self.findings.severities() == {"error", "warning"}
        assert self.findings.rule("PAR003") is anchoraudit.rule_of("PAR003")

    def test_of_what_there_is_an_error(self):
        assert np.flatnonzero(self.findings.has_error("box", 9)).tolist() == [4, 7]
        assert not self.findings.has_error("image", 9).any()  # that is a warning

    def test_some_of_them(self):
        some = self.findings.where(lambda f: f.message.endswith(("4", "1")))
        assert [f.message for f in some] == ["BOX003 4", "PAR003 1", "PAR003 4"]
        assert np.flatnonzero(some.has_error("box", 9)).tolist() == [4]
        assert self.findings.where(lambda _: False).counts == {}

    def test_none(self):
        assert not Findings({}, all_rules())
        assert list(Findings({}, all_rules())) == []

    def test_one_that_is_asked_for_is_all_that_is_made(self):
        made = []

        def make_one(row):
            made.append(row)
            return finding("BOX003", row)

        many = Findings({"BOX003": [Hits("box", np.arange(10**6), make_one)]}, all_rules())
        assert (len(many), many.counts) == (10**6, {"BOX003": 10**6})
        assert [f.message for f in many.of("BOX003", 2)] == ["BOX003 0", "BOX003 1"]
        assert many[-1].message == "BOX003 999999"
        assert len(made) <= 4

    def test_errors_come_first_then_families_in_their_order(self, tmp_path):
        files = coco((10, 20, 0, 40), (700, 20, 50, 40), (10, 20, 30), (-0.5, 20, 50, 40))
        result = audit_of(tmp_path, files, select=["PAR", "BOX"])
        assert codes(result) == ["BOX003", "PAR003", "BOX002", "BOX004"]
        assert [f.code for f in result.findings] == codes(result)


def test_a_new_rule_is_one_file(tmp_path, monkeypatch):
    (tmp_path / "rule").mkdir()
    (tmp_path / "rule" / "box099_wide.py").write_text(
        "from anchoraudit.rules import Rule\n"
        "def check(facts, above):\n"
        "    rows = (facts.sides[:, 0] > above).nonzero()[0]\n"
        "    return facts.about_boxes('BOX099', rows, lambda row: ('wide', facts.corners(row)))\n"
        "RULE = Rule('BOX099', 'error', 'wide', 'What.', 'Why.', 'example', 'remedy', check,\n"
        "            parameters={'above': 100})\n"
    )
    (tmp_path / "rule" / "_helper.py").write_text("raise ImportError\n")
    assert "BOX099" not in all_rules()
    with monkeypatch.context() as patched:
        patched.setattr(rules, "__path__", [*rules.__path__, str(tmp_path / "rule")])
        in_order = list(all_rules())
        assert in_order[in_order.index("BOX099") + 1].startswith("IMG")
        result = audit_of(tmp_path, coco((1, 1, 100, 9), (1, 1, 101, 9)), select=["BOX099"])
        assert [(f.message, f.place) for f in result.findings] == [("wide: image 1", "annotations[1]")]
    assert "BOX099" not in all_rules()


class TestPages:
    HEADINGS = ("What it does", "Why it is bad", "Example", "What to do instead")

    @pytest.mark.parametrize("code", all_rules())
    def test_a_page_says_all(self, code):
        rule = anchoraudit.rule_of(code)
        assert re.fullmatch(r"[A-Z]{3}\d{3}", code)
        assert code[:3] in FAMILIES and rule.severity in SEVERITIES
        assert rule.title == rule.title.strip() and 5 < len(rule.title) < 60
        assert not rule.title.endswith(".")
        for text in (rule.what, rule.why):
            assert len(text) > 20 and text.endswith(".") and "  " not in text
        assert len(rule.remedy) > 10 and not rule.remedy.endswith(".") and rule.remedy[0].islower()
        assert rule.example.strip()
        assert all(len(line) < 105 for line in rule.example.splitlines())
        assert len(rule.example.splitlines()) <= 6
        for name in rule.parameters:
            assert f"`{name}`" in rule.what, name

    @pytest.mark.parametrize("code", all_rules())
    def test_its_headings_are_those_of_all(self, code):
        rule = anchoraudit.rule_of(code)
        lines = re.sub(r"^```\n.*?^```$", "", rule.page(), flags=re.M | re.S).splitlines()
        first, *others = [line for line in lines if line.startswith("#")]
        assert first == f"# {code}: {rule.title}"
        settings_too = ("Settings",) if rule.parameters else ()
        assert others == [f"## {heading}" for heading in (*self.HEADINGS, *settings_too)]
        assert f"Severity: {rule.severity}." in lines
        assert f"{rule.remedy[1:]}." in rule.page()
        for name, value in rule.parameters.items():
            assert f"- `{name}` = {value:g}" in lines
        in_words = re.sub(r"`[^`]*`", "", "\n".join(lines))
        assert "<" not in in_words, "a tag, which Markdown does not show"

    def test_modules_are_called_after_their_codes(self):
        modules = [p.stem for p in (PACKAGE / "rules").glob("[a-z]*.py")]
        assert sorted(name.split("_")[0].upper() for name in modules) == sorted(all_rules())

    def test_titles_are_different(self):
        titles = [rule.title for rule in all_rules().values()]
        assert sorted(set(titles)) == sorted(titles)

    def test_order(self):
        listed = list(all_rules())
        assert listed == sorted(listed, key=lambda code: (list(FAMILIES).index(code[:3]), code))
        for family in FAMILIES:
            numbers = [int(code[3:]) for code in listed if code.startswith(family)]
            assert numbers == list(range(1, len(numbers) + 1))

    def test_every_code_that_the_program_names_is_a_rule(self):
        named_there = {
            code
            for path in PACKAGE.rglob("*.py")
            for code in re.findall(rf"\b(?:{'|'.join(FAMILIES)})\d{{3}}\b", path.read_text("utf-8"))
        }
        assert named_there == set(all_rules())


ODD = [NAN, INF, -INF, 1e308, -1e308, 1e-308, 1e150, -1e160, -1.0, 0.0, 0.5, 1.0, 99.5, 100.0, 101.0, 1e7]
numbers = st.one_of(st.sampled_from(ODD), st.floats(-20, 120), st.floats())
DETECTORS = [
    anchoraudit.load_detector(name)
    for name in (
        *("reference", "torchvision-fasterrcnn_resnet50_fpn", "yolov5", "mmdet-atss"),
        *("torchvision-ssd300_vgg16", "simple-faster-rcnn"),
    )
]


@st.composite
def datasets(draw):
    """Images of any size or none, boxes of any numbers, classes of any name; as COCO or as VOC."""
    images = draw(st.integers(0, 3))
    boxes = draw(st.integers(0, 6)) if images else 0
    names = draw(st.lists(st.sampled_from(["cat", "CAT", "", "_", "\x1b"]), max_size=3))
    sizes = draw(st.lists(st.sampled_from([NAN, 1, 3, 100, 1e7]), min_size=images, max_size=images))
    is_coco = draw(st.booleans())

    def column(values, kind=None):
        return np.array(draw(st.lists(values, min_size=boxes, max_size=boxes)), dtype=kind)

    def of_images(values):
        return np.array(draw(st.lists(values, min_size=images, max_size=images)), dtype=np.int64)

    more = ("", "") if is_coco else ("object", ".xml")
    return Dataset(
        root=Path("data"),
        format="coco" if is_coco else "voc",
        recognised="",
        sources=(Source(Path("a"), "train", None, *more), Source(Path("b"), "val", None, *more)),
        splits=("train", "val"),
        images=Images(
            ids=list(range(images)),
            file_names=draw(st.lists(st.sampled_from(["", "a", "b"]), min_size=images, max_size=images)),
            width=np.array(sizes, dtype=np.float64),
            height=np.array([size and min(size, 50) for size in sizes], dtype=np.float64),
            split=of_images(st.integers(0, 1)),
            source=of_images(st.integers(0, 1)),
            entry=np.arange(images) if is_coco else None,
        ),
        boxes=Boxes(
            image=column(st.integers(0, max(images - 1, 0)), np.int64),
            annotation_ids=np.arange(boxes) if is_coco else None,
            category=column(st.integers(-1, len(names) - 1), np.int64),
            xyxy=np.array([draw(numbers) for _ in range(4 * boxes)], dtype=np.float64).reshape(-1, 4),
            crowd=column(st.booleans(), np.bool_),
            difficult=column(st.booleans(), np.bool_),
            entry=np.arange(boxes) if is_coco else None,
            area=column(numbers, np.float64) if is_coco else None,
        ),
        categories=tuple(Category(number % 2, name) for number, name in enumerate(names)),
        **AS_READ["coco" if is_coco else "voc"],
    )


def strictly(facts, chosen, met):
    """Check with every warning an error, and make every finding."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = rules.check(facts, chosen, met)
        assert all(f.code and f.message and f.path for f in found)
    return found


@settings(deadline=None, max_examples=20)
@given(datasets(), st.booleans())
def test_rules_take_whatever_is_in_the_data(dataset, drop_difficult):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("anchoraudit.auditing.audit.check", strictly)
        for detector in DETECTORS:
            anchoraudit.audit(dataset, detector, drop_difficult=drop_difficult)


@given(
    st.lists(st.lists(numbers, min_size=4, max_size=4), min_size=1, max_size=4), st.sampled_from(DETECTORS)
)
@example([[NAN] * 4, [INF] * 4, [1e308, 1e308, 1e308, 1e308], [-1e308, 0, 1e308, 1e308]], DETECTORS[0])
@settings(deadline=None, max_examples=20)
def test_rules_take_whatever_is_in_a_file(tmp_path_factory, bboxes, detector):
    folder = make(tmp_path_factory.mktemp("odd"), coco(*({"bbox": b, "area": b[0]} for b in bboxes)))
    result = anchoraudit.audit(folder / "a.json", detector)
    assert len(list(result.findings)) == len(result.findings) == sum(result.findings.counts.values())
