"""Batches of a training loop: checked, watched over epochs, guarded step by step, and blamed afterwards.

No test here needs torch: arrays have what is looked at. Those with torch are in test_training_torch.py.
"""

import copy
import json
import logging
import math
import pickle
from contextlib import nullcontext

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import anchoraudit
from anchoraudit import AnchorauditError, Chosen, check, guard, watch
from anchoraudit.training.blame.evidence import Evidence, evidence_json, read_evidence, write_evidence
from anchoraudit.training.check import judged_by
from anchoraudit.training.fed import NO_LABEL, Fed, Problem
from anchoraudit.training.losses import has_loss, not_finite
from anchoraudit.training.monitor import Monitor
from anchoraudit.training.recorder import Recorder
from anchoraudit.training.targets import described, form_of
from tests.builders import run

RETINANET = "torchvision-retinanet_resnet50_fpn"
FASTER = "torchvision-fasterrcnn_resnet50_fpn"
FCOS = "torchvision-fcos_resnet50_fpn"
NAN, INF = math.nan, math.inf
GOOD, FLAT = [100.0, 100.0, 200.0, 220.0], [10.0, 10.0, 10.0, 60.0]
UNGUARDED = anchoraudit.load_detector("reference")


def image(width=640, height=480):
    return np.zeros((3, height, width), np.float32)


def target(*boxes, name=None, label=1):
    array = np.array(boxes, np.float32).reshape(-1, 4)
    named = {} if name is None else {"image_id": name}
    return {"boxes": array, "labels": np.full(len(array), label), **named}


def batch(*targets, size=(640, 480)):
    return [image(*size) for _ in targets], list(targets)


