"""What the checks of a training loop cost: a batch of `check`, a step of `guard`, and their import."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from _measure import PYTHON, Claim, Run, main, run, side_by_side, timed

DETECTOR = "torchvision-fasterrcnn_resnet50_fpn"
BATCHES, STEPS, IMAGES, BOXES = 5_000, 500, 8, 7
WIDTH, HEIGHT = 640, 480
MOST_MS, MOST_IMPORT, MOST_SHARE = 1.0, 0.1, 0.03
ROUNDS, FORWARDS, IMPORTS = 3, 2, 21


def measure(_data: Path) -> list[Claim]:
    """Seconds a batch, beside a forward pass where torch is installed, and seconds of the import."""
    from anchoraudit import check
    from anchoraudit.training.monitor import Monitor

    batches = list(_batches(BATCHES))
    monitor = Monitor(DETECTOR)

    def step_by_step() -> None:
        for batch in batches[:STEPS]:
            monitor.batch(batch)

    runs = side_by_side(
        {"check": lambda: timed(lambda: check(batches, DETECTOR)), "step": lambda: timed(step_by_step)},
        rounds=ROUNDS,
    )
    checked, step = _each(runs["check"], BATCHES), _each(runs["step"], STEPS)
    return [
        Claim(
            f"`check` of {BATCHES:,} batches of {IMAGES} images with {BOXES} boxes: ms a batch",
            f"{1e3 * checked.wall:.2f}",
            f"{1e3 * checked.cpu:.2f}",
            f"{DETECTOR}, {runs['check'].wall:.2f} s in all, without the loader itself",
            f"at most {MOST_MS:g}",
            1e3 * checked.wall <= MOST_MS,
        ),
        Claim(
            "A step of `guard` or a callback: ms",
            f"{1e3 * step.wall:.2f}",
            f"{1e3 * step.cpu:.2f}",
            f"the same batches, one by one, {STEPS} of them",
        ),
        *_beside_a_forward_pass(checked, step),
        *_imports(),
    ]


def _each(whole: Run, count: int) -> Run:
    return Run(whole.wall / count, whole.cpu / count)


def _batches(count: int) -> Iterator[tuple[list[Any], list[dict[str, Any]]]]:
    """Yield batches as torchvision's models take them. They share one picture: no pixel is looked at."""
    import numpy as np

    dice = np.random.default_rng(0)
    picture = np.zeros((3, HEIGHT, WIDTH), dtype=np.float32)
    for number in range(count):
        low = dice.uniform(0, (WIDTH - 200, HEIGHT - 200), (IMAGES, BOXES, 2))
        boxes = np.concatenate([low, low + dice.uniform(8, 200, low.shape)], axis=2).astype(np.float32)
        labels = dice.integers(1, 91, (IMAGES, BOXES))
        targets = [
            {"boxes": boxes[i], "labels": labels[i], "image_id": number * IMAGES + i} for i in range(IMAGES)
        ]
        yield [picture] * IMAGES, targets


def _beside_a_forward_pass(checked: Run, step: Run) -> list[Claim]:
    """Compare with the model itself on this machine, in training mode; nothing where it is not installed."""
    if find_spec("torch") is None or find_spec("torchvision") is None:
        print("training: no forward pass, torch and torchvision are not installed", file=sys.stderr)
        return []
    import torch
    from torchvision.models.detection import fasterrcnn_resnet50_fpn

    model = fasterrcnn_resnet50_fpn(weights=None, weights_backbone=None).train()
    batches = [
        (
            [torch.from_numpy(image) for image in images],
            [
                {"boxes": torch.from_numpy(one["boxes"]), "labels": torch.from_numpy(one["labels"])}
                for one in targets
            ],
        )
        for images, targets in _batches(FORWARDS)
    ]

    def forward() -> None:
        with torch.no_grad():  # which is faster than with them, and takes less memory
            for images, targets in batches:
                model(images, targets)

    whole = _each(timed(forward), FORWARDS)
    return [
        Claim(
            f"{name}, beside a forward pass of fasterrcnn_resnet50_fpn on the same CPU: percent",
            f"{100 * own.wall / whole.wall:.3f}",
            f"{100 * own.cpu / whole.cpu:.3f}",
            f"{1e3 * own.wall:.2f} ms, and {whole.wall:.1f} s for {IMAGES} images of {WIDTH}x{HEIGHT}",
            f"at most {100 * MOST_SHARE:g}",
            own.wall <= MOST_SHARE * whole.wall,
        )
        for name, own in (("A batch of `check`", checked), ("A step of `guard`", step))
    ]


def _imports() -> list[Claim]:
    """Of the names alone, and of what their first call needs."""
    code = {
        "nothing": "pass",
        "ours": "import anchoraudit; anchoraudit.check",
        "numpy": "import numpy",
        "first call": "import anchoraudit.auditing.audit, anchoraudit.training.monitor",
    }
    runs = side_by_side(
        {name: lambda line=line: run((PYTHON, "-c", line)) for name, line in code.items()}, rounds=IMPORTS
    )
    return [
        Claim(
            f"{what}: seconds more than `{code[beside]}`",
            f"{runs[name].wall - runs[beside].wall:.3f}",
            f"{runs[name].cpu - runs[beside].cpu:.3f}",
            f"{runs[name].wall:.3f} s (CPU {runs[name].cpu:.3f} s), `{code[beside]}` "
            f"{runs[beside].wall:.3f} s (CPU {runs[beside].cpu:.3f} s), medians of {IMPORTS}",
            "" if most is None else f"at most {most:g}",
            None if most is None else runs[name].wall - runs[beside].wall <= most,
        )
        for what, name, beside, most in (
            ("`import anchoraudit; anchoraudit.check` in a training script", "ours", "nothing", MOST_IMPORT),
            ("What the first call of `check` or `guard` imports", "first call", "numpy", None),
        )
    ]


if __name__ == "__main__":
    main(measure)
