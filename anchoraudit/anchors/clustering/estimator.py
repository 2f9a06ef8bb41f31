"""Anchors from the boxes themselves: k-means with a distance that says how badly an anchor fits a box."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, ClusterMixin, TransformerMixin
from sklearn.cluster import KMeans
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data
from threadpoolctl import threadpool_limits

from anchoraudit.anchors.clustering.centres import (
    ROUNDS,
    STARTS,
    by_area,
    check_range,
    distinct_sizes,
    find_centres,
)
from anchoraudit.anchors.clustering.points import summarise
from anchoraudit.anchors.clustering.search import FINE
from anchoraudit.arrays import Float
from anchoraudit.boxes import MEASURES, similarity_table

METRICS = (*MEASURES, "euclidean")
# Boxes at a time: with 9 anchors a table of distances takes 1.2 MB, which stays in the processor's cache.
CHUNK = 16_384


class AnchorKMeans(ClassNamePrefixFeaturesOutMixin, TransformerMixin, ClusterMixin, BaseEstimator):  # type: ignore[misc]
    """Cluster box sizes into anchors. A scikit-learn estimator.

    Parameters
    ----------
    n_clusters : int
        How many anchors to find.
    metric : {"iou", "ratio", "euclidean"}
        The distance between a box and an anchor.

        - ``"iou"``: 1 - IoU of the two with the same centre, the distance of YOLOv2 (Redmon and Farhadi 2017,
          section 2). The fit maximises the mean best IoU of the boxes.
        - ``"ratio"``: 1 - min(w/wa, wa/w, h/ha, ha/h), by which YOLOv5 assigns boxes (`utils/autoanchor.py`).
        - ``"euclidean"``: the distance in pixels, by `sklearn.cluster.KMeans`. Large boxes count most.
    n_init : int
        How many k-means++ starts compete.
    max_iter : int
        The most rounds that a step of the search may take.
    random_state : int, RandomState or None
        As in scikit-learn. An integer gives the same answer each time, bit for bit, whatever the number of
        threads.

    Attributes
    ----------
    cluster_centers_ : ndarray of shape (n_clusters, 2)
        The anchors: widths and heights, smallest area first, in the unit of the sizes.
    labels_ : ndarray of shape (n,)
        The index of each box's best anchor.
    inertia_ : float
        Weighted sum of the distances between boxes and their best anchors; of the squared distances for
        ``"euclidean"``, as in `KMeans`. For ``"iou"`` the mean best IoU is 1 - inertia_ / sum of weights.
    n_iter_ : int
        Rounds of the last step: sweeps over the anchors until no single move helped, or iterations of
        `KMeans`.
    n_features_in_ : int
        2.

    Notes
    -----
    ``"iou"`` and ``"ratio"`` search in five steps: k-means++ seeds by squared distance; k-means
    with the median as centre; a climb on the objective itself; single anchors relocated to boxes without a
    good one; moves of single anchors until none helps. Equal sizes are merged into one with their joint
    weight. Large sets are searched on a histogram of at most 12,000 sizes; `labels_` and `inertia_` are of
    all boxes.

    Examples
    --------
    >>> from anchoraudit.anchors.clustering import AnchorKMeans
    >>> sizes = [[10, 10], [10, 12], [100, 50], [100, 50]]
    >>> AnchorKMeans(n_clusters=2).fit(sizes).predict([[9, 11], [90, 60]]).tolist()
    [0, 1]
    """

    def __init__(
        self,
        n_clusters: int = 9,
        *,
        metric: str = "iou",
        n_init: int = STARTS,
        max_iter: int = ROUNDS,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.n_clusters = n_clusters
        self.metric = metric
        self.n_init = n_init
        self.max_iter = max_iter
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: object = None, sample_weight: ArrayLike | None = None) -> Self:  # noqa: N803
        """Find the anchors.

        Parameters
        ----------
        X : array-like of shape (n, 2)
            Widths and heights of the boxes, in pixels of the network's input.
        y : ignored
            Exists because scikit-learn passes it.
        sample_weight : array-like of shape (n,), optional
            How much each box counts. A box of weight 0 has no influence.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            For a parameter out of range, for a size that is not positive and finite (with its row), and if
            there are fewer distinct sizes than anchors.

        Examples
        --------
        >>> AnchorKMeans(n_clusters=1).fit([[10, 20], [10, 20]]).cluster_centers_.tolist()
        [[10.0, 20.0]]
        """
        self._check_parameters()
        sizes = self._check_sizes(X, reset=True)
        weight = _check_weight(sample_weight, len(sizes))
        distinct, total = distinct_sizes(sizes, weight, self.n_clusters)
        centers, self.n_iter_ = self._find(distinct, total)
        self.cluster_centers_ = by_area(centers)
        self.labels_, distance = self._assign(sizes)
        self.inertia_ = self._inertia(distance, weight)
        return self

    def predict(self, X: ArrayLike) -> NDArray[np.int32]:  # noqa: N803
        """Return the index of the best anchor (n,) for sizes X (n, 2). On ties, the smaller anchor.

        Examples
        --------
        >>> found = AnchorKMeans(n_clusters=2).fit([[10, 20], [40, 40]])
        >>> found.predict([[12, 18], [50, 50]]).tolist()
        [0, 1]
        """
        check_is_fitted(self)
        return self._assign(self._check_sizes(X))[0]

    def transform(self, X: ArrayLike) -> Float:  # noqa: N803
        """Return the distance (n, n_clusters) between sizes X (n, 2) and every anchor.

        Examples
        --------
        >>> found = AnchorKMeans(n_clusters=2).fit([[10, 20], [40, 40]])
        >>> found.transform([[10, 20]]).tolist()
        [[0.0, 0.875]]
        """
        check_is_fitted(self)
        return np.ascontiguousarray(self._distances(self._check_sizes(X)).T)

    def score(self, X: ArrayLike, y: object = None, sample_weight: ArrayLike | None = None) -> float:  # noqa: N803
        """Return minus the inertia of sizes X (n, 2): larger is better, as in `KMeans`. `y` is ignored.

        Examples
        --------
        >>> found = AnchorKMeans(n_clusters=1).fit([[10, 20]])
        >>> found.score([[10, 10]])
        -0.5
        """
        check_is_fitted(self)
        sizes = self._check_sizes(X)
        return -self._inertia(self._assign(sizes)[1], _check_weight(sample_weight, len(sizes)))

    @property
    def _n_features_out(self) -> int:
        """Columns of `transform`. scikit-learn reads this to name them."""
        return len(self.cluster_centers_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        return tags

    def _find(self, distinct: Float, weight: Float) -> tuple[Float, int]:
        """Return anchors (k, 2) and the rounds needed, for distinct sizes (n, 2), positive weights (n,)."""
        if len(distinct) == self.n_clusters:
            return distinct, 1
        seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        if self.metric == "euclidean":
            return _euclidean(distinct, weight, self.n_clusters, self.n_init, self.max_iter, seed=seed)
        return find_centres(
            distinct,
            weight,
            self.n_clusters,
            metric=self.metric,
            starts=self.n_init,
            rounds=self.max_iter,
            seed=seed,
        )

    def _distances(self, sizes: Float) -> Float:
        """Return the distance between every anchor and size (n, 2): (k, n)."""
        if self.metric == "euclidean":
            return similarity_table(_pixel_distance, sizes, self.cluster_centers_)
        return 1.0 - similarity_table(MEASURES[self.metric].similarity, sizes, self.cluster_centers_)

    def _assign(self, sizes: Float) -> tuple[NDArray[np.int32], Float]:
        """Return the nearest anchor (n,) for sizes (n, 2), and its distance (n,)."""
        labels, nearest = np.empty(len(sizes), dtype=np.int32), np.empty(len(sizes))
        for start in range(0, len(sizes), CHUNK):
            part = slice(start, start + CHUNK)
            distances = self._distances(sizes[part])
            labels[part], nearest[part] = distances.argmin(axis=0), distances.min(axis=0)
        return labels, nearest

    def _inertia(self, distance: Float, weight: Float) -> float:
        """Return the weighted sum of distances (n,) to the best anchor, squared for the Euclidean metric."""
        return float(np.sum(weight * (distance**2 if self.metric == "euclidean" else distance)))

    def _check_parameters(self) -> None:
        if self.metric not in METRICS:
            raise ValueError(f"metric={self.metric!r} is not known: choose one of {', '.join(METRICS)}")
        for name in ("n_clusters", "n_init", "max_iter"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
                raise ValueError(f"{name}={value!r} must be a whole number of at least 1")

    def _check_sizes(self, X: ArrayLike, *, reset: bool = False) -> Float:  # noqa: N803
        """Return X as floats (n, 2), positive and finite. Raises ValueError with the first bad row."""
        sizes: Float = validate_data(self, X, reset=reset, dtype=np.float64, ensure_all_finite=False)
        if sizes.shape[1] != 2:
            raise ValueError(f"X must have 2 columns, width and height, and has {sizes.shape[1]} feature(s)")
        return check_range(sizes)


def _check_weight(sample_weight: ArrayLike | None, count: int) -> Float:
    """Return the weights as floats (count,), all 1 by default. Raises ValueError with the first bad one."""
    if sample_weight is None:
        return np.ones(count)
    weight = np.asarray(sample_weight, dtype=np.float64)
    if weight.shape != (count,):
        raise ValueError(
            f"sample_weight.shape == {weight.shape}, expected ({count},): one weight for each row"
        )
    wrong = np.flatnonzero(~(np.isfinite(weight) & (weight >= 0)))
    if len(wrong):
        raise ValueError(f"sample_weight[{wrong[0]}] is {weight[wrong[0]]}: weights are finite, 0 or more")
    if not weight.any():
        raise ValueError("sample_weight is zero for every row: at least one box must count")
    return weight


def _euclidean(
    sizes: Float, weight: Float, k: int, starts: int, rounds: int, *, seed: int
) -> tuple[Float, int]:
    """Run scikit-learn's k-means. The starts compete on a summary of the sizes; the best continues on all.

    One thread only, because the last bits of the centres depend on how many threads share the sums.
    """
    with threadpool_limits(limits=1):
        few, their_weight = summarise(sizes, weight, max(FINE, 4 * k))
        model = KMeans(k, n_init=starts, max_iter=rounds, random_state=seed)
        model.fit(few, sample_weight=their_weight)
        if len(few) < len(sizes):
            model = KMeans(k, init=model.cluster_centers_, n_init=1, max_iter=rounds, random_state=seed)
            model.fit(sizes, sample_weight=weight)
    return model.cluster_centers_, int(model.n_iter_)


def _pixel_distance(w1: Float, h1: Float, w2: Float, h2: Float) -> Float:
    """Return the length of the difference of two sizes, in pixels. Broadcast."""
    return np.hypot(w1 - w2, h1 - h2)
