"""Compares a manifest, and what it was made from, with its certificate.

A training script calls `verify` as its first line. So nothing is imported that takes time: another detector
than the certified one is loaded only if one is expected, and the versions of a framework are compared only if
it is installed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from anchoraudit import __version__
from anchoraudit.certificates.document import MANIFEST, Certificate, Judge, path_for, read_certificate
from anchoraudit.errors import AnchorauditError, printable
from anchoraudit.io import files

_LISTED = 3  # files that differ; more are counted
_LIST = ".txt"  # the suffix of a list of images, which has no boxes: training reads them elsewhere


class NotVerifiedError(AnchorauditError):
    """The data are not those that were certified, or were certified under another detector or loader.

    Attributes
    ----------
    differences : tuple of str
        What differs, as sentences.

    Examples
    --------
    >>> error = NotVerifiedError(Path("clean.json"), ("the manifest changed (7 bytes)",))
    >>> print(error)
    clean.json: not what was certified: the manifest changed (7 bytes)
      Restore the files, or write the manifest again with anchoraudit filter --certify.
    """

    def __init__(self, manifest: Path, differences: tuple[str, ...]) -> None:
        self.differences = differences
        super().__init__(
            f"not what was certified: {'; '.join(differences)}",
            path=manifest,
            remedy="Restore the files, or write the manifest again with anchoraudit filter --certify.",
        )


class Verified(NamedTuple):
    """A manifest that is what was certified.

    Attributes
    ----------
    manifest : Path
        The manifest.
    certificate : Certificate
        What is certified of it: `images`, `boxes`, `classes`, `empty_masks`, `detector`, `loader`, `sources`.
    checked : tuple of str
        What was compared, in words.

    Examples
    --------
    >>> found = verify("clean.json")  # doctest: +SKIP
    >>> found.certificate.images, found.certificate.empty_masks  # doctest: +SKIP
    (6, 0)
    """

    manifest: Path
    certificate: Certificate
    checked: tuple[str, ...]

    def __repr__(self) -> str:
        own = self.certificate
        classes = counted(own.classes, "class", "classes")
        counts = f"{counts_of(own)}, {classes}"
        compared = ", ".join(self.checked)
        return f"<Verified {printable(self.manifest)}: {counts}; {judged(own)}; compared: {compared}>"


def counts_of(certificate: Certificate) -> str:
    """Say how many images and boxes a manifest has."""
    return f"{counted(certificate.images, 'image')}, {counted(certificate.boxes, 'box', 'boxes')}"


def counted(number: int, one: str, many: str = "") -> str:
    """Write a number of things.

    >>> counted(1, "image"), counted(1200, "image")
    ('1 image', '1,200 images')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def judged(certificate: Certificate) -> str:
    """Say who judged a manifest."""
    detector = certificate.detector
    if detector is None:
        return "no detector judged it"
    by = printable(detector.name) + ("" if detector.chosen else ", the default")
    details = [f"input {printable(detector.input_size)}"]
    if certificate.loader is not None:
        details.append(f"loader {printable(certificate.loader)}")
    return f"no empty mask under {by} ({'; '.join(details)})"


def verify(
    manifest: str | os.PathLike[str],
    *,
    detector: str | os.PathLike[str] | None = None,
    loader: str | None = None,
    framework_version: str | None = None,
    sources: bool = False,
    data: str | os.PathLike[str] | None = None,
) -> Verified:
    """Tell whether a manifest is the one that was certified by ``anchoraudit filter --certify``.

    Call it at the top of a training script. Its bytes are compared, and for a list of images the files that
    have the boxes of these images. If the detector's rules depend on the version of its framework, and that
    is installed, its version is compared, too.

    Parameters
    ----------
    manifest : str or path
        The manifest. Its certificate is beside it: ``clean.json.certificate.json``. Or a folder that was
        written file by file: the list in it, and all files of that list, are compared.
    detector : str or path, optional
        The detector that must have judged: a preset or a file, as for `load_detector`.
    loader : str, optional
        The data loader that must have been applied; ``"none"`` for none.
    framework_version : str, optional
        The version of the framework that will train. Default: the installed one, if there is one.
    sources : bool, default=False
        Also compare the files that the manifest was made from.
    data : str or path, optional
        The folder of the data set. Default: where it was, as seen from the certificate.

    Returns
    -------
    Verified
        The manifest, its certificate, and what was compared.

    Raises
    ------
    NotVerifiedError
        If anything differs; `differences` has all of it.
    AnchorauditError
        If it cannot be told: there is no certificate, or a file cannot be read. `NotVerifiedError` is one,
        too.

    Examples
    --------
    >>> verify("clean.json")  # doctest: +SKIP
    <Verified clean.json: 9 images, 13 boxes, 3 classes; no empty mask under yolov5 (input longer side 640,
    padded to a square; loader yolov5); compared: manifest, yolov5>
    """
    path = Path(manifest)
    if path.is_dir():
        path /= MANIFEST
    own = read_certificate(path_for(path))
    differences = [*_of_manifest(path, own)]
    checked = ["manifest"]
    if path.name == MANIFEST and not differences:  # or else it lists other files
        listed = _listed(path)
        differences += _of_files("file", path.parent, listed)
        differences += _of_further(path, listed)
        checked.append(counted(len(listed), "file"))
    folder = Path(data) if data is not None else path.parent / own.dataset
    is_list = path.suffix.lower() == _LIST
    if own.labels and (sources or is_list):
        differences += _of_files("label file", folder, own.labels)
        checked.append(counted(len(own.labels), "label file"))
    if sources or (is_list and not own.labels):
        differences += _of_files("source file", folder, own.sources)
        checked.append(counted(len(own.sources), "source file"))
    if detector is not None:
        differences += _of_detector(str(detector), own)
        checked.append("detector")
    if loader is not None:
        differences += _of_loader(loader, own)
        checked.append("loader")
    if own.detector is not None and own.detector.package:
        version = framework_version or _installed(own.detector.package)
        if version:
            differences += _of_version(own.detector, version, given=framework_version is not None)
            checked.append(f"{own.detector.package} {version}")
    elif framework_version is not None:
        raise AnchorauditError(
            "the certified detector does not depend on a framework's version",
            path=path,
            remedy="Omit the version.",
        )
    if differences:
        raise NotVerifiedError(path, tuple(differences))
    return Verified(path, own, tuple(checked))


