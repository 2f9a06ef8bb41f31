"""K-means that turns box sizes into anchors. Importing this imports scikit-learn."""

from anchoraudit.io.memory import SCIKIT_LEARN, require

require(SCIKIT_LEARN)

from anchoraudit.anchors.clustering.estimator import METRICS, AnchorKMeans  # noqa: E402

__all__ = ["METRICS", "AnchorKMeans"]
