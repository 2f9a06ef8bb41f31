"""What objects of frameworks hold, asked for without importing the frameworks."""

from __future__ import annotations

from typing import Any

_TRANSFORMS = ("transforms", "transform", "target_transform", "_transforms", "augmentations", "pipeline")


def held(owner: Any, name: str) -> Any:
    """Return an attribute of an object, None if it has none, or if asking for it raises anything."""
    try:
        return getattr(owner, name, None)
    except Exception:  # whatever a property or a `__getattr__` of somebody else raises
        return None


def plain(value: Any) -> Any:
    """Return arrays, tensors and NumPy's numbers as lists and numbers of Python, anything else as it is."""
    return value.tolist() if hasattr(value, "tolist") else value


def without_transforms(dataset: Any) -> list[str]:
    """Return the note that transforms are not applied; [] if the data set has none."""
    transform = held(held(dataset, "_format_kwargs") or {}, "get")
    own = [held(dataset, name) for name in _TRANSFORMS]
    has = any(one is not None and one is not False and held(one, "transforms") != [] for one in own)
    has = has or (callable(transform) and transform("transform") is not None)
    words = "its transforms are not applied: images and boxes are as its annotations have them"
    return [words] if has else []


def is_endless(source: Any) -> bool:
    """Tell whether it is an IterableDataset of torch, which only can be iterated over."""
    return any(
        base.__name__ == "IterableDataset" and base.__module__.partition(".")[0] in ("torch", "datasets")
        for base in type(source).__mro__
    )


def is_loader(source: Any) -> bool:
    """Tell whether it is a loader of batches, which has a data set, such as a DataLoader of torch."""
    return held(source, "dataset") is not None and (
        hasattr(type(source), "batch_sampler") or held(source, "batch_sampler") is not None
    )
