"""The callback for Hugging Face, in trainings by the `Trainer` of transformers itself."""

import contextlib
import copy
import json
import logging

import pytest

from anchoraudit import AnchorauditError
from anchoraudit.training.callbacks import transformers as module
from tests import unguarded

REASON = "HUGGING FACE'S CALLBACK NOT TESTED: install torch, transformers and accelerate"


@pytest.fixture
def hf():
    pytest.importorskip("torch", reason=REASON)
    pytest.importorskip("accelerate", reason=REASON)
    return pytest.importorskip("transformers", reason=REASON)


def targets(batch):
    return batch["pixel_values"], batch["labels"]


def collate(batch):
    images, labels = unguarded.stacked(batch)
    return {"pixel_values": images, "labels": labels}


def trainer_of(hf, folder, without=(), **settings):
    import torch

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.network = unguarded.network()

        def forward(self, pixel_values, labels):
            return {"loss": self.network(pixel_values, labels)["loss_box"]}

    arguments = hf.TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=2,
        per_device_train_batch_size=1,
        per_device_eval_batch_size=1,
        remove_unused_columns=False,
        use_cpu=True,
        disable_tqdm=True,
        save_strategy="no",
        prediction_loss_only=True,
        **{"report_to": [], "logging_strategy": "epoch", **settings},
    )
    kept = [item for i, item in enumerate(unguarded.items()) if unguarded.NAMES[i] not in without]
    model = Model()
    own = hf.Trainer(
        model, arguments, train_dataset=kept, eval_dataset=unguarded.items(), data_collator=collate
    )
    own._get_train_sampler = lambda *args: torch.utils.data.SequentialSampler(kept)
    return own


def test_it_stops_before_the_batch_without_foreground(hf, tmp_path):
    trainer = trainer_of(hf, tmp_path)
    module.AnchorauditCallback(unguarded.DETECTOR, targets=targets, stop=True).add_to(trainer)
    with pytest.raises(
        AnchorauditError, match=r"step 2 \(epoch 0\) would make the loss NaN.*tiny.jpg: 1 box"
    ):
        trainer.train()
    assert trainer.model.network.calls == 2 and unguarded.is_whole(trainer.model)
    assert json.loads((tmp_path / "blame.json").read_text())["images"][0]["name"] == "tiny.jpg"


def test_without_stop_it_warns_and_logs_the_shares_beside_the_trainers_own(hf, tmp_path, caplog):
    trainer = trainer_of(hf, tmp_path)
    module.AnchorauditCallback(unguarded.DETECTOR, targets=targets).add_to(trainer)
    with caplog.at_level(logging.WARNING, "anchoraudit"):
        trainer.train()
    warned = [record.getMessage() for record in caplog.records if record.name == "anchoraudit"]
    assert warned[0].startswith("step 2 (epoch 0) would make") and "tiny.jpg" in warned[0]
    assert len(warned) == 2 and "has a loss that is not finite: loss nan" in warned[1]
    assert trainer.model.network.calls == 8 and not unguarded.is_whole(trainer.model)
    ours = [one for one in trainer.state.log_history if "anchoraudit/images_without_foreground" in one]
    assert [(one["epoch"], one["step"]) for one in ours] == [(1, 4), (2, 8)]
    assert {name: ours[0][name] for name in unguarded.SHARES} == unguarded.SHARES
    # The trainer logs its own losses of each epoch as well; they hide that the loss is NaN.
    assert [one["step"] for one in trainer.state.log_history if "loss" in one] == [4, 8]
    assert (tmp_path / "blame.html").exists()


def test_tensorboard_has_the_shares(hf, tmp_path, monkeypatch):
    accumulator = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator",
        reason="SHARES IN TENSORBOARD NOT TESTED: install tensorboard",
    )
    monkeypatch.setenv("TENSORBOARD_LOGGING_DIR", str(tmp_path / "logs"))
    trainer = trainer_of(hf, tmp_path, report_to=["tensorboard"])
    module.AnchorauditCallback(unguarded.DETECTOR, targets=targets).add_to(trainer)
    trainer.train()
    (folder,) = {path.parent for path in (tmp_path / "logs").rglob("events*")}
    found = accumulator.EventAccumulator(str(folder)).Reload()
    scalars = found.Scalars("train/anchoraudit/images_without_foreground")
    assert [(one.step, one.value) for one in scalars] == [(4, 0.25), (8, 0.25)]


def test_without_the_trainer_the_shares_are_in_its_history(hf, tmp_path):
    trainer = trainer_of(hf, tmp_path)
    trainer.add_callback(module.AnchorauditCallback(unguarded.DETECTOR, targets=targets))
    trainer.train()
    ours = [one for one in trainer.state.log_history if "anchoraudit/images_without_foreground" in one]
    assert [(one["epoch"], one["step"]) for one in ours] == [(1, 4), (2, 8)]


def test_batches_of_evaluation_are_not_judged(hf, tmp_path):
    trainer = trainer_of(hf, tmp_path, without=["tiny.jpg"], eval_strategy="epoch", eval_on_start=True)
    callback = module.AnchorauditCallback(unguarded.DETECTOR, targets=targets, stop=True).add_to(trainer)
    trainer.train()
    assert callback.monitor.step.number == 5 and trainer.model.network.calls == 6 + 3 * 4


def test_accumulated_batches_are_judged_each(hf, tmp_path):
    trainer = trainer_of(hf, tmp_path, gradient_accumulation_steps=2)
    callback = module.AnchorauditCallback(unguarded.DETECTOR, targets=targets).add_to(trainer)
    trainer.train()
    assert trainer.state.global_step == 4 and callback.monitor.step.number == 7


@pytest.mark.parametrize("stop", [True, False])
def test_a_run_that_ended_with_an_error_is_not_heard_in_the_next(hf, tmp_path, stop):
    class Interrupt(hf.TrainerCallback):
        def on_step_end(self, args, state, control, **others):
            raise KeyboardInterrupt

    trainer = trainer_of(hf, tmp_path)
    callback = module.AnchorauditCallback(unguarded.DETECTOR, targets=targets, stop=stop).add_to(trainer)
    trainer.add_callback(Interrupt())
    with pytest.raises(KeyboardInterrupt):
        trainer.train()
    again = hf.Trainer(trainer.model, trainer.args, train_dataset=unguarded.items(), data_collator=collate)
    again.train()
    assert callback.monitor.step.number == 0 and trainer.model.network.calls == 9


@pytest.mark.parametrize("stop", [True, False])
def test_no_hook_stays_at_the_model(hf, tmp_path, stop):
    trainer = trainer_of(hf, tmp_path)
    callback = module.AnchorauditCallback(unguarded.DETECTOR, targets=targets, stop=stop).add_to(trainer)
    with contextlib.suppress(AnchorauditError):
        trainer.train()
    assert not trainer.model._forward_pre_hooks and not trainer.model._forward_hooks
    assert isinstance(callback, hf.TrainerCallback)
    assert copy.deepcopy(callback).monitor is None
