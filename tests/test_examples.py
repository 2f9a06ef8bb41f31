"""The scripts of `examples/`, each run as a user runs it."""

import importlib.util
import os
import subprocess
import sys

import pytest

import anchoraudit
from tests.conftest import ROOT

FOLDER = ROOT / "examples"
REASON = "EXAMPLES NOT TESTED: install torch and torchvision to run them"
# What each prints, in order.
SAYS = {
    "rpn_nan": [
        "without a guard: the loss is NaN at step 2; weights lost",
        "with a guard: step 2 (epoch 0) would make the loss NaN or infinite",
        "peek_from_below.jpg: 1 box, no foreground (edge)",
        "weights whole",
        "filtered: 4 images, 0% without foreground; every loss is finite",
    ],
    "torchvision_check": [
        "Faster R-CNN: Checked 9 batches",
        "cropped_away.jpg",
        "RetinaNet: Checked 9 batches",
        "FCOS: Checked 9 batches",
        "SSDlite: Checked 9 batches",
    ],
    "torchvision_guard": [
        *(
            f"{name}: {said}"
            for name, steps in (("Faster R-CNN", 7), ("RetinaNet", 7), ("FCOS", 6), ("SSDlite", 7))
            for said in (
                "stopped: step 8 (epoch 0) would stop the framework. cropped_away.jpg: box 1 (",
                f"filtered: {steps} steps, 0% of the images without foreground",
            )
        ),
    ],
    "ultralytics_callback": ["fed 25 images with", "of the images had no foreground"],
}


def test_every_script_is_tested():
    assert {path.stem for path in FOLDER.glob("*.py")} == set(SAYS)


@pytest.mark.parametrize("name", sorted(SAYS))
def test_a_script_says_what_it_is_for(name, tmp_path):
    pytest.importorskip("torch", reason=REASON)
    pytest.importorskip("torchvision", reason=REASON)
    if name.startswith("ultralytics"):
        pytest.importorskip("ultralytics", reason="EXAMPLE NOT TESTED: install ultralytics to run it")
    done = subprocess.run(
        [sys.executable, str(FOLDER / f"{name}.py")],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    places = [done.stdout.find(line) for line in SAYS[name]]
    assert -1 not in places, done.stdout
    assert places == sorted(places)
    assert list(tmp_path.iterdir()) == []


def test_the_hand_written_network_encodes_as_the_audit_says():
    """Positives, negatives and ignored anchors of each image."""
    pytest.importorskip("torch", reason=REASON)
    spec = importlib.util.spec_from_file_location("rpn_nan", FOLDER / "rpn_nan.py")
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    annotations = example.DATA / "annotations" / "instances_train.json"
    audit = anchoraudit.audit(annotations, "reference", counts=True)
    columns = ("positives", "negatives", "ignored")
    wanted = audit.images_frame().set_index("file_name")[list(columns)]
    network = example.RPN()
    for _, target in example.Cats(annotations, example.IMAGES):
        label, _ = network.encode(target["boxes"])
        counts = [int((label == value).sum()) for value in (1, 0, -1)]
        assert counts == wanted.loc[target["file_name"]].tolist(), target["file_name"]
