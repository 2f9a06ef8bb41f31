"""`check` and `guard` with torch itself: its loaders, copies of models, and the losses of torchvision."""

import copy
import os
import pickle
import subprocess
import sys

import pytest

from anchoraudit import AnchorauditError, check, guard

REASON = "CHECKS OF TRAINING LOOPS NOT TESTED WITH TORCH: install torch and torchvision"
torch = pytest.importorskip("torch", reason=REASON)
detection = pytest.importorskip("torchvision.models.detection", reason=REASON)

SSD = "torchvision-ssd300_vgg16"
GOOD, FLAT = [20.0, 24.0, 84.0, 90.0], [50.0, 18.0, 50.0, 21.0]


class Pictures(torch.utils.data.Dataset):
    """Pictures with a box each; those that are named have a box without area too."""

    def __init__(self, count=6, flat=()):
        self.count, self.flat = count, flat

    def __len__(self):
        return self.count

    def __getitem__(self, i):
        boxes = torch.tensor([GOOD, FLAT] if i in self.flat else [GOOD])
        labels = torch.ones(len(boxes), dtype=torch.int64)
        return torch.rand(3, 32, 32), {"boxes": boxes, "labels": labels, "image_id": i}


class Stream(torch.utils.data.IterableDataset):
    def __iter__(self):
        return map(Pictures().__getitem__, range(6))


def pairs(batch):
    return tuple(zip(*batch, strict=True))


def loader_of(dataset=None, **options):
    return torch.utils.data.DataLoader(dataset or Pictures(), batch_size=2, collate_fn=pairs, **options)


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(()))

    def forward(self, images, targets=None):
        return {"loss": self.weight * torch.stack(list(images)).mean()}


def train(model, loader):
    for images, targets in loader:
        sum(model(images, targets).values()).backward()


@pytest.mark.parametrize(
    "make",
    [
        loader_of,
        lambda: loader_of(Stream()),
        lambda: loader_of(num_workers=1, persistent_workers=True, multiprocessing_context="fork"),
    ],
    ids=["plain", "iterable", "workers"],
)
def test_each_batch_is_judged_once_an_epoch(make, tmp_path):
    model, loader = torch.nn.DataParallel(Network()), make()
    with guard(model, loader, detector=SSD, folder=tmp_path) as watched:
        assert isinstance(loader, torch.utils.data.DataLoader)
        for _ in range(2):
            train(model, loader)
            assert watched.end_epoch()["anchoraudit/images_without_foreground"] == 0
        for _ in loader:
            break
        with torch.no_grad():  # a teacher, or the loss of validation
            model([torch.rand(3, 32, 32)] * 2, [Pictures(2, (0,))[0][1]] * 2)
    assert [one.batches for one in watched.monitor.epochs] == [3, 3, 0]
    assert type(loader) is torch.utils.data.DataLoader


def test_a_model_that_is_saved_in_the_loop_needs_nothing_of_this_package(tmp_path):
    model, loader, saved = torch.nn.Sequential(torch.nn.Identity()), loader_of(), tmp_path / "model.pt"
    with guard(model, loader, detector=SSD, folder=tmp_path) as watched:
        torch.save(model, saved)
        teacher, others = copy.deepcopy(model), [copy.deepcopy(loader), pickle.loads(pickle.dumps(loader))]
        for other in others:
            assert type(other) is torch.utils.data.DataLoader
            for images, _ in other:
                teacher(images)
    assert watched.monitor.step is None
    code = f"""
import sys, torch
model = torch.load({str(saved)!r}, weights_only=False).train()
print(model(3), "anchoraudit" in sys.modules)
"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=tmp_path, env=_without_us()
    )
    assert done.stdout.split() == ["3", "False"]


def _without_us():
    return {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}


def test_a_scaler_passes_over_gradients_beyond_the_range(tmp_path):
    model, loader = Network(), loader_of()
    optimiser = torch.optim.SGD(model.parameters(), 1e-3)
    scaler = torch.amp.GradScaler("cpu", init_scale=3e38)
    with guard(model, loader, detector=SSD, folder=tmp_path) as watched:
        for images, targets in loader:
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = 1e3 * model(images, targets)["loss"]
            scaler.scale(loss).backward()
            scaler.step(optimiser)
            scaler.update()
    assert scaler.get_scale() < 3e38
    assert watched.monitor.epoch.not_finite == 0


@pytest.fixture(scope="module")
def fcos():
    """FCOS with a backbone of two layers: five levels of the strides of its own."""
    torch.manual_seed(0)
    made = detection.FCOS(Backbone(), num_classes=3, min_size=64, max_size=64)
    return made.train()


class Backbone(torch.nn.Module):
    out_channels = 32

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Conv2d(3, 32, 8, stride=8)

    def forward(self, images):
        found = {"0": self.layer(images)}
        for level in range(1, 5):
            found[str(level)] = torch.nn.functional.max_pool2d(found[str(level - 1)], 2, ceil_mode=True)
        return found


@pytest.mark.parametrize(
    ("kind", "count", "outcome"),
    [
        ("float32", 1, "trains"),
        ("float64", 1, "raises"),
        ("float64", 0, "raises"),
        ("float16", 1, "nan"),
        ("float16", 0, "trains"),
        ("bfloat16", 1, "trains"),
        ("int64", 1, "trains"),
    ],
)
def test_types_of_boxes_lead_fcos_where_it_is_said(fcos, kind, count, outcome):
    boxes = torch.tensor([[5.0, 6.0, 35.0, 40.0]] * 2)
    dtype = getattr(torch, kind)
    targets = [
        {"boxes": one, "labels": torch.ones(len(one), dtype=torch.int64)}
        for one in (boxes[:count].to(dtype), boxes[:1])
    ]
    images = [torch.rand(3, 64, 64)] * 2
    assert check([(images, targets)], fcos).batches_frame()["outcome"].tolist() == [outcome]
    try:
        losses = fcos(images, targets).values()
        real = "trains" if all(map(torch.isfinite, losses)) else "nan"
    except RuntimeError:
        real = "raises"
    assert real == outcome


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (torch.zeros(3, 64, 64, dtype=torch.uint8), "the image is uint8"),
        (torch.zeros(64, 64), "the image has the shape [64, 64]"),
        (torch.zeros(64, 64, 3), "channels last"),
        (torch.zeros(3, 0, 64), "no pixels"),
    ],
)
def test_images_that_stop_the_model(fcos, image, message, tmp_path):
    batch = [image, image], [Pictures()[0][1]] * 2
    with pytest.raises((TypeError, RuntimeError, ValueError, ZeroDivisionError)):
        fcos(*batch)
    assert any(message in one for one in check([batch], fcos).problems)
    with pytest.raises(AnchorauditError, match="would stop the framework"), guard(fcos, folder=tmp_path):
        fcos(*batch)


def test_a_batch_is_judged_where_a_compiled_model_is_called(tmp_path):
    model = torch.compile(Network(), backend="eager")
    loader = loader_of(Pictures(4, (3,)))
    said = r"step 1 .*image 3: box 1 \(50, 18, 50, 21\)"
    with (
        pytest.raises(AnchorauditError, match=said) as error,
        guard(model, loader, detector="torchvision-retinanet_resnet50_fpn", folder=tmp_path),
    ):
        train(model, loader)
    assert (tmp_path / "blame.html").exists() and "blame.json" in str(error.value)
