"""Clustering box sizes into anchors. Importing this imports scikit-learn."""

from anchoraudit.clustering.estimator import AnchorKMeans

__all__ = ["AnchorKMeans"]
