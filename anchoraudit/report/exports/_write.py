"""Writes the flagged images for another program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from anchoraudit.auditing.audit import Audit, audit
from anchoraudit.errors import AnchorauditError
from anchoraudit.io.outputs import make_folder, replacing, together
from anchoraudit.report.exports import target_of
from anchoraudit.report.exports._flagged import choose

if TYPE_CHECKING:
    from anchoraudit.auditing.audit import Auditable


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    folder: where. files: their names. images, boxes: how many are in them. how: how the program imports them.
    remarks: what could not be written, as sentences.
    """

    folder: Path
    files: tuple[str, ...]
    images: int
    boxes: int
    how: str
    remarks: tuple[str, ...] = ()


def export(
    source: Auditable,
    folder: str | Path,
    to: str,
    *,
    verdicts: Sequence[str] = (),
    force: bool = False,
) -> Exported:
    """Write the flagged images of an audit as files that another program imports.

    Each image has its verdict, the causes of its unmatched boxes, and its split as tags; each box its
    status and its cause.

    Parameters
    ----------
    source : Audit, or what `audit` audits
        The audit. A data set is audited first, with the default detector.
    folder : str or Path
        Where the files go. It is made if it does not exist.
    to : {"coco", "cvat", "fiftyone", "labelstudio"}
        The program.
    verdicts : sequence of str, optional
        The images with these verdicts; ``"all"`` for all images. Default: those that a report lists as
        flagged. Without a detector, those with an error.
    force : bool
        Replace files of the same names.

    Returns
    -------
    Exported
        What was written, and how the program imports it.

    Raises
    ------
    AnchorauditError
        If the program or a verdict is unknown, if no image has such a verdict, if a file is there already
        or is one of the data set, or if it cannot be written.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> written = export("sample_data/coco", mkdtemp(), "cvat")
    >>> written.files, written.images
    (('annotations.xml', 'labels.json'), 19)
    """
    target = target_of(to)
    result = source if isinstance(source, Audit) else audit(source)
    flagged = choose(result, tuple(verdicts), without_size=target.WITHOUT_SIZE)
    place, files = Path(folder), target.files(flagged)
    _require_free(result, place, files, force=force)
    with together():
        make_folder(place)
        for name, pieces in files.items():
            with replacing(place / name) as stream:
                for piece in pieces:
                    stream.write(piece.encode("utf-8", "backslashreplace"))
    return Exported(
        place,
        tuple(files),
        len(flagged.images),
        flagged.boxes_written,
        target.HOW.format(folder=place),
        tuple(flagged.remarks()),
    )


def _require_free(result: Audit, folder: Path, files: dict[str, Iterator[str]], *, force: bool) -> None:
    """Raise AnchorauditError where a file would replace one that should stay."""
    if folder.exists() and not folder.is_dir():
        raise AnchorauditError("this is a file, not a folder", path=folder, remedy="Name a folder.")
    of_dataset = {source.path.resolve() for source in result.dataset.sources}
    for name in files:
        path = folder / name
        if path.resolve() in of_dataset:
            raise AnchorauditError(
                "this file is one of the data set; inputs are never changed",
                path=path,
                remedy="Name another folder.",
            )
        if path.exists() and not force:
            raise AnchorauditError(
                "the output exists already", path=path, remedy="Name another folder, or use --force."
            )
