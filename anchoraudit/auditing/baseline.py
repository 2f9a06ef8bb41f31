"""Findings that are known already: a file of them, so that a scan reports only what is new.

A finding is known by its rule, its file as seen from the data set, and what it is about (`Finding.thing`;
message and evidence where that is empty), never by its position: entries may come and go before it. What
has the same three is counted. Of 3 such findings where the baseline has 2, the last one is new.

An image without foreground, a blank one too, is known through the finding that its verdict makes.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeGuard

from anchoraudit.dataset.findings import Finding
from anchoraudit.errors import AnchorauditError
from anchoraudit.io import json_text
from anchoraudit.io.files import read_bytes, write_text
from anchoraudit.rules import Findings

Baseline = dict[str, dict[str, dict[str, int]]]  # how many findings, by code, file and thing
Parts = tuple[str, str, str]  # code, file, thing

_MARK = "anchoraudit-baseline"
_VERSION = 1


def key(finding: Finding, root: Path) -> str:
    """Return what a finding is known by in the data set at `root`, as one string."""
    return keys_of(root)(finding)


def keys_of(root: Path) -> Callable[[Finding], str]:
    """Return the function that `key` is for this data set; quicker for many findings."""
    parts = _Parts(root)
    return lambda finding: json.dumps(parts.of(finding))


def write(path: Path, findings: Iterable[Finding], root: Path) -> None:
    """Write the findings of the data set at `root` as a baseline: the same findings make the same bytes.

    Raises AnchorauditError if the file cannot be written.
    """
    parts = _Parts(root)
    write_text(path, "".join(_lines(Counter(map(parts.of, findings)))))


def _lines(counts: Counter[Parts]) -> Iterator[str]:
    """A thing a line, so that a diff of two baselines says what changed."""
    encode = json.dumps
    yield f'{{\n "{_MARK}": {_VERSION},\n "keys": {{'
    before: Parts | None = None
    for code, file, thing in sorted(counts):
        if before is None or before[0] != code:
            yield ("\n" if before is None else "\n   }\n  },\n") + f"  {encode(code)}: {{\n"
        elif before[1] != file:
            yield "\n   },\n"
        if before is None or before[:2] != (code, file):
            yield f"   {encode(file)}: {{\n"
        else:
            yield ",\n"
        before = (code, file, thing)
        yield f"    {encode(thing)}: {counts[before]}"
    yield "}\n}\n" if before is None else "\n   }\n  }\n }\n}\n"


def read(path: Path) -> Baseline:
    """Read a baseline. Raises AnchorauditError for a file that cannot be read or is none."""
    try:
        content = json_text.parse(read_bytes(path).decode("utf-8-sig"), path)
    except OSError as error:
        absent = isinstance(error, FileNotFoundError)
        reason = "there is no such baseline" if absent else f"cannot be read: {error.strerror}"
        raise AnchorauditError(reason, path=path, remedy=_WRITE_ONE) from None
    except UnicodeDecodeError as error:
        place = f"byte {error.start}"
        raise AnchorauditError("no baseline: not UTF-8", path=path, place=place, remedy=_WRITE_ONE) from None
    except AnchorauditError as error:
        words = f"no baseline: {error.message}"
        raise AnchorauditError(words, path=path, place=error.place, remedy=_WRITE_ONE) from None
    version = content.get(_MARK) if isinstance(content, dict) else None
    if type(version) is not int or version < 1:
        raise AnchorauditError(f"no baseline: it has no {_MARK!r}", path=path, remedy=_WRITE_ONE)
    if version > _VERSION:
        raise AnchorauditError(
            f"a baseline of version {version}; this anchoraudit knows {_VERSION}",
            path=path,
            remedy="Take the anchoraudit that wrote it, or a newer one, or write it anew.",
        )
    known = content.get("keys")
    if not _is_baseline(known):
        raise AnchorauditError(
            "no baseline: 'keys' is not counts by code, file and thing", path=path, remedy=_WRITE_ONE
        )
    return known


_WRITE_ONE = "Write one with anchoraudit scan --write-baseline --baseline FILE."


def _is_baseline(known: object) -> TypeGuard[Baseline]:
    return isinstance(known, dict) and all(
        isinstance(files, dict)
        and all(
            isinstance(things, dict) and all(type(n) is int and n > 0 for n in things.values())
            for things in files.values()
        )
        for files in known.values()
    )


def new_findings(findings: Findings, baseline: Baseline, root: Path) -> Findings:
    """Return the findings that the baseline does not know, in their order.

    What was made on demand still is: rows of boxes and images that findings are about are kept as rows.
    """
    parts, met = _Parts(root), Counter[Parts]()

    def is_new(finding: Finding) -> bool:
        code, file, thing = found = parts.of(finding)
        allowed = baseline.get(code, {}).get(file, {}).get(thing, 0)
        if allowed:
            met[found] += 1
        return met[found] > allowed if allowed else True

    return findings.where(is_new)


class _Parts:
    """Takes findings of one data set apart into code, file and thing."""

    def __init__(self, root: Path) -> None:
        folder = root if root.is_dir() else root.parent
        self._folder = str(folder)
        self._inside = "" if self._folder == "." else os.path.join(self._folder, "")  # noqa: PTH118
        self._mentioned = re.compile(rf"(?<![\w./\\-]){re.escape(self._inside)}")
        self._folders: dict[str, str] = {}

    def of(self, finding: Finding) -> Parts:
        """Code, file and thing of a finding."""
        return finding.code, self._file(finding.path), finding.thing or self._words(finding)

    def _words(self, finding: Finding) -> str:
        """Message and evidence; a message may name files of the data set, and those as seen from it."""
        text = f"{finding.message}: {finding.evidence}" if finding.evidence else finding.message
        return self._mentioned.sub("", text) if len(self._inside) > 1 else text

    def _file(self, path: str) -> str:
        """Path from the data set's folder, with slashes. A bare name, as of a detector, stays."""
        if self._inside and path.startswith(self._inside):
            return path[len(self._inside) :].replace(os.sep, "/")
        if path == self._folder:
            return "."
        folder, separator, name = path.replace(os.sep, "/").rpartition("/")
        if not separator:
            return name
        if folder not in self._folders:
            try:
                self._folders[folder] = os.path.relpath(folder or "/", self._folder).replace(os.sep, "/")
            except ValueError:  # on another drive
                self._folders[folder] = folder
        below = self._folders[folder]
        return name if below == "." else f"{below}/{name}"