def _of_manifest(path: Path, own: Certificate) -> Iterator[str]:
    try:
        with open(files.open_regular(path), "rb") as file:  # noqa: PTH123  a handle, not a path
            size = os.fstat(file.fileno()).st_size
            same = size == own.bytes and _sha256(file) == own.sha256
    except OSError as error:
        raise files.unreadable(path, error, "Name the manifest that was certified.") from None
    if not same:
        sizes = f"{size:,} bytes" if size == own.bytes else f"{size:,} bytes instead of {own.bytes:,}"
        yield f"the manifest changed ({sizes})"


def _listed(path: Path) -> dict[str, str | None]:
    """Return the SHA-256 of each file of a list, by its name; None for one that must not be there.

    Raises AnchorauditError if it is no list, as one of another version may be.
    """
    try:
        parts = json.loads(files.read_bytes(path))["parts"]
        found = {str(part["file"]): part["sha256"] for part in parts}
    except OSError as error:
        raise files.unreadable(path, error) from None
    except (ValueError, TypeError, KeyError, RecursionError):
        raise AnchorauditError(
            "not a list of the files that anchoraudit filter wrote",
            path=path,
            remedy="Write the folder again with anchoraudit filter --certify.",
        ) from None
    return found


def _of_further(path: Path, listed: Mapping[str, str | None]) -> Iterator[str]:
    """Yield how many files of the same kind are not in the list of a folder, and the first of them."""
    folder, suffixes = path.parent, {Path(name).suffix for name in listed}
    own = {folder / name for name in listed} | {path, path_for(path)}
    further = [
        each.relative_to(folder).as_posix()
        for each in sorted(folder.rglob("*"))
        if each.suffix in suffixes and each not in own and not each.is_dir()
    ]
    if further:
        more = f" and {len(further) - _LISTED:,} more" if len(further) > _LISTED else ""
        names = ", ".join(map(printable, further[:_LISTED]))
        yield f"{counted(len(further), 'file')} not in the list: {names}{more}"


def _of_files(what: str, folder: Path, wanted: Mapping[str, str | None]) -> Iterator[str]:
    """Yield how many files differ, and the first of them. None is wanted of a file that must not be there."""
    if not folder.is_dir():
        raise AnchorauditError(
            "no such folder: the data set is not where it was",
            path=folder,
            remedy="Name the folder of the data set: --data DIR, or verify(..., data=DIR).",
        )
    changed = []
    for name, digest in wanted.items():
        path = folder / name
        try:
            with open(files.open_regular(path), "rb") as file:  # noqa: PTH123  a handle, not a path
                if _sha256(file) != digest:
                    changed.append(f"{printable(name)} {'changed' if digest else 'is new'}")
        except FileNotFoundError:
            if digest is not None:
                changed.append(f"{printable(name)} is gone")
        except OSError as error:
            raise files.unreadable(path, error) from None
    if changed:
        more = f" and {len(changed) - _LISTED:,} more" if len(changed) > _LISTED else ""
        of = f"{len(changed):,} of {counted(len(wanted), what)}"
        yield f"{of}: {', '.join(changed[:_LISTED])}{more}"


def _sha256(file: object) -> str:
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]


def _of_detector(name: str, own: Certificate) -> Iterator[str]:
    if own.detector is None:
        yield f"no detector judged it, and not {printable(name)}"
        return
    certified = own.detector
    # The definition of a preset belongs to the version of this package.
    if certified.as_named and certified.name == name and own.anchoraudit == __version__:
        return
    from anchoraudit.certificates.definition import definition_sha256
    from anchoraudit.detectors import load_detector

    expected = load_detector(name)
    if definition_sha256(expected) != certified.sha256:
        same = " with other settings" if expected.name == certified.name else ""
        yield f"{printable(certified.name)}{same} judged it, and not {printable(name)}"


def _of_loader(name: str, own: Certificate) -> Iterator[str]:
    certified = "none" if own.loader is None else own.loader
    if name != certified:
        yield f"the loader was {printable(certified)}, and not {printable(name)}"


def _of_version(detector: Judge, version: str, *, given: bool) -> Iterator[str]:
    if version == detector.version:
        return
    from anchoraudit.detectors.versions import Versions, key_of

    if key_of(version) is None:
        raise AnchorauditError(
            f"{version!r} is not a version of {detector.package}",
            remedy=f"Give one as `pip show {detector.package}` prints it, such as {detector.since}.",
        )
    try:
        rules = Versions(
            package=detector.package, since=detector.since, until=detector.until, rule=detector.package
        )
    except ValueError as error:
        raise AnchorauditError(f"not a certificate of anchoraudit: {error}") from None
    if not rules.has(version):
        what = "will train" if given else "is installed"
        yield f"{detector.package} {version} {what}, and the rules were those of {rules.text}"


def _installed(package: str) -> str:
    """Return the version of a package that is installed, without importing it; "" if there is none."""
    import importlib.metadata

    try:
        return importlib.metadata.version(package) or ""
    except (importlib.metadata.PackageNotFoundError, ValueError, OSError):
        return ""
