"""The callback for PyTorch Lightning, in trainings by `lightning` and by `pytorch_lightning` themselves."""

import csv
import importlib
import json
import logging
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from anchoraudit import AnchorauditError
from anchoraudit.training.callbacks import lightning as module
from tests import unguarded
from tests.conftest import ROOT

REASON = "LIGHTNING'S CALLBACK NOT TESTED: install torch, and lightning or pytorch_lightning"


@pytest.fixture(params=["lightning.pytorch", "pytorch_lightning"])
def pl(request):
    pytest.importorskip("torch", reason=REASON)
    return pytest.importorskip(request.param, reason=REASON)


def trained(pl, logs, validation=None, loader=None, loss=None, **options):
    """Train for an epoch; return the module, and the callback."""
    import torch

    class Module(pl.LightningModule):
        def __init__(self):
            super().__init__()
            self.network = unguarded.network()

        def training_step(self, batch, index):
            losses = self.network(*batch)
            return sum(losses.values()) if loss is None else loss(self.network, losses)

        def validation_step(self, batch, index):
            self.log("val", self.network(*batch)["loss_box"].nan_to_num(), batch_size=1)

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.01)

    loggers = importlib.import_module(f"{pl.__name__}.loggers")
    callback = module.AnchorauditCallback(unguarded.DETECTOR, **options)
    trainer = pl.Trainer(
        max_epochs=1,
        accelerator="cpu",
        logger=loggers.CSVLogger(logs),
        callbacks=[callback],
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=False,
        log_every_n_steps=1,
    )
    own = Module()
    try:
        trainer.fit(own, loader or unguarded.loader(), validation)
    except AnchorauditError as error:
        return own, callback, trainer, error
    return own, callback, trainer, None


def test_it_stops_before_the_batch_without_foreground(pl, tmp_path):
    own, _, trainer, error = trained(pl, tmp_path, stop=True)
    assert "step 2 (epoch 0) would make the loss NaN" in str(error)
    assert "tiny.jpg: 1 box, no foreground" in str(error)
    assert own.network.calls == 2 and unguarded.is_whole(own)
    found = list(tmp_path.rglob("blame.json"))
    assert [path.parent for path in found] == [type(tmp_path)(trainer.log_dir)]


def test_without_stop_it_warns_once_and_logs_the_shares(pl, tmp_path, caplog):
    with caplog.at_level(logging.WARNING, "anchoraudit"):
        own, _, trainer, error = trained(pl, tmp_path, folder=tmp_path / "blame")
    assert error is None and own.network.calls == 4 and not unguarded.is_whole(own)
    first, second = (record.getMessage() for record in caplog.records if record.name == "anchoraudit")
    assert first.startswith("step 2 (epoch 0) would make") and "tiny.jpg" in first
    assert second.startswith("step 2 (epoch 0) has a loss that is not finite: loss nan")
    shares = {**unguarded.SHARES, "anchoraudit/batches_not_finite": 0.5}  # after it, all are NaN
    logged = {name: float(value) for name, value in trainer.callback_metrics.items()}
    assert {name: logged[name] for name in shares} == shares
    rows = list(csv.DictReader(Path(trainer.log_dir, "metrics.csv").read_text().splitlines()))
    (value,) = {row[name] for row in rows if row[(name := "anchoraudit/images_without_foreground")]}
    assert float(value) == 0.25
    document = json.loads((tmp_path / "blame" / "blame.json").read_text())
    assert (document["step"], document["images"][0]["name"]) == (2, "tiny.jpg")
    assert (tmp_path / "blame" / "blame.html").exists()


def test_batches_of_validation_are_not_judged(pl, tmp_path):
    only_good = unguarded.loader(without=["tiny.jpg"])
    own, callback, trainer, error = trained(
        pl, tmp_path, validation=unguarded.loader(), loader=only_good, stop=True
    )
    assert error is None and own.network.calls > 2 * 4  # validation and its sanity check
    assert float(trainer.callback_metrics["anchoraudit/images_without_foreground"]) == 0
    assert callback.monitor.step.number == 2


def test_gradients_are_looked_at_before_the_step(pl, tmp_path):
    only_good = unguarded.loader(without=["tiny.jpg"])

    def finite_with_nan_gradient(network, losses):  # the gradient of sqrt at 0 is infinite, times 0
        return losses["loss_box"] + (network.offsets.weight * 0).abs().sum().sqrt()

    own, _, _, error = trained(pl, tmp_path, loader=only_good, loss=finite_with_nan_gradient, stop=True)
    assert "step 0 (epoch 0) has gradients that are not finite: network.offsets.weight" in str(error)
    assert unguarded.is_whole(own)


def test_the_detector_is_read_of_the_model_in_the_module(pl, tmp_path):
    pytest.importorskip("torchvision", reason=REASON)
    from torchvision.models.detection import ssdlite320_mobilenet_v3_large

    class Module(pl.LightningModule):
        def __init__(self):
            super().__init__()
            self.network = ssdlite320_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=3)

    callback = module.AnchorauditCallback()
    trainer = pl.Trainer(accelerator="cpu", logger=False, default_root_dir=tmp_path)
    callback.on_train_start(trainer, Module())
    callback.on_train_batch_start(trainer, None, next(iter(unguarded.loader())), 0)
    assert callback.monitor.step.checked.audit.detector.framework == "torchvision"
    assert callback.monitor.folder == tmp_path


def test_it_is_a_callback_of_the_package_that_is_used(pl):
    callback = module.AnchorauditCallback(unguarded.DETECTOR, stop=True, folder="there")
    assert isinstance(callback, pl.Callback)
    copied = pickle.loads(pickle.dumps(callback))
    assert type(copied) is type(callback) and copied.stop and copied.monitor is None


TWO = """
import sys
import lightning.pytorch as pl, torch
from anchoraudit.training.callbacks.lightning import AnchorauditCallback
from tests import unguarded
from tests.conftest import ROOT

class Module(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.network = unguarded.network()
    def training_step(self, batch, index):
        return self.network(*batch)["loss_box"]
    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.01)

class Mine(torch.utils.data.Dataset):
    def __len__(self):
        return 4
    def __getitem__(self, i):
        return unguarded.items()[(0, 2, 1, 3)[i]]  # the first process gets 0 and 2, the other 1 and 3

if __name__ == "__main__":
    trainer = pl.Trainer(max_epochs=1, accelerator="cpu", devices=2, strategy="ddp", logger=False,
        callbacks=[AnchorauditCallback(unguarded.DETECTOR, folder=sys.argv[1])], use_distributed_sampler=True,
        enable_progress_bar=False, enable_model_summary=False, enable_checkpointing=False)
    loader = torch.utils.data.DataLoader(Mine(), 1, collate_fn=unguarded.stacked, shuffle=False)
    trainer.fit(Module(), loader)
    if trainer.is_global_zero:
        print("share", float(trainer.callback_metrics["anchoraudit/images_without_foreground"]))
"""


def test_of_two_processes_each_writes_its_own_file(tmp_path):
    """They train together to the end, and what is logged is the mean of both."""
    pytest.importorskip("torch", reason=REASON)
    pytest.importorskip("lightning.pytorch", reason=REASON)
    script = tmp_path / "two.py"
    script.write_text(TWO)
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "out")],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "share 0.25" in done.stdout
    written = sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.json"))
    assert "rank1/blame.json" in written
    names = [one["name"] for one in json.loads((tmp_path / "out/rank1/blame.json").read_text())["images"]]
    assert names == ["tiny.jpg"]
