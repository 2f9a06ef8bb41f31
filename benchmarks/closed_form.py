"""The closed form beside the enumeration of all anchors: the same best IoUs, and how much sooner."""

from __future__ import annotations

from pathlib import Path

from _data import coco_file
from _measure import Claim, Run, main, side_by_side, timed

LEAST_TIMES = 1_000
SAMPLE = 200


def measure(data: Path) -> list[Claim]:
    """Time per image: the closed form on every image, the enumeration on a sample of them."""
    import numpy as np

    from anchoraudit import load_detector, read
    from anchoraudit.encoding import dense
    from anchoraudit.encoding.canvas import on_canvas
    from anchoraudit.encoding.closed_form import best_ious
    from anchoraudit.labels import prepare

    detector = load_detector("reference")
    dataset = read(coco_file(data))
    rows = np.flatnonzero(prepare(dataset).usable)
    rows = rows[np.argsort(dataset.boxes.image[rows], kind="stable")]
    usable = on_canvas(dataset, rows, detector.resize)
    image = dataset.boxes.image[rows]
    images, first = np.unique(image, return_index=True)
    ends = np.append(first[1:], len(image))
    sample = np.random.default_rng(0).choice(len(images), SAMPLE, replace=False)
    inputs = [
        (usable.boxes[own], float(usable.width[own.start]), float(usable.height[own.start]))
        for own in (slice(first[i], ends[i]) for i in sample.tolist())
    ]

    def enumerate_anchors() -> list[np.ndarray]:
        return [dense.replay(*of_image, detector).best_iou for of_image in inputs]

    def closed_form() -> np.ndarray:
        best: np.ndarray = best_ious(usable.boxes, usable.width, usable.height, detector)
        return best

    best = closed_form()
    expected = enumerate_anchors()
    pairs = [(best[first[i] : ends[i]], of) for i, of in zip(sample.tolist(), expected, strict=True)]
    equal = sum(np.array_equal(ours, theirs) for ours, theirs in pairs)
    boxes = sum(len(of) for of in expected)

    runs = side_by_side({"dense": lambda: timed(enumerate_anchors), "closed": lambda: timed(closed_form)})
    slow, fast = _per_image(runs["dense"], SAMPLE), _per_image(runs["closed"], len(images))
    times = slow.wall / fast.wall
    return [
        Claim(
            "Closed form: times faster per image than enumerating all anchors",
            f"{times:,.0f}",
            f"{slow.cpu / fast.cpu:,.0f}",
            f"enumeration {1e3 * slow.wall:.2f} ms an image ({SAMPLE} images), closed form "
            f"{1e6 * fast.wall:.2f} µs an image ({len(images):,} images, {len(image):,} boxes in "
            f"{runs['closed'].wall:.2f} s)",
            f"at least {LEAST_TIMES:,}",
            times >= LEAST_TIMES,
        ),
        Claim(
            "Closed form: images with the very same best IoUs",
            f"{equal} of {SAMPLE}",
            "",
            f"{boxes:,} boxes compared, every bit of them",
            "all",
            equal == SAMPLE,
        ),
    ]


def _per_image(run: Run, images: int) -> Run:
    return Run(run.wall / images, run.cpu / images)


if __name__ == "__main__":
    main(measure)
