"""`sarif`: SARIF 2.1.0, which GitHub's code scanning and viewers in editors read.

The driver lists every rule, with its page as help. Files below the working directory are given relative to it
(`SRCROOT`), which code scanning takes for the root of the repository. Code scanning shows no result without a
file, so a finding about the detector, or about all of the data, is placed at the data set.

`partialFingerprints` identify a finding across scans: its key in a baseline, and a number if several have the
same key. Code scanning reads `primaryLocationLineHash` only. Its upload computes that from the line, if there
is one, and warns of any other value, so it is written only for findings without a line.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

from anchoraudit import __version__
from anchoraudit.auditing.audit import Audit
from anchoraudit.auditing.baseline import keys_of
from anchoraudit.dataset.findings import Finding
from anchoraudit.errors import inert_json
from anchoraudit.report.outputs._where import Where, line, safe
from anchoraudit.rules import FAMILIES, Findings, Rule, all_rules

NAME = "sarif"
inert = inert_json
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_ROOT = "SRCROOT"
_FINGERPRINT = "anchoraudit/v1"


def render(audit: Audit, shown: Findings, limit: int | None) -> Iterator[str]:
    """Return one run, one result on each line. Images are not listed, so `limit` is ignored."""
    where, key = Where(audit), keys_of(audit.dataset.root)
    rules = list(all_rules().values())
    index = {rule.code: number for number, rule in enumerate(rules)}
    met: Counter[str] = Counter()
    driver = {"name": "anchoraudit", "version": __version__, "rules": [_descriptor(rule) for rule in rules]}
    encode = json.JSONEncoder(separators=(",", ":")).encode
    yield f'{{"$schema":"{_SCHEMA}","version":"2.1.0","runs":[{{"tool":{encode({"driver": driver})},\n'
    yield f'"originalUriBaseIds":{encode({_ROOT: {"uri": _file_uri(where.here).rstrip("/") + "/"}})},\n'
    yield '"invocations":[{"executionSuccessful":true}],"results":['
    separator = "\n"
    for finding in shown:
        rule = shown.rule(finding.code)
        result = {
            "ruleId": finding.code,
            "ruleIndex": index[finding.code],
            "level": _LEVELS[rule.severity],
            "message": {"text": _text(finding.message) or rule.title},
            "locations": [_location(finding, where)],
            "partialFingerprints": _fingerprints(finding, key, met),
        }
        if more := {name: value for name in ("evidence", "thing") if (value := safe(getattr(finding, name)))}:
            result["properties"] = more
        yield separator + encode(result)
        separator = ",\n"
    yield "\n]}]}\n"


def _descriptor(rule: Rule) -> dict[str, Any]:
    name = "".join(word[0].upper() + word[1:] for word in re.findall(r"[A-Za-z0-9]+", rule.title))
    return {
        "id": rule.code,
        "name": name,
        "shortDescription": {"text": f"{rule.title[0].upper()}{rule.title[1:]}."},
        "fullDescription": {"text": f"{rule.what} {rule.why}"},
        "help": {"text": rule.page(), "markdown": rule.page()},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": [FAMILIES[rule.code[:3]]]},
    }


def _location(finding: Finding, where: Where) -> dict[str, Any]:
    path, relative = where.target(finding)
    artifact = {"uri": _escaped(path), "uriBaseId": _ROOT} if relative else {"uri": _file_uri(path)}
    physical: dict[str, Any] = {"artifactLocation": artifact}
    number = line(finding)
    if number:
        physical["region"] = {"startLine": number}
    location: dict[str, Any] = {"physicalLocation": physical}
    place = safe(finding.place)
    if where.about_detector(finding):
        place = f"{safe(finding.path)} {place}".strip()
    if place and not (number and place.startswith("line ")):
        location["logicalLocations"] = [{"fullyQualifiedName": place}]
    return location


def _fingerprints(finding: Finding, key: Callable[[Finding], str], met: Counter[str]) -> dict[str, str]:
    digest = hashlib.sha256(key(finding).encode()).hexdigest()[:32]
    met[digest] += 1
    mark = f"{digest}:{met[digest]}"
    own = {_FINGERPRINT: mark}
    return own if line(finding) else {**own, "primaryLocationLineHash": mark}


def _text(text: str) -> str:
    """Escape a message so that nothing in it is a link, which SARIF writes as `[text](target)`."""
    return safe(text).replace("](", "] (")


def _file_uri(path: str) -> str:
    """Return the `file:` URI of an absolute path. A Windows path starts with its drive."""
    text = _escaped(path.replace("\\", "/") if path[1:2] == ":" else path)
    return f"file://{text}" if text.startswith("/") else f"file:///{text}"


def _escaped(path: str) -> str:
    """Percent-encode the bytes of a path."""
    try:
        raw = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a lone surrogate from the data; no file on disk has such a name
        raw = path.encode("utf-8", "surrogatepass")
    return quote(raw, safe="/")
