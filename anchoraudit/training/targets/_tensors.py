"""Tensors of any library as NumPy arrays: looked at by their attributes, so that no library is imported."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from anchoraudit.arrays import Float, Int
from anchoraudit.images.in_memory import size_in_memory


def is_tensor(value: object) -> bool:
    """Tell whether this has a shape and a dtype, as arrays and tensors have."""
    return hasattr(value, "shape") and hasattr(value, "dtype")


def shape_of(value: Any) -> tuple[int, ...]:
    """Return the shape of an array, a tensor or nested lists; () for a number."""
    shape = getattr(value, "shape", None)
    if shape is None:
        shape = np.shape(value)
    return tuple(int(side) for side in shape)


def as_array(value: Any) -> npt.NDArray[Any]:
    """Return an array, a tensor (from whatever device, without its gradient) or a list as a NumPy array.

    A bfloat16, which NumPy lacks, becomes float32. The values are not copied if they need not be.
    """
    if isinstance(value, np.ndarray):
        return value
    if hasattr(value, "detach"):
        value = value.detach()
        if getattr(getattr(value, "device", None), "type", "cpu") != "cpu":
            value = value.cpu()
        if str(value.dtype) == "torch.bfloat16":
            value = value.float()
        return np.asarray(value.numpy())
    if hasattr(value, "numpy"):  # TensorFlow, JAX
        return np.asarray(value.numpy())
    return np.asarray(value)


def boxes_array(value: Any) -> Float:
    """Return boxes as float64 [n, 4]; [0, 4] for any array without elements."""
    array = as_array(value)
    if array.size == 0:
        return np.empty((0, 4))
    return array.astype(np.float64, copy=False).reshape(-1, 4)


def labels_array(value: Any) -> Int:
    """Return class indices as int64 [n]. Floats, as Ultralytics has them, are cut to whole numbers."""
    array: Int = as_array(value).reshape(-1).astype(np.int64, copy=False)
    return array


def image_size(image: Any) -> tuple[float, float]:
    """Return width and height in pixels of a picture; NaN if unknown, and for an image without pixels."""
    if 0 in getattr(image, "shape", ()):
        return _UNKNOWN
    return size_in_memory(image) or _UNKNOWN


_UNKNOWN = (float("nan"), float("nan"))


def type_name(value: object) -> str:
    """Return a type in words for a message: `a tensor of int64 [3, 4]`, `a list`."""
    if is_tensor(value):
        dtype = str(getattr(value, "dtype", "")).removeprefix("torch.")
        sides = ", ".join(map(str, shape_of(value)))
        return f"{dtype} [{sides}]"
    return f"a value of type {type(value).__name__}"
