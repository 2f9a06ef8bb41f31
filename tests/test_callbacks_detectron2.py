"""The hook for detectron2, in trainings by its `SimpleTrainer` itself."""

import json
import logging

import pytest

from anchoraudit import AnchorauditError
from anchoraudit.training.callbacks import detectron2 as module
from tests import unguarded

REASON = "DETECTRON2'S HOOK NOT TESTED: install torch and detectron2 (its compiled parts are not needed)"


@pytest.fixture
def engine():
    pytest.importorskip("torch", reason=REASON)
    pytest.importorskip("detectron2", reason=REASON)
    return pytest.importorskip("detectron2.engine", reason=REASON)


def targets(batch):
    return [one["image"] for one in batch], [one["target"] for one in batch]


def collate(batch):
    return [{"image": image, "target": target} for image, target in batch]


def train(engine, hooks, without=(), steps=4):
    """Train; return the model, the trainer and the error."""
    import torch

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.network = unguarded.network()

        def forward(self, batch):
            return self.network(
                torch.stack([one["image"] for one in batch]), [one["target"] for one in batch]
            )

    model = Model()
    loader = unguarded.loader(collate, without=without)
    endless = (batch for _ in range(steps) for batch in loader)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.01)
    trainer = engine.SimpleTrainer(model, endless, optimiser, gather_metric_period=100)
    trainer.register_hooks(hooks)
    try:
        trainer.train(0, steps)
    except AnchorauditError as error:
        return model, trainer, error
    return model, trainer, None


def writers(folder):
    from detectron2.engine.hooks import PeriodicWriter
    from detectron2.utils.events import JSONWriter

    return PeriodicWriter([JSONWriter(str(folder / "metrics.json"))], period=2)


def test_it_stops_before_the_batch_without_foreground(engine, tmp_path):
    hook = module.AnchorauditHook(unguarded.DETECTOR, targets=targets, stop=True, folder=tmp_path)
    model, _, error = train(engine, [hook])
    assert "step 2 (epoch 0) would make the loss NaN" in str(error)
    assert "tiny.jpg: 1 box, no foreground" in str(error)
    assert model.network.calls == 2 and unguarded.is_whole(model)
    assert json.loads((tmp_path / "blame.json").read_text())["images"][0]["name"] == "tiny.jpg"


def test_without_stop_it_warns_and_logs_the_shares(engine, tmp_path, caplog):
    hook = module.AnchorauditHook(unguarded.DETECTOR, targets=targets, folder=tmp_path, period=2)
    with caplog.at_level(logging.WARNING, "anchoraudit"):
        model, trainer, error = train(engine, [hook, writers(tmp_path)])
    assert error is None and model.network.calls == 4 and not unguarded.is_whole(model)
    warned = [record.getMessage() for record in caplog.records if record.name == "anchoraudit"]
    assert warned[0].startswith("step 2 (epoch 0) would make") and "tiny.jpg" in warned[0]
    assert len(warned) == 2 and "has a loss that is not finite: loss_box nan" in warned[1]
    history = trainer.storage.history("anchoraudit/images_without_foreground").values()
    assert [value for value, _ in history] == [0, 0.5]
    rows = [json.loads(line) for line in (tmp_path / "metrics.json").read_text().splitlines()]
    logged = [(row["iteration"], row["anchoraudit/images_without_foreground"]) for row in rows]
    assert logged == [(1, 0), (3, 0.5)]
    assert (tmp_path / "blame.html").exists()


def test_what_is_left_of_a_period_is_logged_at_the_end(engine, tmp_path):
    hook = module.AnchorauditHook(unguarded.DETECTOR, targets=targets, folder=tmp_path)
    _, trainer, _ = train(engine, [hook])
    assert {name: trainer.storage.latest()[name][0] for name in unguarded.SHARES} == unguarded.SHARES


def test_batches_of_evaluation_and_of_statistics_are_not_judged(engine, tmp_path):
    """EvalHook calls the model in evaluation mode, PreciseBN in training mode without gradients."""
    import torch

    class Others(engine.HookBase):
        def after_step(self):
            for mode in (True, False):
                self.trainer.model.train(mode)
                with torch.no_grad():
                    for batch in unguarded.loader(collate):
                        self.trainer.model(batch)
            self.trainer.model.train()

    hook = module.AnchorauditHook(unguarded.DETECTOR, targets=targets, stop=True, folder=tmp_path)
    model, _, error = train(engine, [Others(), hook], without=["tiny.jpg"])
    assert error is None and hook.monitor.step.number == 3 and model.network.calls == 4 + 4 * 8


def test_no_hook_stays_at_the_model(engine, tmp_path):
    hook = module.AnchorauditHook(unguarded.DETECTOR, targets=targets, stop=True, folder=tmp_path)
    model, _, _ = train(engine, [hook])
    assert isinstance(hook, engine.HookBase) and not model._forward_pre_hooks and not model._forward_hooks
