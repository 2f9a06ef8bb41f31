"""Which splits are trained on, by their names."""

from __future__ import annotations

from collections.abc import Iterable


def is_training(name: str) -> bool:
    """Tell whether a split is for training: its name has `train` in it, as `train2017` and `trainval` have.

    Examples
    --------
    >>> is_training("VOC2007/trainval"), is_training("val")
    (True, False)
    """
    return "train" in name.casefold()


def is_evaluation(name: str) -> bool:
    """Tell whether a split is for evaluation alone, as `val2017`, `test-dev` and `VOC2007/test` are.

    Examples
    --------
    >>> is_evaluation("val2017"), is_evaluation("trainval"), is_evaluation("a")
    (True, False, False)
    """
    return name.casefold().rpartition("/")[2].startswith(("val", "test", "dev", "eval", "minival"))


def is_split(name: str) -> bool:
    """Tell whether a folder or file of this name is that of a split.

    Examples
    --------
    >>> is_split("train"), is_split("val2017"), is_split("images")
    (True, True, False)
    """
    return is_training(name) or is_evaluation(name)


def training_splits(names: Iterable[str]) -> list[str]:
    """Return the splits that are for training, each once, in order: by their names, or else the only one.

    Examples
    --------
    >>> training_splits(["train", "val"]), training_splits([""]), training_splits(["a", "b"])
    (['train'], [''], [])
    """
    every = list(dict.fromkeys(names))
    return [name for name in every if is_training(name)] or (every if len(every) == 1 else [])


def thing_of_split(name: str) -> str:
    """Return the name that a finding about a split is known by, as in `Finding.thing`."""
    return f"split {name}"
