"""Known findings: a file of them, so that a scan reports only new ones.

A baseline knows a finding by its rule, its file relative to the data set, and its `Finding.thing` (message
and evidence where that is empty). The position does not count: entries before it may come and go. Findings
that agree in all three are counted: of 3 where the baseline has 2, the last one is new.

An image without foreground, or a blank one, is known by the finding that its verdict causes.
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
from anchoraudit.io.files import read_bytes
from anchoraudit.io.outputs import write_text
from anchoraudit.rules import Findings

Baseline = dict[str, dict[str, dict[str, int]]]  # number of findings by code, file and thing
Parts = tuple[str, str, str]  # code, file, thing

_MARK = "anchoraudit-baseline"
_VERSION = 1


def key(finding: Finding, root: Path) -> str:
    """Return, as one string, what a baseline knows a finding by. root: of the data set."""
    return keys_of(root)(finding)


def keys_of(root: Path) -> Callable[[Finding], str]:
    """Return `key` as a function for one data set. Faster for many findings."""
    parts = _Parts(root)
    return lambda finding: json.dumps(parts.of(finding))


def write(path: Path, findings: Iterable[Finding], root: Path) -> Baseline:
    """Write the findings of the data set at `root` as a baseline. The same findings give the same bytes.

    Returns what `read` returns once the file is in place. Raises AnchorauditError if it cannot be written.
    """
    parts = _Parts(root)
    text = "".join(_lines(Counter(map(parts.of, findings))))
    write_text(path, text)
    return _parsed(text, path)


def _lines(counts: Counter[Parts]) -> Iterator[str]:
    """Write one thing on each line, so that a diff of two baselines shows what changed."""
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
    """Read a baseline. Raises AnchorauditError if the file cannot be read or is not a baseline."""
    try:
        text = read_bytes(path).decode("utf-8-sig")
    except OSError as error:
        absent = isinstance(error, FileNotFoundError)
        reason = "no such file" if absent else f"the baseline cannot be read: {error.strerror}"
        raise AnchorauditError(reason, path=path, remedy=_WRITE_ONE) from None
    except UnicodeDecodeError as error:
        place = f"byte {error.start}"
        raise AnchorauditError(
            "not a baseline: the file is not UTF-8", path=path, place=place, remedy=_WRITE_ONE
        ) from None
    return _parsed(text, path)


def _parsed(text: str, path: Path) -> Baseline:
    try:
        content = json_text.parse(text, path)
    except AnchorauditError as error:
        words = f"not a baseline: {error.message}"
        raise AnchorauditError(words, path=path, place=error.place, remedy=_WRITE_ONE) from None
    version = content.get(_MARK) if isinstance(content, dict) else None
    if type(version) is not int or version < 1:
        raise AnchorauditError(f"not a baseline: it has no {_MARK!r}", path=path, remedy=_WRITE_ONE)
    if version > _VERSION:
        raise AnchorauditError(
            f"the baseline has version {version}, and this anchoraudit reads version {_VERSION}",
            path=path,
            remedy="Use the anchoraudit that wrote it or a newer one, or write it again.",
        )
    known = content.get("keys")
    if not _is_baseline(known):
        raise AnchorauditError(
            "not a baseline: 'keys' does not hold counts by code, file and thing",
            path=path,
            remedy=_WRITE_ONE,
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
    """Return the findings that the baseline does not know, in the same order.

    Findings about boxes and images stay lazy: only their rows are kept.
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
    """Splits findings of one data set into code, file and thing."""

    def __init__(self, root: Path) -> None:
        folder = root if root.is_dir() else root.parent
        self._folder = str(folder)
        self._inside = "" if self._folder == "." else os.path.join(self._folder, "")  # noqa: PTH118
        self._mentioned = re.compile(rf"(?<![\w./\\-]){re.escape(self._inside)}")
        self._folders: dict[str, str] = {}

    def of(self, finding: Finding) -> Parts:
        """Return code, file and thing of a finding."""
        return finding.code, self._file(finding.path), finding.thing or self._words(finding)

    def _words(self, finding: Finding) -> str:
        """Return message and evidence. Files of the data set in the message become relative to it."""
        text = f"{finding.message}: {finding.evidence}" if finding.evidence else finding.message
        return self._mentioned.sub("", text) if len(self._inside) > 1 else text

    def _file(self, path: str) -> str:
        """Return the path relative to the data set's folder, with slashes.

        A bare name, as of a detector, stays.
        """
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
