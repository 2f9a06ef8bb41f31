"""What holds for the callbacks of all frameworks, without any of them."""

import copy
import importlib
import logging
import pickle
import subprocess
import sys
from types import SimpleNamespace as Plain

import numpy as np
import pytest

from anchoraudit import AnchorauditError
from anchoraudit.io.plugins import module_names
from anchoraudit.training import callbacks
from anchoraudit.training.callbacks._packages import import_first
from anchoraudit.training.callbacks._watcher import Watcher, rank
from anchoraudit.training.forward import ForwardHooks
from tests import unguarded
from tests.conftest import ROOT

NAMES = sorted(module_names(callbacks.__name__))
GOOD, TINY = [0.0, 0, 16, 16], [1.0, 1, 4, 4]


def batch(*boxes, name="a.jpg"):
    target = {"boxes": np.array(boxes, np.float32).reshape(-1, 4), "labels": np.ones(len(boxes), np.int64)}
    return [np.zeros((3, 64, 64), np.float32)], [{**target, "file_name": name}]


def begun(tmp_path, **options):
    watcher = Watcher(unguarded.DETECTOR, **options)
    watcher._begin(None, tmp_path)
    return watcher


def offered(name):
    """Return the names that a module offers to users."""
    text = (ROOT / "anchoraudit/training/callbacks" / f"{name}.py").read_text()
    words = ("AnchorauditCallback", "AnchorauditHook")
    return [word for word in words if f"class {word}" in text or f"{word} = " in text]


@pytest.mark.parametrize("name", NAMES)
def test_a_module_imports_its_framework_only_when_asked(name):
    """In a process in which no package of a framework, nor torch, can be imported."""
    (word,) = offered(name)
    code = f"""
import sys, importlib
class Closed:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {{*{NAMES!r}, "pytorch_lightning", "torch", "torchvision"}}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Closed())
module = importlib.import_module("anchoraudit.training.callbacks.{name}")
try:
    module.{word}
except Exception as error:
    print(type(error).__name__, error)
else:
    print("there")
try:
    module.nothing
except AttributeError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    if name == "ultralytics":  # its callbacks are functions, which subclass nothing
        assert done.stdout.startswith("there\n")
    else:
        assert (
            f"AnchorauditError this callback is for {name}, which is not installed\n  Install {name} in"
            in done.stdout
        )
    assert "has no attribute 'nothing'" in done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_every_module_is_tried_in_its_framework(name):
    assert (ROOT / "tests" / f"test_callbacks_{name}.py").exists()
    assert "Source: " in importlib.import_module(f"{callbacks.__name__}.{name}").__doc__


def test_what_a_package_lacks_is_not_taken_for_the_package(tmp_path, monkeypatch):
    (tmp_path / "half_there.py").write_text("import nothing_of_this_name")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="nothing_of_this_name"):
        import_first(["half_there"])


def test_a_batch_of_unknown_form_raises_at_once_and_later_only_if_asked(tmp_path, caplog):
    with pytest.raises(AnchorauditError, match="not recognised"):
        begun(tmp_path)._batch("words")
    watcher = begun(tmp_path)
    watcher._batch(batch(GOOD))
    with caplog.at_level(logging.WARNING, "anchoraudit"):
        watcher._batch(3)
        watcher._batch(3)
    (warning,) = caplog.records
    assert "a batch was not judged" in warning.getMessage()
    assert "batch 1 cannot be read" in warning.getMessage()
    watcher._loss(float("nan"))  # nothing is said of the images of another batch
    assert "a.jpg" not in caplog.text
    watcher._batch(batch(GOOD))
    assert watcher.monitor.step is not None
    stopping = begun(tmp_path, stop=True)
    stopping._batch(batch(GOOD))
    with pytest.raises(AnchorauditError, match="batch 1 cannot be read"):
        stopping._batch(3)


def test_a_folder_that_cannot_be_written_stops_no_training(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    watcher = begun(tmp_path, folder=tmp_path / "file")
    with caplog.at_level(logging.WARNING, "anchoraudit"):
        watcher._batch(batch(TINY))
    assert "would make the loss NaN" in caplog.text and "No evidence was written: " in caplog.text
    assert watcher._end_epoch()["anchoraudit/images_without_foreground"] == 1


def test_shares_are_of_the_batches_that_were_judged(tmp_path):
    watcher = begun(tmp_path)
    assert watcher._end_epoch() == watcher._so_far() == {} == Watcher()._end_epoch()
    for box in (GOOD, TINY, TINY, GOOD):
        watcher._batch(batch(box))
    assert watcher._so_far()["anchoraudit/images_without_foreground"] == 0.5
    watcher._batch(batch(GOOD))
    assert watcher._end_epoch()["anchoraudit/images_without_foreground"] == 0
    assert len(watcher.monitor.epochs) == 2


def test_a_batch_whose_loss_and_gradients_are_nan_counts_once(tmp_path):
    watcher = begun(tmp_path)
    watcher._batch(batch(GOOD))
    watcher._loss(float("nan"))
    watcher.monitor.gradients(["weight"])
    assert len(watcher.monitor.written) == 1
    assert watcher._end_epoch()["anchoraudit/batches_not_finite"] == 1


@pytest.mark.parametrize(("number", "where"), [(0, "blame.json"), (3, "rank3/blame.json")])
def test_each_process_has_its_own_folder(number, where, tmp_path, monkeypatch):
    distributed = Plain(is_available=lambda: True, is_initialized=lambda: True, get_rank=lambda: number)
    monkeypatch.setitem(sys.modules, "torch", Plain(distributed=distributed))
    assert rank() == number
    watcher = begun(tmp_path)
    watcher._batch(batch(TINY))
    assert watcher.monitor.written == [tmp_path / where]
    assert "a.jpg: 1 box, no foreground" in (tmp_path / where).read_text()
    monkeypatch.setitem(sys.modules, "torch", Plain(distributed=Plain(is_available=lambda: False)))
    assert rank() == 0


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_a_copy_has_the_settings_and_begins_anew(copied, tmp_path):
    watcher = begun(tmp_path, stop=True, targets="torchvision", folder=tmp_path)
    other = copied(watcher)
    assert other.monitor is None and watcher.monitor is not None
    assert (other.stop, other.targets, other.folder) == (True, "torchvision", tmp_path)


def test_hooks_on_a_model_are_left_out_of_what_is_compiled():
    torch = pytest.importorskip("torch", reason="HOOKS OF COMPILED MODELS NOT TESTED: install torch")
    seen = []
    model = torch.nn.Linear(2, 1)
    hooks = ForwardHooks(
        model,
        before=lambda args, kwargs: seen.append(np.asarray(args[0].detach()).sum().item()),
        after=lambda output: seen.append(type(output).__name__),
    )
    compiled = torch.compile(model, backend="eager")
    compiled(torch.ones(3, 2)).sum().backward()
    compiled(torch.ones(3, 2) * 2)
    assert seen == [6, "Tensor", 12, "Tensor"]
    with torch.no_grad():
        compiled(torch.ones(3, 2))
    compiled.eval()
    compiled(torch.ones(3, 2))
    hooks.remove()
    compiled.train()
    compiled(torch.ones(3, 2))
    assert len(seen) == 4
