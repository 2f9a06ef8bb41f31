"""Where a finding stands, as other programs take it: a file seen from the working directory, and a line."""

from __future__ import annotations

import os
import re
from pathlib import Path

from anchoraudit.auditing.audit import Audit
from anchoraudit.dataset.findings import Finding
from anchoraudit.errors import printable

# A segment that is empty, `.` or `..`: of such a path it takes a closer look to tell what it is below.
_ODD = re.compile(r"(?:^|/)\.{0,2}(?:/|$)")
_LINE = re.compile(r"(?:^|, )line ([1-9][0-9]{0,8})(?:,|$)")


class Where:
    """Finds the files of one audit's findings, seen from the working directory."""

    def __init__(self, audit: Audit) -> None:
        self.here = str(Path.cwd())
        self._inside = os.path.join(self.here, "")  # noqa: PTH118  a Path drops the separator at its end
        self._root = str(audit.dataset.root)
        self._detector = audit.detector.name

    def about_detector(self, finding: Finding) -> bool:
        """Tell whether a finding is about the detector, which is no file of the data set."""
        return finding.path == self._detector

    def file(self, finding: Finding) -> str:
        """Path of the finding's file, relative where it is below the working directory, else as it stands.

        A finding that names no file is about the data set.
        """
        path = finding.path or self._root
        return path if self.about_detector(finding) else self.below(path) or path

    def place(self, finding: Finding) -> str:
        """File and place in it: `path:line`, or `path: place` where the place is no line."""
        number = line(finding)
        end = f":{number}" if number else f": {finding.place}" if finding.place else ""
        return f"{self.file(finding)}{end}"

    def target(self, finding: Finding) -> tuple[str, bool]:
        """Path of a file or folder that exists, and whether it is relative to the working directory.

        It is absolute otherwise. The data set stands for what is no file: the detector, nothing at all.
        """
        path = self._root if self.about_detector(finding) else finding.path or self._root
        below = self.below(path)
        return (self._whole(path), False) if below is None else (below, True)

    def below(self, path: str) -> str | None:
        """The path from the working directory, with slashes, if it is below it; the latter itself is `.`."""
        if os.sep != "/":
            path = path.replace(os.sep, "/")
        if not os.path.isabs(path) and not _ODD.search(path):  # noqa: PTH117  for every finding
            return path
        whole = self._whole(path)
        if whole == self.here:
            return "."
        return whole[len(self._inside) :].replace(os.sep, "/") if whole.startswith(self._inside) else None

    def _whole(self, path: str) -> str:
        return os.path.normpath(os.path.join(self.here, path))  # noqa: PTH118  for every finding


def line(finding: Finding) -> int | None:
    """Line of the finding's file, where its place names one: `line 4, column 2`, `object 2, line 7`."""
    found = _LINE.search(finding.place)
    return int(found[1]) if found else None


def safe(text: str) -> str:
    """As `errors.printable`; quick for what needs no escape."""
    return text if text.isprintable() else printable(text)
