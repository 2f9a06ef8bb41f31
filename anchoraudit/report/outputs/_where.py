"""Where a finding is, as other programs expect it: a file relative to the working directory, and a line."""

from __future__ import annotations

import os
import re
from pathlib import Path

from anchoraudit.auditing.audit import Audit
from anchoraudit.dataset.findings import Finding
from anchoraudit.errors import printable

# A segment that is empty, `.` or `..`. Such a path must be normalised before it can be compared.
_ODD = re.compile(r"(?:^|/)\.{0,2}(?:/|$)")
_LINE = re.compile(r"(?:^|, )line ([1-9][0-9]{0,8})(?:,|$)")


class Where:
    """Finds the files of an audit's findings, relative to the working directory."""

    def __init__(self, audit: Audit) -> None:
        self.here = str(Path.cwd())
        self._inside = os.path.join(self.here, "")  # noqa: PTH118  a Path drops the separator at its end
        self._root = str(audit.dataset.root)
        self._detector = None if audit.replayed is None else audit.replayed.name

    def about_detector(self, finding: Finding) -> bool:
        """Tell whether a finding is about the detector. Then its path is the detector's name, not a file."""
        return finding.path == self._detector

    def file(self, finding: Finding) -> str:
        """Return the path of the finding's file, relative if it is below the working directory.

        A finding without a file is about the data set.
        """
        path = finding.path or self._root
        return path if self.about_detector(finding) else self.below(path) or path

    def place(self, finding: Finding) -> str:
        """Write file and place: `path:line`, or `path: place` if the place is not a line."""
        number = line(finding)
        end = f":{number}" if number else f": {finding.place}" if finding.place else ""
        return f"{self.file(finding)}{end}"

    def target(self, finding: Finding) -> tuple[str, bool]:
        """Return the path of an existing file or folder, and whether it is relative to the working directory.

        Otherwise it is absolute. A finding about the detector, or without a file, gets the data set's path.
        """
        path = self._root if self.about_detector(finding) else finding.path or self._root
        below = self.below(path)
        return (self._whole(path), False) if below is None else (below, True)

    def below(self, path: str) -> str | None:
        """Return the path relative to the working directory, with slashes; None if it is not below it.

        The working directory itself is `.`.
        """
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
    """Return the line number if the place names one: `line 4, column 2`, `object 2, line 7`."""
    found = _LINE.search(finding.place)
    return int(found[1]) if found else None


def safe(text: str) -> str:
    """Return `errors.printable(text)`, faster for text without control characters."""
    return text if text.isprintable() else printable(text)
