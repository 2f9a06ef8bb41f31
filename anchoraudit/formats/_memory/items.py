"""The items of a map-style data set, one by one: `dataset[i]`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from anchoraudit.errors import AnchorauditError
from anchoraudit.io.steps import counted

ONE_DRAW = (
    "read as `dataset[i]` hands its items over, after its transforms: if these are random, it is one draw"
)


def items_of(dataset: Any, numbers: Iterable[int]) -> Iterator[Any]:
    """Yield items by their numbers, and say how far it is.

    Raises AnchorauditError if the data set raises at one.
    """
    wanted = list(numbers)
    yield from counted((_item(dataset, number) for number in wanted), "reading items", len(wanted), each=1)


def _item(dataset: Any, number: int) -> Any:
    try:
        return dataset[number]
    except AnchorauditError:
        raise
    except Exception as error:
        raise AnchorauditError(
            f"the data set raises {type(error).__name__}: {error}",
            path=Path(f"<{type(dataset).__name__}>"),
            place=f"[{number}]",
            remedy="Training would stop there too. The cause is in the data set or its transforms.",
        ) from error