class TestCheck:
    def test_the_verdicts_are_those_of_the_same_boxes_in_memory(self):
        rng = np.random.default_rng(0)
        corners = rng.uniform(0, 400, (40, 7, 2))
        boxes = np.concatenate([corners, corners + rng.uniform(1, 70, (40, 7, 2))], axis=2).astype(np.float32)
        targets = [target(*each, name=i) for i, each in enumerate(boxes)]
        found = check([batch(*targets[i : i + 8]) for i in range(0, 40, 8)], RETINANET).audit
        dicts = [{"width": 640, "height": 480, **one} for one in targets]
        wanted = anchoraudit.audit(dicts, RETINANET)
        assert found.box_results.status.tolist() == wanted.box_results.status.tolist()
        assert found.image_results.verdict.tolist() == wanted.image_results.verdict.tolist()
        assert found.box_results.best_iou == pytest.approx(wanted.box_results.best_iou, abs=1e-6)

    def test_a_box_outside_the_image_is_not_clipped(self):
        outside = batch(target([600, 100, 900, 300]))
        boxes = check([outside], RETINANET).audit
        assert boxes.labels.usable.tolist() == [True]
        assert boxes.net_boxes(np.array([0])).round(0).tolist() == [[999, 167, 1499, 500]]

    def test_images_of_a_batch_share_a_canvas(self):
        wide, high = batch(target(GOOD), size=(640, 300)), batch(target(GOOD), size=(300, 640))
        together = [[*wide[0], *high[0]], [*wide[1], *high[1]]]
        canvases = (
            check([together], "torchvision-fasterrcnn_resnet50_fpn").audit.placed(np.arange(2)).canvases
        )
        assert (canvases.width.tolist(), canvases.height.tolist()) == ([1344.0, 1344.0], [1344.0, 1344.0])
        alone = check([wide, high], "torchvision-fasterrcnn_resnet50_fpn").audit.placed(np.arange(2)).canvases
        assert sorted(zip(alone.width.tolist(), alone.height.tolist(), strict=True)) == [
            (640.0, 1344.0),
            (1344.0, 640.0),
        ]

    def test_an_unguarded_loss_is_nan_only_if_the_whole_batch_is_empty(self):
        tiny = target([1, 1, 3, 3])
        loader = [batch(tiny, target(GOOD)), batch(tiny, tiny), batch(target(), tiny)]
        checked = check(loader, UNGUARDED)
        assert checked.batches_frame()["outcome"].tolist() == ["trains", "nan", "nan"]
        assert checked.batches_frame()["without_foreground"].tolist() == [1, 2, 2]
        assert checked.problems[0] == "batches 1, 2 would make the loss NaN or infinite"

    def test_a_loss_by_image_is_nan_if_one_image_is_empty(self):
        loss = anchoraudit.detectors.spec.Loss(normaliser="image_positives")
        by_image = msgspec.structs.replace(UNGUARDED, loss=loss)
        assert check([batch(target(), target(GOOD))], by_image).batches_frame()["outcome"].tolist() == ["nan"]

    @pytest.mark.parametrize(
        ("boxes", "outcome"),
        [((GOOD,), "trains"), ((GOOD, FLAT), "raises"), ((GOOD, [10, 10, NAN, 20]), "nan")],
    )
    def test_what_the_model_does_with_a_box(self, boxes, outcome):
        assert check([batch(target(*boxes))], RETINANET).batches_frame()["outcome"].tolist() == [outcome]

    def test_a_class_beyond_the_model_stops_it(self):
        classes = anchoraudit.detectors.classes.Classes(count=3)
        trained = [check([batch(target(GOOD, label=i))], RETINANET, classes=classes) for i in (2, 3)]
        assert [one.batches_frame()["outcome"][0] for one in trained] == ["trains", "raises"]

    @pytest.mark.parametrize(
        ("detector", "kind", "count", "outcome"),
        [
            (FCOS, "float32", 1, "trains"),
            (FCOS, "float64", 1, "raises"),
            (FCOS, "float64", 0, "raises"),
            (FCOS, "float16", 1, "nan"),
            (FCOS, "float16", 0, "trains"),
            (FCOS, "int64", 1, "trains"),
            (RETINANET, "float64", 1, "trains"),
            (FASTER, "float16", 1, "trains"),
        ],
    )
    def test_boxes_of_a_type_that_the_model_does_not_take(self, detector, kind, count, outcome):
        """By running torchvision 0.29.1 with a batch of one such image and a good one."""
        odd = {"boxes": np.array([GOOD] * count, kind).reshape(-1, 4), "labels": np.ones(count, np.int64)}
        checked = check([batch(odd, target(GOOD))], detector)
        assert checked.batches_frame()["outcome"].tolist() == [outcome]
        assert checked.passed == (outcome == "trains" and count > 0)
        own = check([batch(odd, target(GOOD))], detector, targets=lambda pair: pair)
        assert own.batches_frame()["outcome"].tolist() == ["trains"]

    def test_strict_names_what_is_wrong(self):
        with pytest.raises(
            AnchorauditError, match=r"batch 1 would stop the framework; 1 image without"
        ) as error:
            check([batch(target(GOOD)), batch(target(FLAT, name="b.jpg"))], RETINANET, strict=True)
        assert "b.jpg" in str(error.value)
        assert check([batch(target(GOOD))], RETINANET, strict=True).passed

    def test_names_are_those_of_the_targets_or_places(self):
        named = batch(target(GOOD, name=np.array([7])), target(GOOD, name="x.jpg"), target(GOOD))
        assert check([named], FASTER).audit.dataset.images.file_names == ["7", "x.jpg", "batch 0, image 2"]

    def test_pairs_one_stack_and_a_function_are_read_too(self):
        images, targets = batch(target(GOOD), target())
        forms = [
            (list(zip(images, targets, strict=True)), None),
            ((np.stack(images), targets), None),
            ({"x": images, "y": targets}, lambda one: (one["x"], one["y"])),
        ]
        for one, own in forms:
            assert check([one], FASTER, targets=own).summary()["verdicts"]["blank"] == 1

    def test_only_so_many_batches(self):
        assert check(iter([batch(target(GOOD))] * 9), FASTER, batches=4).summary()["batches"] == 4

    @pytest.mark.parametrize("value", [5, None, {}, [], (), "text", (1, 2), [np.zeros(3)], ({}, {})])
    def test_what_is_no_batch_is_described(self, value):
        with pytest.raises(AnchorauditError, match="the targets of this batch are not recognised") as error:
            check([value], FASTER)
        assert described(value) in str(error.value)

    def test_the_error_of_a_loader_has_its_batch(self):
        def loader():
            yield batch(target(GOOD))
            raise ValueError("cannot open b.jpg")

        with pytest.raises(
            AnchorauditError, match=r"the loader raises at batch 1: ValueError: cannot open b"
        ):
            check(loader(), FASTER)
        with pytest.raises(AnchorauditError, match="hands over no batch"):
            check([], FASTER)
        with pytest.raises(AnchorauditError, match="cannot iterate over a value of type int"):
            check(5, FASTER)

    def test_a_batch_that_its_form_cannot_read_is_an_error_with_its_number(self):
        odd = batch({"boxes": [["a", 1, 2, 3]], "labels": [1]})
        with pytest.raises(AnchorauditError, match=r"batch 1 cannot be read by the form 'torchvision'"):
            check([batch(target(GOOD)), odd], FASTER)

    def test_a_loader_of_the_framework_comes_too_late(self):
        recorder = Recorder()
        recorder.add(form_of(batch(target(GOOD))).read(batch(target(GOOD))), 0)
        with pytest.raises(AnchorauditError, match="loader 'torchvision-coco' comes too late"):
            anchoraudit.audit(recorder.dataset("x"), FASTER, loader="torchvision-coco", images="none")


