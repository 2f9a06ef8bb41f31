"""IMG004: image file that no entry names."""

from __future__ import annotations

from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule


def check(context: Context) -> list[Finding]:
    """Image files beside those of the data set."""
    root, sources = context.dataset.root, context.dataset.sources
    # Pictures of other splits are named by files that were not read.
    others = context.dataset.partial or (root.is_file() and len(list(root.parent.glob("*.json"))) > 1)
    if context.image_files is None or others:
        return []
    return [
        Finding(
            "IMG004", "no entry names this image", f"{sources[source].image_folder}/{name}", "", name, name
        )
        for source, name in context.image_files.unlisted
    ]


RULE = Rule(
    code="IMG004",
    severity="info",
    title="image file that no entry names",
    what=(
        "COCO: a file in the folder of images that no entry of `images` names. In other formats it is a "
        "blank image. Not looked for where only one of several annotation files was read."
    ),
    why=(
        "It is not trained on: as a background image it needs an entry, and if its annotation was lost, its"
        " objects were too."
    ),
    example="images/a.jpg and images/b.jpg, and an entry for a.jpg only",
    remedy="add an entry, or scan with --unlisted to audit such images as blank ones",
    check=check,
)
