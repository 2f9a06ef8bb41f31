"""`jsonl`: one object on each line: the findings, then the flagged images."""

from __future__ import annotations

import json
from collections.abc import Iterator

from anchoraudit.auditing.audit import Audit
from anchoraudit.errors import inert_json
from anchoraudit.report.outputs import _keys
from anchoraudit.rules import Findings

NAME = "jsonl"
inert = inert_json


def render(audit: Audit, shown: Findings, limit: int | None) -> Iterator[str]:
    """Return objects with the same keys as in `json`, and `kind`: `finding` or `image`."""
    encode = json.JSONEncoder(default=str, allow_nan=False).encode
    for finding in shown:
        yield encode({"kind": "finding", **_keys.of_finding(finding, shown.rule(finding.code))}) + "\n"
    for image in _keys.of_images(audit, _keys.flagged(audit, limit)):
        yield encode({"kind": "image", **image}) + "\n"
