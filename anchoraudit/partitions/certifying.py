"""The certificate of what `filter` writes part by part: of the one file, or of the list of all files.

The parts of a file are read by several processes at several times. So each file is hashed before the first
part is judged, and once more after the last one is written. From the first look on, its size and time stay
the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from anchoraudit import __version__
from anchoraudit.certificates.document import Certificate
from anchoraudit.certificates.issuing import (
    absolute,
    folder_of,
    judge_of,
    relative,
    require_foreground,
    require_here,
)
from anchoraudit.dataset.columns import Dataset
from anchoraudit.dataset.pieces import RewritableParts
from anchoraudit.errors import AnchorauditError
from anchoraudit.io import files, stores
from anchoraudit.loaders import PLAIN
from anchoraudit.partitions.auditing import Job
from anchoraudit.partitions.engines import Engine, Failed
from anchoraudit.partitions.partial import Partial
from anchoraudit.partitions.reading import InParts
from anchoraudit.partitions.slices import Slice


class Certifying:
    """Certifies what is written of a data set."""

    def __init__(self, parts: RewritableParts, job: Job, *, chosen: bool) -> None:
        """Prepare it. chosen: somebody named the detector.

        Raises AnchorauditError if the data set is not on this machine.
        """
        self._skeleton, self._chosen = job.plan.skeleton, chosen
        self._audit, _ = job.audited(Slice(self._skeleton))
        self._files = [*_files_of(parts, self._skeleton)]
        for path in self._files:
            require_here(path)
        self._digests: dict[Path, str] = {}

    def look(self, engine: Engine, reading: InParts) -> None:
        """Hash the files of the data set. Raises AnchorauditError if one cannot be read.

        Called again, it raises one if a file has changed.
        """
        for done, (index, found) in enumerate(engine.each(_sha256, None, self._files), 1):
            if isinstance(found, Failed):
                raise found.error
            path = self._files[index]
            if self._digests.setdefault(path, found) != found:
                raise AnchorauditError(
                    "the file has changed since it was audited", path=path, remedy="Run the command again."
                )
            reading.done("hashing files", done, len(self._files))

    def require_foreground(self, stays: Partial) -> None:
        """Raise AnchorauditError if an image stays that would train without foreground, or was not judged."""
        if self._audit.replayed is not None:
            require_foreground(stays.summary()["verdicts"])

    def certificate(self, path: Path, sha256: str, size: int, stays: Partial) -> Certificate:
        """Return the certificate of a file. sha256, size: of its bytes. stays: what is written."""
        counts, detector, loaded = stays.summary(), self._audit.replayed, self._audit.loaded
        folder = folder_of(self._skeleton.root)
        return Certificate(
            anchoraudit=__version__,
            sha256=sha256,
            bytes=size,
            images=counts["images"],
            boxes=counts["boxes"],
            classes=len(self._skeleton.categories),
            empty_masks=None if detector is None else 0,
            detector=None if detector is None else judge_of(detector, chosen=self._chosen),
            loader=None if loaded is None or loaded.loader == PLAIN else loaded.loader,
            dataset=relative(folder, path.parent),
            sources=_relative(self._digests, folder),
            labels={},
        )


def _files_of(parts: RewritableParts, skeleton: Dataset) -> Iterator[Path]:
    """Yield the files that a data set is read from."""
    is_file = stores.is_file(parts.root)
    for file in parts.outputs:
        yield parts.root if is_file else stores.below(parts.root, file.name)
    if (declared := skeleton.declared_classes) is not None:
        yield declared.path


def _relative(digests: Mapping[Path, str], folder: Path) -> dict[str, str]:
    return {relative(path, folder): digests[path] for path in sorted(digests, key=absolute)}


def _sha256(common: None, path: Path) -> Any:
    """Return the SHA-256 of a file. Raises AnchorauditError if it cannot be read."""
    from hashlib import file_digest

    del common
    try:
        with open(files.open_regular(path), "rb") as file:  # noqa: PTH123  a handle, not a path
            return file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise files.unreadable(path, error) from None
