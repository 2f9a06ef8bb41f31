"""The callbacks for Ultralytics, in trainings of a YOLO11 by ultralytics itself."""

import csv
import json
import logging
import pickle

import msgspec
import numpy as np
import pytest
from PIL import Image

import anchoraudit
from anchoraudit import AnchorauditError
from anchoraudit.detectors.spec import Loss
from anchoraudit.training.callbacks.ultralytics import AnchorauditCallback
from tests import unguarded

REASON = "ULTRALYTICS' CALLBACKS NOT TESTED: install torch and ultralytics"
# The framework guards its loss; the one of these tests is divided by the number of boxes of a batch.
DETECTOR = msgspec.structs.replace(
    anchoraudit.load_detector("ultralytics-yolo11"), loss=Loss(normaliser="batch_positives")
)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Four images, of which c.jpg has no box; the same for training and validation."""
    pytest.importorskip("torch", reason=REASON)
    pytest.importorskip("ultralytics", reason=REASON)
    folder = tmp_path_factory.mktemp("yolo")
    for part in ("images", "labels"):
        (folder / part).mkdir()
    for i, name in enumerate("abcd"):
        pixels = np.full((64, 64, 3), 40 * i, dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "images" / f"{name}.jpg")
        (folder / "labels" / f"{name}.txt").write_text("" if name == "c" else "0 0.5 0.5 0.6 0.6\n")
    (folder / "data.yaml").write_text(f"path: {folder}\ntrain: images\nval: images\nnames: [cat]\n")
    return folder / "data.yaml"


def targets(batch):
    height, width = batch["img"].shape[2:]
    xy, wh = batch["bboxes"][:, :2], batch["bboxes"][:, 2:]
    boxes = np.concatenate([xy - wh / 2, xy + wh / 2], 1) * [width, height, width, height]
    of = np.asarray(batch["batch_idx"])
    names = batch["im_file"]
    dicts = [
        {"boxes": boxes[of == i], "labels": np.zeros(int((of == i).sum()), np.int64), "file_name": name}
        for i, name in enumerate(names)
    ]
    return list(batch["img"]), dicts


def divide_by_boxes(trainer):
    """Make the loss of this training one that is 0/0 for a batch without a box."""
    original = trainer.model.init_criterion()

    class Unguarded:
        def __call__(self, preds, batch):
            loss, items = original(preds, batch)
            count = batch["cls"].new_tensor(float(len(batch["cls"])))
            return loss * (count / count), items

    trainer.model.criterion = Unguarded()


def train(data, folder, callback, *, criterion=divide_by_boxes, **settings):
    from ultralytics import YOLO

    model = YOLO("yolo11n.yaml")
    model.add_callback("on_train_start", criterion)
    callback.add_to(model)
    error = None
    try:
        model.train(
            data=str(data),
            project=str(folder),
            name="run",
            **{
                "epochs": 1,
                "imgsz": 64,
                "batch": 1,
                "nbs": 1,
                "workers": 0,
                "device": "cpu",
                "mosaic": 0,
                "plots": False,
                "verbose": False,
                "val": False,
                "save": False,
                "amp": False,
                **settings,
            },
        )
    except AnchorauditError as caught:
        error = caught
    return model.trainer, error


def test_it_stops_before_the_batch_without_foreground(data, tmp_path):
    callback = AnchorauditCallback(DETECTOR, targets=targets, stop=True)
    trainer, error = train(data, tmp_path, callback)
    assert "(epoch 0) would make the loss NaN" in str(error) and "c.jpg: " in str(error)
    assert unguarded.is_whole(trainer.model)
    assert (trainer.save_dir / "blame.json").exists()
    assert not {"preprocess_batch", "optimizer_step"} & set(vars(trainer))


def test_without_stop_it_warns_and_logs_the_shares(data, tmp_path, caplog):
    callback = AnchorauditCallback(DETECTOR, targets=targets)
    with caplog.at_level(logging.WARNING, "anchoraudit"):
        trainer, _ = train(data, tmp_path, callback, val=True)
    warned = [record.getMessage() for record in caplog.records if record.name == "anchoraudit"]
    assert "would make the loss NaN" in warned[0] and "c.jpg" in warned[0]
    assert len(warned) == 2 and "has a loss that is not finite" in warned[1]
    rows = list(csv.DictReader(trainer.csv.open(newline="")))
    assert [float(row["anchoraudit/images_without_foreground"]) for row in rows] == [0.25]
    assert float(rows[0]["anchoraudit/batches_not_finite"]) > 0
    document = json.loads((trainer.save_dir / "blame.json").read_text())
    assert document["images"][0]["name"].endswith("c.jpg")
    assert callback.monitor.step.number == 3  # batches of validation are not judged


def test_a_loss_is_seen_before_the_weights_change(data, tmp_path):
    """A batch that the detector takes for harmless: the loss itself is what stops the run."""
    callback = AnchorauditCallback("ultralytics-yolo11", targets=targets, stop=True)
    trainer, error = train(data, tmp_path, callback)
    assert "has a loss that is not finite" in str(error)
    assert unguarded.is_whole(trainer.model) and not trainer.loss.isfinite()


def test_the_frameworks_own_loss_stays_finite(data, tmp_path):
    callback = AnchorauditCallback(targets=targets, stop=True)
    settings = {"batch": 2, "epochs": 2, "save": True, "val": True}
    trainer, error = train(data, tmp_path, callback, criterion=lambda trainer: None, **settings)
    assert error is None
    assert "yolo11" in callback.monitor.step.checked.audit.detector.name  # read of the model itself
    rows = list(csv.DictReader(trainer.csv.open(newline="")))
    assert [float(row["anchoraudit/images_without_foreground"]) for row in rows] == [0.25, 0.25]
    assert [float(row["anchoraudit/batches_not_finite"]) for row in rows] == [0, 0]
    assert None not in rows[1]  # no value without a column
    assert b"anchoraudit" not in trainer.last.read_bytes()  # a checkpoint is read without it


def test_a_file_of_an_earlier_run_keeps_its_columns(data, tmp_path, caplog):
    callback = AnchorauditCallback("ultralytics-yolo11", targets=targets)

    def earlier(trainer):
        trainer.csv.write_text("epoch,time,train/box_loss\n1,1,1\n")

    trainer, _ = train(data, tmp_path, callback, criterion=earlier)
    assert "anchoraudit/images_without_foreground" not in trainer.lr
    assert "is of a run without anchoraudit" in caplog.text


def test_other_processes_get_it_with_its_settings():
    cloudpickle = pytest.importorskip("cloudpickle", reason=REASON)
    callback = AnchorauditCallback(DETECTOR, targets=targets, stop=True, folder="there")
    copied = pickle.loads(cloudpickle.dumps({"on_train_start": [callback.on_train_start]}))
    own = copied["on_train_start"][0].__self__
    assert own.stop and str(own.folder) == "there" and own.detector == DETECTOR