class TestWatch:
    def draws(self, *drawn):
        """A loader whose one image has other boxes in each pass."""

        class Loader:
            passes = 0

            def __iter__(self):
                own = drawn[self.passes % len(drawn)]
                self.passes += 1
                return iter([batch(target(*own, name="a.jpg"), target(GOOD, name="b.jpg"), target(GOOD))])

        return Loader()

    def test_how_often_each_image_is_empty(self):
        watched = watch(self.draws((GOOD,), (), ()), RETINANET, epochs=3)
        assert (watched.names, watched.seen.tolist(), watched.empty.tolist()) == (
            ["a.jpg", "b.jpg"],
            [3, 3],
            [2, 0],
        )
        assert watched.expected_empty == pytest.approx(2 / 3)
        assert watched.images_frame()["p_empty"].tolist() == pytest.approx([2 / 3, 0])
        assert not watched.passed
        assert "a.jpg 67%" in repr(watched)

    def test_a_sampler_is_told_the_epoch(self):
        told = []

        class Loader(list):
            class sampler:  # noqa: N801
                set_epoch = staticmethod(told.append)

        watch(Loader([batch(target(GOOD))]), FASTER, epochs=2)
        assert told == [0, 1]

    def test_what_cannot_be_passed_over_twice(self):
        with pytest.raises(AnchorauditError, match="a list_iterator can be passed over only once"):
            watch(iter([batch(target(GOOD))]), FASTER)
        with pytest.raises(AnchorauditError, match="epochs is 0"):
            watch([batch(target(GOOD))], FASTER, epochs=0)


class TestShown:
    def test_what_was_checked_is_shown_with_what_to_look_at(self):
        odd = batch(target(GOOD, name="<b>"), target(FLAT, name="<b>"))
        checked = check([batch(target(GOOD)), odd], RETINANET)
        first, *lines = repr(checked).splitlines()
        assert first == f"Checked 2 batches for {RETINANET}: 3 images, 3 boxes"
        assert lines[1:3] == ["  batch 1 would stop the framework", "  1 image without foreground: <b>"]
        assert lines[-1] == "  More: .batches_frame(), .audit.images_frame(), .audit.findings"
        html = checked._repr_html_()
        assert html.count("<tr>") == 2 and ">raises<" in html and "&lt;b&gt;" in html and "<b>" not in html
        passed = repr(check([batch(target(GOOD))], RETINANET)).splitlines()
        assert passed[0].endswith(": 1 image, 1 box")
        assert passed[2:] == ["  Every image has foreground, and no finding is an error."]

    def test_what_was_watched_names_the_images(self):
        loader = [batch(target(GOOD, name="a.jpg"), target(FLAT, name=b"b.jpg"))]
        assert repr(watch(loader, RETINANET, epochs=2)).splitlines() == [
            f"Watched 2 epochs for {RETINANET}: 2 images and 2 boxes in each",
            "  Images without foreground: 1.0 an epoch on average.",
            "  At least once without: 1 of 2 images.",
            "  Most often: b.jpg 100%",
            "  Epoch 0: batch 0 would stop the framework",
            "  Epoch 1: batch 0 would stop the framework",
            "  More: .images_frame(), and .epochs[0] with what `check` says",
        ]
        assert ">b.jpg<" in watch(loader, RETINANET)._repr_html_()
        unnamed = repr(watch([batch(target(GOOD))], RETINANET, epochs=1))
        assert "Watched 1 epoch" in unnamed and "1 image and 1 box in each" in unnamed
        assert "No target has a name" in unnamed

    @pytest.mark.parametrize(
        ("call", "said"),
        [
            (lambda loader: check(loader, FASTER, batches=0), "batches is 0"),
            (lambda loader: check(loader, FASTER, batches="3"), "batches is '3'"),
            (lambda loader: watch(loader, FASTER, epochs="3"), "epochs is '3'"),
            (lambda loader: check(loader, FASTER, targets=3), "`targets` is a value of type int"),
            (lambda loader: check(loader, FASTER, targets="torchvison"), "Did you mean torchvision?"),
            (lambda loader: guard(None, loader), "a guard without a model needs to know the detector"),
        ],
    )
    def test_arguments_that_are_none(self, call, said):
        with pytest.raises(AnchorauditError) as error:
            call([batch(target(GOOD))])
        assert said in str(error.value)


