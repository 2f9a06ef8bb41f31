"""What a user says about the columns of a table: `--columns "image=file,x1=left,..."`."""

from __future__ import annotations

from collections.abc import Mapping

from anchoraudit.errors import AnchorauditError, printable
from anchoraudit.io.suggest import did_you_mean

# What a column can be. Without the box: its numbers have names of their own.
_OTHERS = ("image", "file_name", "class", "split", "crowd", "image_width", "image_height")
_BOX = ("x1", "y1", "x2", "y2", "x", "y", "w", "h", "cx", "cy", "bbox")
KEYS = (*_OTHERS[:3], *_BOX, *_OTHERS[3:])
# How readers of tables call them, where that is another name.
_CALLED = {"class": "label", "label": "label", "image_width": "width", "image_height": "height"}

# A column for each thing, in the order in which they are named: what it is, as readers call it, and its name.
Columns = tuple[tuple[str, str], ...]


def parse_columns(said: str | Mapping[str, str | int] | None) -> Columns:
    """Return which column is what, from `image=file,class=kind`, or a mapping of the same.

    A column is its name in the table, or its number from 1. Raises AnchorauditError for an unknown key, one
    that is there twice, or a text of another form.

    >>> parse_columns("image=file, class=kind")
    (('image', 'file'), ('label', 'kind'))
    """
    if said is None:
        return ()
    pairs: list[tuple[str, str]] = []
    if isinstance(said, str):
        for part in said.split(","):
            key, equals, column = (each.strip() for each in part.partition("="))
            if not (equals and key and column):
                raise AnchorauditError(
                    f"--columns: {printable(part.strip()) or 'an empty part'} is not KEY=COLUMN",
                    remedy='Write it like "image=file,x1=left,y1=top,x2=right,y2=bottom,class=kind".',
                )
            pairs.append((key, column))
    else:
        pairs = [(str(key), str(column)) for key, column in said.items()]
    found: dict[str, str] = {}
    for key, column in pairs:
        name = _CALLED.get(key, key)
        if key not in KEYS and key not in _CALLED:
            hint = _OF_SIDES if key in ("width", "height") else did_you_mean(key, KEYS)
            raise AnchorauditError(
                f"--columns: unknown key {printable(key)!r}", remedy=f"{hint}Keys: {', '.join(KEYS)}."
            )
        if name in found:
            raise AnchorauditError(f"--columns: {key} is there twice", remedy="Name one column for it.")
        found[name] = column
    return tuple(found.items())


_OF_SIDES = "w and h are the box's sides, image_width and image_height the image's. "
