"""K-means that turns box sizes into anchors. `AnchorKMeans` imports scikit-learn, `centres` does without."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from anchoraudit.anchors.clustering.estimator import METRICS, AnchorKMeans

__all__ = ["METRICS", "AnchorKMeans"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from anchoraudit.io.memory import SCIKIT_LEARN, require

    require(SCIKIT_LEARN)
    from anchoraudit.anchors.clustering import estimator

    return getattr(estimator, name)