class Module:
    """A model with the hooks that torch's have."""

    training = True

    def __init__(self, forward):
        self.forward, self.before, self.after = forward, [], []

    def register_forward_pre_hook(self, hook, with_kwargs):
        assert with_kwargs
        return _handle(self.before, hook)

    def register_forward_hook(self, hook):
        return _handle(self.after, hook)

    def __call__(self, *args, **kwargs):
        for hook in self.before:
            hook(self, args, kwargs)
        output = self.forward(*args, **kwargs)
        for hook in self.after:
            hook(self, args, output)
        return output


class Picklable(Module):
    """One that can be copied; its hooks are in it, as in torch's."""

    def __init__(self):
        super().__init__(None)

    def __call__(self, *args, **kwargs):
        self.forward = _half
        try:
            return super().__call__(*args, **kwargs)
        finally:
            self.forward = None


def _half(*batch):
    return {"loss": 0.5}


def _handle(hooks, hook):
    hooks.append(hook)

    class Handle:
        @staticmethod
        def remove():
            hooks.remove(hook)

    return Handle


class Loader:
    def __init__(self, *batches):
        self.batches = batches

    def __iter__(self):
        return iter(self.batches)


class TestGuard:
    def test_it_stops_before_a_batch_that_the_loss_does_not_survive(self, tmp_path):
        fed = []
        model = Module(lambda *batch: fed.append(batch) or {"loss": 0.5})
        loader = Loader(batch(target(GOOD)), batch(target(name="blank.jpg"), target(name="b.jpg")))
        with (
            pytest.raises(AnchorauditError, match=r"step 1 \(epoch 0\) would make the loss NaN") as error,
            guard(model, loader, detector=UNGUARDED, folder=tmp_path),
        ):
            for images, targets in loader:
                model(images, targets)
        assert "blank.jpg: 0 boxes, no foreground" in str(error.value)
        assert len(fed) == 1
        assert sorted(path.name for path in tmp_path.iterdir()) == ["blame.html", "blame.json"]
        assert (model.before, model.after, type(loader)) == ([], [], Loader)

    def test_a_form_that_stops_the_model_is_named_with_its_remedy_also_afterwards(self, tmp_path):
        images, targets = batch(target(GOOD), target(GOOD))
        model = Module(lambda *batch: None)
        said = r"would stop the framework. images\[1\]: the image is uint8"
        with (
            pytest.raises(AnchorauditError, match=said) as error,
            guard(model, detector=RETINANET, folder=tmp_path),
        ):
            model([images[0], images[1].astype(np.uint8)], targets)
        assert "v2.ToDtype(torch.float32, scale=True)" in str(error.value)
        again = read_evidence(tmp_path / "blame.json")
        assert again.blamed.explains == ("images[1]: the image is uint8, not a float tensor from 0 to 1",)
        assert again.checked.outcomes.is_("raises").tolist() == [True]

    def test_a_box_that_stops_the_model_is_named(self, tmp_path):
        model = Module(lambda *batch: None)
        said = r"a.jpg: box 1 \(10, 10, 10, 60\): a box without width or height makes the framework raise"
        with pytest.raises(AnchorauditError, match=said), guard(model, detector=RETINANET, folder=tmp_path):
            model(*batch(target(GOOD, FLAT, name="a.jpg"), target(GOOD)))

    @pytest.mark.parametrize("stop", [True, False])
    def test_a_folder_that_cannot_be_written_hides_nothing(self, tmp_path, caplog, stop):
        (tmp_path / "file").write_text("")
        model = Module(lambda *batch: None)
        with (
            caplog.at_level(logging.WARNING),
            pytest.raises(AnchorauditError) if stop else nullcontext() as error,
            guard(model, detector=UNGUARDED, stop=stop, folder=tmp_path / "file" / "x"),
        ):
            model(*batch(target(name="a.jpg")))
        said = str(error.value) if stop else caplog.text
        assert "would make the loss NaN" in said and "a.jpg: 0 boxes, no foreground" in said
        assert "No evidence was written: " in said and "cannot make the folder" in said

    def test_copies_of_a_model_and_a_loader_are_not_guarded(self, tmp_path):
        model, loader = Picklable(), Loader(batch(target(GOOD)))
        with guard(model, loader, detector=RETINANET, folder=tmp_path) as watched:
            copies = [
                (copy.deepcopy(model), copy.deepcopy(loader)),
                pickle.loads(pickle.dumps((model, loader))),
            ]
            for own, other in copies:
                assert type(other) is Loader
                for one in other:
                    assert own(*one) == {"loss": 0.5}
            assert watched.monitor.epoch.batches == 0
            assert b"anchoraudit" not in pickle.dumps(model)
            for one in loader:
                model(*one)
        assert watched.monitor.epoch.batches == 1

    def test_a_loader_with_slots_is_followed(self):
        class Slots:
            __slots__ = ()

            def __iter__(self):
                return iter([batch(target(GOOD))])

        loader = Slots()
        with guard(None, loader, detector=RETINANET) as watched:
            assert [len(one) for one in loader] == [2]
        assert (watched.monitor.epoch.images, type(loader)) == (1, Slots)

    def test_a_loader_whose_class_is_a_property_is_followed(self):
        """As those of accelerate."""

        class Shard(Loader):
            @property
            def __class__(self):
                return Loader

        loader = Shard(batch(target(GOOD)))
        with guard(None, loader, detector=RETINANET) as watched:
            assert [len(one) for one in loader] == [2]
        assert (watched.monitor.epoch.images, type(loader)) == (1, Shard)

    def test_a_guard_that_sees_nothing_says_so(self, caplog):
        model = Module(lambda images: None)
        with caplog.at_level(logging.WARNING), guard(model, detector=RETINANET):
            for images, _ in [batch(target(GOOD))] * 3:
                model(images)
        assert [one.getMessage()[:34] for one in caplog.records] == ["the guard has seen no batch yet: n"]

    def test_an_error_of_the_loop_stays_what_it_is(self):
        model, loader = Module(lambda *batch: None), Loader(batch(target(FLAT)))
        with pytest.raises(KeyError, match="mine") as error, guard(model, loader, detector=RETINANET):
            for _ in loader:
                raise KeyError("mine")
        assert error.value.__context__ is None
        assert (model.before, model.after, type(loader)) == ([], [], Loader)

    def test_a_model_without_targets_is_judged_by_the_loader(self, tmp_path):
        model, loader = Module(lambda images: np.float32(0.5)), Loader(batch(target(GOOD)), batch(target()))
        with guard(model, loader, detector=RETINANET, folder=tmp_path) as watched:
            for images, _ in loader:
                model(images)
                watched.loss(0.1)
            assert watched.end_epoch()["anchoraudit/images_without_foreground"] == 0.5
        assert watched.monitor.epochs[0].batches == 2

    def test_a_loss_that_is_not_finite_is_blamed_on_its_batch(self, tmp_path):
        model = Module(lambda *batch: {"loss_box": np.float32("nan"), "loss_cls": np.float32(1)})
        with (
            pytest.raises(
                AnchorauditError, match=r"step 0 .* not finite: loss_box nan\. nothing in its batch explains"
            ),
            guard(model, detector=RETINANET, folder=tmp_path),
        ):
            model(*batch(target(GOOD)))

    def test_evaluation_is_not_judged(self, tmp_path):
        model = Module(lambda *batch: {"loss": NAN})
        model.training = False
        with guard(model, detector=RETINANET, folder=tmp_path) as watched:
            model(*batch(target()))
        assert watched.monitor.step is None

    def test_without_stop_it_warns_once_and_writes_a_few(self, tmp_path, caplog):
        model = Module(lambda *batch: {"loss": NAN})
        with (
            caplog.at_level(logging.WARNING),
            guard(model, detector=RETINANET, stop=False, folder=tmp_path) as watched,
        ):
            for _ in range(9):
                model(*batch(target(GOOD)))
        assert len(caplog.records) == 1
        assert watched.monitor.epoch.not_finite == 9
        assert len(list(tmp_path.glob("*.json"))) == 5

    def test_a_loop_that_breaks_and_starts_again_is_judged_once_a_batch(self, tmp_path):
        loader = Loader(*[batch(target(GOOD))] * 3)
        with guard(None, loader, detector=RETINANET, folder=tmp_path) as watched:
            for _ in loader:
                break
            for _ in loader:
                pass
        assert watched.monitor.epoch.batches == 4

    def test_a_loader_that_is_no_object_is_left_alone(self):
        with guard(None, [batch(target(GOOD))], detector=RETINANET) as watched:
            assert [len(one[0]) for one in watched.batches([batch(target(GOOD))])] == [1]
        assert watched.monitor.epoch.images == 1


