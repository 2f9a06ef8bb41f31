"""The certificate of a manifest: a JSON file beside it, `clean.json.certificate.json`.

Of a folder that `filter` wrote file by file, it is that of the list of these files, which has the SHA-256 of
each.

Nothing in it depends on when or by whom it was made: equal data give equal bytes. Paths are relative, so
that a folder can be moved with everything in it: `dataset` to the folder of the certificate, all others to
`dataset`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast

from anchoraudit.errors import AnchorauditError
from anchoraudit.io import files, json_text

SUFFIX = ".certificate.json"
MANIFEST = "anchoraudit-manifest.json"  # of a folder: the list of its files
MARK = "anchoraudit_certificate"
VERSION = 1
# 256 MiB: of a million images with label files, of which each takes about 110 bytes.
_LARGEST = 1 << 28
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PACKAGE_OR_VERSION = re.compile(r"[A-Za-z0-9._+-]{0,100}")
_REMEDY = "Write the manifest again with anchoraudit filter --certify."


class Judge(NamedTuple):
    """The detector that judged.

    name: of the preset, or in the detector's file. sha256: of its resolved definition, without names and
    notes. as_named: the definition is that of the preset of this name, without a change. chosen: somebody
    named it; else the default judged. input_size: as reports show it. framework: its name and version, in
    words. package: the framework as a package, "" if its rules do not depend on a version; with since and
    until, the first and the last version of the rules ("": no later one has others), and version, the one
    that was asked for or installed, "" if there was none.
    """

    name: str
    sha256: str
    as_named: bool
    chosen: bool
    input_size: str
    framework: str = ""
    package: str = ""
    version: str = ""
    since: str = ""
    until: str = ""


class Certificate(NamedTuple):
    """What is certified of a manifest.

    anchoraudit: the version that wrote it. sha256, bytes: of the manifest. images, boxes, classes: how many
    it has. empty_masks: images that would train without foreground, which is 0; None without a detector.
    detector: None if only the rules on the data ran. loader: the data loader whose rules applied; None for
    none. dataset: the folder of the data set. sources: SHA-256 of each file that the data set was read from.
    labels: of the annotation file of each image of the manifest, if each has its own; None for one that has
    none.
    """

    anchoraudit: str
    sha256: str
    bytes: int
    images: int
    boxes: int
    classes: int
    empty_masks: int | None
    detector: Judge | None
    loader: str | None
    dataset: str
    sources: Mapping[str, str]
    labels: Mapping[str, str | None]

    def text(self) -> str:
        """Return the certificate as JSON. Names of files that are not Unicode are escaped."""
        content = {
            MARK: VERSION,
            "anchoraudit": self.anchoraudit,
            "manifest": {"sha256": self.sha256, "bytes": self.bytes},
            # Not `images`: a file with that key is taken for COCO.
            "counts": {
                "image_count": self.images,
                "box_count": self.boxes,
                "class_count": self.classes,
                "empty_masks": self.empty_masks,
            },
            "detector": None if self.detector is None else self.detector._asdict(),
            "loader": self.loader,
            "dataset": self.dataset,
            "sources": dict(self.sources),
            "labels": dict(self.labels),
        }
        return json.dumps(content, indent=2) + "\n"


def path_for(manifest: Path) -> Path:
    """Return where the certificate of a manifest is.

    Examples
    --------
    >>> path_for(Path("lists/clean.txt")).name
    'clean.txt.certificate.json'
    """
    return manifest.parent / (manifest.name + SUFFIX)


def read_certificate(path: Path) -> Certificate:
    """Read a certificate. Raises AnchorauditError if there is none, or if it is not one."""
    try:
        data = files.read_bytes(path, _LARGEST)
    except FileNotFoundError:
        raise AnchorauditError("there is no certificate", path=path, remedy=_REMEDY) from None
    except OSError as error:
        raise files.unreadable(path, error) from None
    json_text.require_utf8(path, data)
    content = json_text.parse(data.decode("utf-8"), path)
    try:
        return _certificate(content)
    except _OddError as odd:
        raise AnchorauditError(
            f"not a certificate of anchoraudit: {odd}", path=path, remedy=_REMEDY
        ) from None


class _OddError(Exception):
    """Says what is wrong with the content of a certificate."""


def _certificate(content: Any) -> Certificate:
    version = _get(content, MARK, int)
    if version != VERSION:
        raise _OddError(f"its version is {version}, and only version {VERSION} can be read")
    manifest, counts = _get(content, "manifest", dict), _get(content, "counts", dict)
    detector = _get(content, "detector", dict | None)
    sources, labels = _get(content, "sources", dict), _get(content, "labels", dict)
    for digest in (*sources.values(), *(digest for digest in labels.values() if digest is not None)):
        _require_digest(digest)
    empty = _get(counts, "empty_masks", int | None)
    return Certificate(
        anchoraudit=_get(content, "anchoraudit", str),
        sha256=_require_digest(manifest.get("sha256")),
        bytes=_get(manifest, "bytes", int),
        images=_get(counts, "image_count", int),
        boxes=_get(counts, "box_count", int),
        classes=_get(counts, "class_count", int),
        empty_masks=empty,
        detector=None if detector is None else _judge(detector),
        loader=_get(content, "loader", str | None),
        dataset=_get(content, "dataset", str),
        sources=cast("dict[str, str]", sources),
        labels=cast("dict[str, str | None]", labels),
    )


def _judge(content: dict[str, Any]) -> Judge:
    _require_digest(content.get("sha256"))
    kinds = dict.fromkeys(Judge._fields, str) | {"as_named": bool, "chosen": bool}
    found = Judge(**{name: _get(content, name, kind) for name, kind in kinds.items()})
    for text in (found.package, found.version, found.since, found.until):
        if not _PACKAGE_OR_VERSION.fullmatch(text):
            raise _OddError(f"{text!r} is no package and no version")
    return found


def _get(content: Any, key: str, kind: Any) -> Any:
    """Return the value of a key. Raises _OddError if it is missing, or of another kind."""
    if not isinstance(content, dict) or key not in content:
        raise _OddError(f"{key!r} is missing")
    value = content[key]
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise _OddError(f"{key!r} is {type(value).__name__}")
    if isinstance(value, int) and value < 0:
        raise _OddError(f"{key!r} is below 0")
    return value


def _require_digest(value: Any) -> str:
    if not isinstance(value, str) or not _SHA256.fullmatch(value):
        raise _OddError("an SHA-256 is not 64 digits from 0 to f")
    return value
