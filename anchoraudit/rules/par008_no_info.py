"""PAR008: COCO file without `info`."""

from __future__ import annotations

from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule

_TOLD = (
    "the file has no key `info`: `loadRes` of pycocotools 2.0.10, which evaluates, raises KeyError: 'info'"
)


def check(context: Context) -> list[Finding]:
    """Report the annotation files without `info`."""
    return [
        Finding("PAR008", _TOLD, str(path), "", "no `info`", "info of the file")
        for path in context.dataset.without_info
    ]


RULE = Rule(
    code="PAR008",
    severity="info",
    title="COCO file without `info`",
    what="COCO: a file with annotations whose object has no key `info`.",
    why=(
        "`COCO.loadRes` of pycocotools 2.0.10 copies `info`: the first evaluation raises KeyError: 'info', "
        "after an epoch of training. Version 2.0.11 does without it."
    ),
    example='{"images": [...], "annotations": [...], "categories": [...]}',
    remedy='add "info": {} to the file, or evaluate with pycocotools 2.0.11 or later',
    check=check,
    scope="totals",
)
