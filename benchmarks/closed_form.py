"""The closed form beside the enumeration of all anchors: the same answers, and how much sooner."""

from __future__ import annotations

from pathlib import Path

from _data import coco_file
from _measure import Claim, Run, main, side_by_side, timed

# Detector, how many times faster at least, images enumerated.
DETECTORS = (("reference", 1_000, 200), ("torchvision-fasterrcnn_resnet50_fpn", 3_000, 40))
TOLERANCE = 1e-5


def measure(data: Path) -> list[Claim]:
    """Time per image: the closed form on every image, the enumeration on a sample of them."""
    from anchoraudit import read

    dataset = read(coco_file(data))
    return [claim for name, least, sample in DETECTORS for claim in _measure(dataset, name, least, sample)]


def _measure(dataset: object, name: str, least: int, sample: int) -> list[Claim]:
    import numpy as np

    from anchoraudit import Dataset, load_detector
    from anchoraudit.dataset.labels import prepare
    from anchoraudit.encoding import engines
    from anchoraudit.encoding.canvas import clip_all, place_all

    assert isinstance(dataset, Dataset)
    detector = load_detector(name)
    rows = np.flatnonzero(prepare(dataset).usable)
    rows = rows[np.argsort(dataset.boxes.image[rows], kind="stable")]
    placed = place_all(clip_all(dataset, rows), detector)
    image = dataset.boxes.image[rows]
    images, first = np.unique(image, return_index=True)
    ends = np.append(first[1:], len(image))
    chosen = np.random.default_rng(0).choice(len(images), sample, replace=False).tolist()
    canvases = placed.boxes.canvases
    inputs = [
        (placed.boxes.boxes[first[i] : ends[i]], canvases.take(placed.of_image[images[[i]]])) for i in chosen
    ]

    def enumerate_anchors() -> list[engines.dense.DenseLabels]:
        return [engines.replay(boxes, canvas, detector) for boxes, canvas in inputs]

    judged = engines.judge(placed.boxes, detector)
    expected = enumerate_anchors()
    equal = sum(
        np.array_equal(judged.matched[first[i] : ends[i]], labels.above)
        and np.array_equal(judged.forced[first[i] : ends[i]], labels.forced & ~labels.above)
        and bool(np.all(np.abs(judged.best[first[i] : ends[i]] - labels.best_iou) <= TOLERANCE))
        for i, labels in zip(chosen, expected, strict=True)
    )
    runs = side_by_side(
        {
            "dense": lambda: timed(enumerate_anchors),
            "closed": lambda: timed(lambda: engines.judge(placed.boxes, detector)),
        }
    )
    slow, fast = _per_image(runs["dense"], sample), _per_image(runs["closed"], len(images))
    times = slow.wall / fast.wall
    return [
        Claim(
            f"Closed form, {name}: times faster per image than enumerating all anchors",
            f"{times:,.0f}",
            f"{slow.cpu / fast.cpu:,.0f}",
            f"enumeration {1e3 * slow.wall:.2f} ms an image ({sample} images), closed form "
            f"{1e6 * fast.wall:.2f} µs an image ({len(images):,} images, {len(image):,} boxes in "
            f"{runs['closed'].wall:.2f} s)",
            f"at least {least:,}",
            times >= least,
        ),
        Claim(
            f"Closed form, {name}: images with the same answer for every box",
            f"{equal} of {sample}",
            "",
            f"{sum(len(labels.best_iou) for labels in expected):,} boxes compared: the same status, best IoU "
            f"within {TOLERANCE:g}",
            "all",
            equal == sample,
        ),
    ]


def _per_image(run: Run, images: int) -> Run:
    return Run(run.wall / images, run.cpu / images)


if __name__ == "__main__":
    main(measure)