class TestLosses:
    @pytest.mark.parametrize(
        ("value", "found"),
        [
            (1.0, {}),
            (NAN, {"loss": NAN}),
            (np.float32(INF), {"loss": INF}),
            ({"a": 1.0, "b": -INF}, {"b": -INF}),
            ({"loss": np.array(NAN), "logits": np.zeros((2, 3))}, {"loss": NAN}),
            ((np.array([1.0, NAN]), np.array([1.0, 1.0])), {"loss": NAN}),
            (type("Output", (), {"loss": np.array([INF])})(), {"loss": INF}),
            ([{"boxes": np.array([NAN])}], {}),
            ({"boxes": np.zeros((0, 4))}, {}),
            (None, {}),
            ("nan", {}),
            (True, {}),
        ],
    )
    def test_what_is_not_finite(self, value, found):
        assert repr(not_finite(value)) == repr(found)

    def test_whether_there_is_a_loss(self):
        assert has_loss({"loss": 1.0})
        assert not has_loss([{"boxes": np.zeros((3, 4))}])


SIDES = st.floats(allow_nan=True, allow_infinity=True, width=32) | st.floats(0, 700, width=32)
NAMES = st.none() | st.integers(-9, 9) | st.text(max_size=5)


@st.composite
def a_batch(draw):
    count = draw(st.integers(1, 3))
    boxes = [draw(st.lists(st.tuples(SIDES, SIDES, SIDES, SIDES), max_size=3)) for _ in range(count)]
    number = [len(own) for own in boxes]
    labels = draw(
        st.lists(st.sampled_from([NO_LABEL, -1, 0, 1, 90]), min_size=sum(number), max_size=sum(number))
    )
    sizes = draw(
        st.lists(st.sampled_from([(640.0, 480.0), (NAN, NAN), (1.0, 1.0)]), min_size=count, max_size=count)
    )
    return Fed(
        np.array(sizes),
        np.array([box for own in boxes for box in own], dtype=np.float64).reshape(-1, 4),
        np.repeat(np.arange(count), number),
        np.array(labels, dtype=np.int64),
        draw(st.lists(NAMES, min_size=count, max_size=count)),
    )


