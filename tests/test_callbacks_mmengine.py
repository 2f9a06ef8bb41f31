"""The hook for MMEngine, in trainings by its `Runner` itself."""

import json
import logging

import pytest

from anchoraudit import AnchorauditError
from anchoraudit.training.callbacks import mmengine as module
from tests import unguarded

REASON = "MMENGINE'S HOOK NOT TESTED: install torch, mmengine and opencv-python-headless"
NAME = "anchoraudit.training.callbacks.mmengine.AnchorauditHook"


@pytest.fixture
def mmengine():
    pytest.importorskip("torch", reason=REASON)
    return pytest.importorskip("mmengine", reason=REASON)


def targets(batch):
    return batch["inputs"], batch["data_samples"]


def collate(batch):
    images, samples = unguarded.stacked(batch)
    return {"inputs": images, "data_samples": samples}


def run(work, hook=None, without=(), loop=None, validate=False, **options):
    """Train, two epochs by default; return the runner."""
    from mmengine.evaluator import BaseMetric, Evaluator
    from mmengine.model import BaseModel
    from mmengine.runner import Runner

    class Model(BaseModel):
        def __init__(self):
            super().__init__()
            self.network = unguarded.network()

        def forward(self, inputs, data_samples, mode):
            losses = self.network(inputs, data_samples)
            return (
                [1]
                if mode == "predict"
                else {"loss_box": [losses["loss_box"]], "acc": losses["loss_box"] * 0}
            )

    class Metric(BaseMetric):
        def process(self, data_batch, data_samples):
            self.results.append(1)

        def compute_metrics(self, results):
            return {"number": len(results)}

    hook = hook or module.AnchorauditHook(unguarded.DETECTOR, targets=targets, **options)
    more = {}
    if validate:
        more = {
            "val_dataloader": unguarded.loader(collate),
            "val_cfg": {},
            "val_evaluator": Evaluator(Metric()),
        }
    runner = Runner(
        model=Model(),
        work_dir=str(work),
        train_dataloader=unguarded.loader(collate, without=without),
        train_cfg=loop or {"by_epoch": True, "max_epochs": 2},
        optim_wrapper={"optimizer": {"type": "SGD", "lr": 0.01}},
        custom_hooks=[hook],
        default_hooks={"checkpoint": None, "logger": {"type": "LoggerHook", "interval": 1}},
        log_level="WARNING",
        experiment_name=f"test_{work.name}",
        **more,
    )
    try:
        runner.train()
    except AnchorauditError as error:
        runner.error = error
    return runner


def scalars_of(folder):
    """Return the lines of the visualizer's file that are about shares."""
    (file,) = folder.rglob("vis_data/scalars.json")
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    return [row for row in rows if "anchoraudit/images_without_foreground" in row and "loss" not in row]


def test_it_stops_before_the_batch_without_foreground(mmengine, tmp_path):
    runner = run(tmp_path, stop=True)
    assert "step 2 (epoch 0) would make the loss NaN" in str(runner.error)
    assert "tiny.jpg: 1 box, no foreground" in str(runner.error)
    assert runner.model.network.calls == 2 and unguarded.is_whole(runner.model)
    assert not runner.model._forward_hooks
    (found,) = tmp_path.rglob("blame.json")
    assert str(found.parent) == runner.log_dir


def test_without_stop_it_warns_and_logs_the_shares(mmengine, tmp_path, caplog):
    with caplog.at_level(logging.WARNING, "anchoraudit"):
        runner = run(tmp_path, folder=tmp_path / "blame")
    warned = [record.getMessage() for record in caplog.records if record.name == "anchoraudit"]
    assert warned[0].startswith("step 2 (epoch 0) would make") and "tiny.jpg" in warned[0]
    assert len(warned) == 2 and "has a loss that is not finite: loss_box nan" in warned[1]
    assert runner.model.network.calls == 8 and not unguarded.is_whole(runner.model)
    rows = scalars_of(tmp_path)
    assert [row["step"] for row in rows] == [4, 8]
    assert {name: rows[0][name] for name in unguarded.SHARES} == unguarded.SHARES
    history = runner.message_hub.get_scalar("train/anchoraudit/images_without_foreground")
    assert history.data[0].tolist() == [0.25, 0.25]
    assert (tmp_path / "blame" / "blame.json").exists()


def test_a_loss_is_seen_before_the_weights_change(mmengine, tmp_path):
    """A batch that the detector takes for harmless: the loss itself is what stops the run."""
    hook = module.AnchorauditHook("torchvision-retinanet_resnet50_fpn", targets=targets, stop=True)
    runner = run(tmp_path, hook)
    assert "step 2 (epoch 0) has a loss that is not finite: loss_box nan" in str(runner.error)
    assert runner.model.network.calls == 3 and unguarded.is_whole(runner.model)


def test_batches_of_validation_are_not_judged(mmengine, tmp_path):
    hook = module.AnchorauditHook(unguarded.DETECTOR, targets=targets, stop=True)
    runner = run(tmp_path, hook, without=["tiny.jpg"], validate=True)
    assert hook.monitor.step.number == 5 and runner.model.network.calls == 6 + 2 * 4
    assert [row["anchoraudit/images_without_foreground"] for row in scalars_of(tmp_path)] == [0, 0]


def test_a_loop_by_iteration_logs_each_period(mmengine, tmp_path):
    run(tmp_path, loop={"by_epoch": False, "max_iters": 8}, period=2)
    rows = scalars_of(tmp_path)
    shares = [(row["step"], row["anchoraudit/images_without_foreground"]) for row in rows]
    assert shares == [(2, 0), (4, 0.5), (6, 0), (8, 0.5)]


def test_a_configuration_names_it(mmengine, tmp_path):
    named = {"type": NAME, "detector": unguarded.DETECTOR, "targets": targets, "stop": True}
    runner = run(tmp_path, named)
    assert "tiny.jpg" in str(runner.error)
    (hook,) = [one for one in runner.hooks if type(one).__name__ == "AnchorauditHook"]
    assert isinstance(hook, mmengine.hooks.Hook)
