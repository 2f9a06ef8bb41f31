"""K-means that turns box sizes into anchors. Importing this imports scikit-learn."""

from anchoraudit.anchors.clustering.estimator import METRICS, AnchorKMeans

__all__ = ["METRICS", "AnchorKMeans"]
