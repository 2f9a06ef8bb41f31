"""Tensors of any library as NumPy arrays: looked at by their attributes, so that no library is imported."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from anchoraudit.arrays import Float, Int


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
    """Return width and height in pixels of a picture.

    It is PIL's, a tensor [C, H, W], an array [H, W, C], or either [H, W]. NaN for anything else, and for an
    image without pixels.
    """
    shape = getattr(image, "shape", None)
    if shape is None:
        size = getattr(image, "size", None)
        return (float(size[0]), float(size[1])) if isinstance(size, tuple) and len(size) == 2 else _UNKNOWN
    if 0 in shape:
        return _UNKNOWN
    if len(shape) == 2:
        return float(shape[1]), float(shape[0])
    if len(shape) != 3:
        return _UNKNOWN
    # Tensors have their channels first, arrays last, unless only the first number can be a count of them.
    last = isinstance(image, np.ndarray) and not (shape[0] in (1, 3, 4) and shape[2] not in (1, 3, 4))
    height, width = shape[:2] if last else shape[1:]
    return float(width), float(height)


_UNKNOWN = (float("nan"), float("nan"))


def type_name(value: object) -> str:
    """Return a type in words for a message: `a tensor of int64 [3, 4]`, `a list`."""
    if is_tensor(value):
        dtype = str(getattr(value, "dtype", "")).removeprefix("torch.")
        sides = ", ".join(map(str, shape_of(value)))
        return f"{dtype} [{sides}]"
    return f"a value of type {type(value).__name__}"
