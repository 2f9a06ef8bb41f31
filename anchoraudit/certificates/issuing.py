"""Makes the certificates of the manifests that a filter writes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from anchoraudit import __version__
from anchoraudit.arrays import Bool
from anchoraudit.auditing.audit import Audit
from anchoraudit.certificates.definition import definition_sha256
from anchoraudit.certificates.document import Certificate, Judge
from anchoraudit.dataset.columns import Dataset
from anchoraudit.detectors import Detector, load_detector, preset_names
from anchoraudit.encoding.verdicts import WITHOUT_FOREGROUND
from anchoraudit.errors import AnchorauditError
from anchoraudit.io import unchanged
from anchoraudit.io.addresses import is_address
from anchoraudit.io.unchanged import Reading
from anchoraudit.loaders import PLAIN
from anchoraudit.manifest.keeping import Filtered
from anchoraudit.manifest.writing import Written

# The verdicts of images that train without foreground.
_EMPTY = (*WITHOUT_FOREGROUND, "left_out")


class Issuer:
    """Certifies the manifests that are written of a filtered data set."""

    def __init__(self, filtered: Filtered, record: Mapping[str, Reading]) -> None:
        """Prepare it. record: how the files of the data set were read to be audited.

        Raises AnchorauditError if a kept image would train without foreground, or could not be judged; if a
        file changed since it was audited, or was not recorded.
        """
        _require_foreground(filtered)
        _require_recorded(filtered.audit.original, record)
        self._audit, self._dataset = filtered.audit, filtered.audit.original
        self._by_path = {absolute(path): (path, reading) for path, reading in record.items()}
        self._folder = folder_of(self._dataset.root)
        self._digests: dict[str, str] = {}  # each file is hashed once, whatever the number of manifests
        every = np.ones(len(self._dataset.images), dtype=np.bool_)
        of_images = {*self._label_files(every)}
        self._sources = {
            relative(path, self._folder): self._digest(path) or ""
            for path in sorted(self._by_path)
            if path not in of_images
        }

    def labels(self, own: Bool) -> dict[str, str | None]:
        """Return the SHA-256 of the annotation file of each image of a manifest that has one of its own.

        own: bool [N], which images. None for a file that is not there.

        Raises AnchorauditError if one changed since it was audited.
        """
        return {relative(path, self._folder): self._digest(path) for path in sorted(self._label_files(own))}

    def certificate(self, written: Written, labels: Mapping[str, str | None]) -> Certificate:
        """Return the certificate of a manifest. labels: those of its images."""
        audit = self._audit
        detector = audit.replayed
        return Certificate(
            anchoraudit=__version__,
            sha256=written.sha256,
            bytes=written.bytes,
            images=written.images,
            boxes=written.boxes,
            classes=len(self._dataset.categories),
            empty_masks=None if detector is None else 0,
            detector=None if detector is None else judge_of(detector, chosen=audit.detector_chosen),
            loader=_loader(audit, written),
            dataset=relative(self._folder, written.path.parent),
            sources=self._sources,
            labels=labels,
        )

    def _label_files(self, own: Bool) -> Iterator[str]:
        images = self._dataset.images
        for image in np.flatnonzero(own).tolist():
            source = self._dataset.sources[int(images.source[image])]
            if source.suffix:
                yield absolute(f"{source.path}/{images.ids[image]}{source.suffix}")

    def _digest(self, path: str) -> str | None:
        """Return the SHA-256 of a file as it was audited, and still is; None if it was and is not there."""
        if path not in self._by_path:
            if os.path.lexists(path):
                raise unchanged.changed(path, "is new")
            return None
        if path not in self._digests:
            self._digests[path] = unchanged.sha256_again(*self._by_path[path])
        return self._digests[path]


def _require_foreground(filtered: Filtered) -> None:
    audit, keep = filtered.audit, filtered.keep
    if audit.replayed is not None:
        counts = {name: int(np.count_nonzero(keep & audit.verdict_is(name))) for name in (*_EMPTY, "unknown")}
        require_foreground(counts, keeps_blank=filtered.keeps_blank)


def require_foreground(verdicts: Mapping[str, int], *, keeps_blank: bool = False) -> None:
    """Raise AnchorauditError if an image that stays would train without foreground, or was not judged.

    verdicts: how many stay of each. keeps_blank: as in `Filtered`.
    """
    counts = {name: verdicts.get(name, 0) for name in (*_EMPTY, "unknown")}
    found = [f"{number:,} {name}" for name, number in counts.items() if number]
    if not found and keeps_blank:
        found = ["blank"]  # a scan of what is written would find them
    if found:
        drop = ",".join((*_EMPTY, "unknown") if counts["unknown"] else _EMPTY)
        raise AnchorauditError(
            f"not certified, and nothing was written: images without foreground, or of unknown size, "
            f"would stay ({', '.join(found)})",
            remedy=f"Drop them, too: omit --keep-blank, and give --drop {drop}.",
        )


def _require_recorded(dataset: Dataset, record: Mapping[str, Reading]) -> None:
    """Raise AnchorauditError for a file of the data set of which nobody knows how it was read."""
    known = {absolute(path) for path in record}
    for source in dataset.sources:
        require_here(source.path)
        files = [source.path / name for _, name in source.files] or [source.path]
        if not source.suffix and not known.issuperset(map(absolute, files)):
            raise AnchorauditError(
                "cannot be certified: its reader does not record what it reads",
                path=source.path,
                remedy="Omit --certify, or convert the data to COCO first.",
            )


def require_here(path: Path) -> None:
    """Raise AnchorauditError if a file of the data set is not on this machine."""
    if is_address(path):
        raise AnchorauditError(
            "cannot be certified: it is not on this machine",
            path=path,
            remedy="Omit --certify, or copy the data here first.",
        )


def _loader(audit: Audit, written: Written) -> str | None:
    """Return the loader with which a manifest is trained; another format than the source's has its own."""
    if audit.loaded is None or audit.loaded.loader == PLAIN:
        return None
    if audit.replayed is None or not written.is_new_coco:
        return audit.loaded.loader
    return audit.replayed.loader_for("coco")


def judge_of(detector: Detector, *, chosen: bool) -> Judge:
    """Return what is certified of a detector. chosen: somebody named it."""
    digest, own = definition_sha256(detector), detector.versions
    as_named = detector.name in preset_names() and digest == definition_sha256(load_detector(detector.name))
    return Judge(
        name=detector.name,
        sha256=digest,
        as_named=as_named,
        chosen=chosen,
        input_size=str(detector.resize),
        framework=detector.framework,
        package=own.package,
        version=own.version,
        since=own.since,
        until=own.until,
    )


def folder_of(root: Path) -> Path:
    """Return the folder of a data set, which paths in its certificates are relative to."""
    return root if root.is_dir() else root.parent


def relative(path: str | Path, folder: str | Path) -> str:
    """Return a path as seen from a folder, with slashes; the whole path if that is on another drive.

    A way up leads from where links lead, as the system goes it.
    """
    below = os.path.relpath(path, folder) if _is_below(path, folder) else ""
    try:
        return Path(below or os.path.relpath(os.path.realpath(path), os.path.realpath(folder))).as_posix()
    except ValueError:
        return Path(os.path.realpath(path)).as_posix()


def _is_below(path: str | Path, folder: str | Path) -> bool:
    return Path(absolute(path)).is_relative_to(absolute(folder))


def absolute(path: str | Path) -> str:
    """Return the whole path, by which the sources of a certificate are in order."""
    return os.path.abspath(path)  # noqa: PTH100  without following links