def evidence_of(fed, detector="reference"):
    recorder = Recorder()
    recorder.add(fed, 3)
    checked = judged_by(recorder, "a form", anchoraudit.load_detector(detector), rules=Chosen(select=()))
    return Evidence(3, 1, "has a loss that is not finite: loss nan", {"loss": NAN}, checked, fed)


@given(
    a_batch(), st.sampled_from(["reference", FASTER, "ultralytics-yolo11", "torchvision-fcos_resnet50_fpn"])
)
def test_evidence_says_the_same_when_it_is_read_again(tmp_path_factory, fed, detector):
    folder = tmp_path_factory.mktemp("evidence")
    evidence = evidence_of(fed, detector)
    path = write_evidence(evidence, folder)
    again = read_evidence(path)
    assert again.sentences == evidence.sentences
    assert evidence_json(again) == path.read_text()
    assert (
        again.checked.audit.image_results.verdict.tolist()
        == evidence.checked.audit.image_results.verdict.tolist()
    )
    assert write_evidence(evidence, folder).name == "blame-2.json"


@pytest.mark.parametrize(
    "change",
    [
        {"document": "other"},
        {"images": 5},
        {"detector": {"name": 5}},
        {"step": "x"},
        {"losses": {"a": "x"}},
        {"images": [{"name": 1, "width": 9, "height": 9, "boxes": [], "labels": [1]}]},
    ],
)
def test_what_is_no_evidence_is_an_error(tmp_path, change):
    path = write_evidence(evidence_of(form_of(batch(target(GOOD))).read(batch(target(GOOD)))), tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(AnchorauditError) as error:
        read_evidence(path)
    assert str(path) in str(error.value)


class TestBlameOfAFile:
    def saved(self, folder, *targets, detector="reference"):
        fed = form_of(batch(*targets)).read(batch(*targets))
        return str(write_evidence(evidence_of(fed, detector), folder))

    def test_the_batch_is_judged_again(self, tmp_path, capsys):
        path = self.saved(
            tmp_path, target(GOOD, name="good.jpg"), target(FLAT, name="flat.jpg"), detector=RETINANET
        )
        assert run("blame", path) == 1
        said = "".join(capsys.readouterr().out.split())  # a long path is broken into lines
        for text in (
            "Step 3, epoch 1",
            "flat.jpg",
            "as they were fed",
            "has a loss that is not finite",
            "blame.html",
        ):
            assert text.replace(" ", "") in said

    def test_as_json(self, tmp_path, capsys):
        assert run("blame", self.saved(tmp_path, target(name="blank.jpg")), "--output-format", "json") == 1
        found = json.loads(capsys.readouterr().out)
        assert (found["losses"], found["steps"][0]["images"][0]["verdict"]) == ({"loss": "nan"}, "blank")

    def test_nothing_explains_it(self, tmp_path, capsys):
        path = self.saved(tmp_path, target([300, 250, 374, 399]))
        assert run("blame", path) == 0
        assert "Nothing in this batch explains a NaN" in capsys.readouterr().out

    @pytest.mark.parametrize("option", [("--step", "3"), ("--detector", "yolov5"), ("--seed", "0")])
    def test_options_that_have_no_effect(self, tmp_path, capsys, option):
        assert run("blame", self.saved(tmp_path, target(GOOD)), *option) == 2
        assert f"{option[0]} has no effect" in capsys.readouterr().err


def test_names_in_the_page_are_text(tmp_path):
    fed = form_of(batch(target(GOOD))).read(batch(target(FLAT, GOOD, name="<script>alert(1)</script>")))
    path = write_evidence(evidence_of(fed), tmp_path)
    page = path.with_suffix(".html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_problems_of_a_batch_are_findings_with_their_place():
    recorder = Recorder()
    problem = Problem("BAT001", 0, "boxes have the shape [0]", "targets[0]['boxes']", "float32 [0]")
    recorder.add(
        Fed(
            np.array([[9.0, 9.0]]),
            np.empty((0, 4)),
            np.empty(0, int),
            np.empty(0, int),
            ["a"],
            [problem],
        ),
        4,
    )
    (found,) = recorder.dataset("x").findings
    assert (found.code, found.place, found.thing) == ("BAT001", "batch 4 targets[0]['boxes']", "image a")


def test_a_monitor_counts_epochs(tmp_path):
    monitor = Monitor(RETINANET, folder=tmp_path)
    monitor.batch(batch(target(GOOD), target()))
    first = monitor.end_epoch()
    monitor.batch(batch(target(GOOD)))
    assert (first["anchoraudit/images_without_foreground"], monitor.step.epoch, monitor.step.number) == (
        0.5,
        1,
        1,
    )
    assert monitor.end_epoch()["anchoraudit/images_without_foreground"] == 0.0
