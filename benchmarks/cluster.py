"""Nine anchors from 860,000 boxes: how long the clustering takes, and how well they fit beside k-means."""

from __future__ import annotations

from pathlib import Path

from _data import coco_file
from _measure import PROGRAM, Claim, main, median, run, side_by_side, timed

MOST_SECONDS = 10.0
K, INPUT_SIZE = 9, "640"


def measure(data: Path) -> list[Claim]:
    """Seconds of the fit, of scikit-learn's and of the whole command; mean best IoU of both."""
    file = coco_file(data)
    command = (*PROGRAM, "cluster", str(file), "--k", str(K), "--input-size", INPUT_SIZE)
    whole = median([run(command) for _ in range(3)])

    from sklearn.cluster import KMeans

    from anchoraudit import AnchorKMeans, load_detector, measure_fit, read
    from anchoraudit.anchors.clustered import network_sizes
    from anchoraudit.detectors import override

    sizes = network_sizes(read(file), override(load_detector("reference"), input_size=INPUT_SIZE))
    ours, theirs = AnchorKMeans(n_clusters=K), KMeans(n_clusters=K, n_init=10, random_state=0)
    runs = side_by_side({"ours": lambda: timed(lambda: ours.fit(sizes))})
    runs |= side_by_side({"theirs": lambda: timed(lambda: theirs.fit(sizes))}, rounds=1)
    fits = [measure_fit(sizes, model.cluster_centers_).mean_iou for model in (ours, theirs)]
    seconds = runs["ours"].wall
    return [
        Claim(
            f"Clustering, {len(sizes):,} boxes into {K} anchors: seconds",
            f"{seconds:.2f}",
            f"{runs['ours'].cpu:.2f}",
            f"scikit-learn's KMeans with 10 starts {runs['theirs'].wall:.2f} s (CPU "
            f"{runs['theirs'].cpu:.2f} s); the command with its reading {whole.wall:.2f} s (CPU "
            f"{whole.cpu:.2f} s)",
            f"at most {MOST_SECONDS:g}",
            seconds <= MOST_SECONDS,
        ),
        Claim(
            "Clustering: mean IoU of a box with its best anchor",
            f"{fits[0]:.4f}",
            "",
            f"scikit-learn's KMeans, in pixels: {fits[1]:.4f}",
            f"above {fits[1]:.4f}",
            fits[0] > fits[1],
        ),
    ]


if __name__ == "__main__":
    main(measure)
