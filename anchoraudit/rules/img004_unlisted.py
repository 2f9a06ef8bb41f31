"""IMG004: image file without an entry."""

from __future__ import annotations

from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule


def check(context: Context) -> list[Finding]:
    """Find image files in the data set's image folders that no entry names."""
    root, sources = context.dataset.root, context.dataset.sources
    # With several annotation files, the ones that were not read may name these images.
    others = context.dataset.partial or (root.is_file() and len(list(root.parent.glob("*.json"))) > 1)
    if context.image_files is None or others:
        return []
    left_out = frozenset(context.dataset.left_out)
    return [
        Finding("IMG004", "no entry for this image", f"{sources[source].image_folder}/{name}", "", name, name)
        for source, name in context.image_files.unlisted
        if (source, name) not in left_out
    ]


RULE = Rule(
    code="IMG004",
    severity="info",
    title="image file without an entry",
    what=(
        "COCO: a file in the image folder that no entry of `images` names. (In other formats such an "
        "image is a blank one.) Not checked where only one of several annotation files was read."
    ),
    why=(
        "The image is not trained on. A background image needs an entry; if the annotation got lost, "
        "its objects are lost too."
    ),
    example="images/a.jpg and images/b.jpg, and an entry for a.jpg only",
    remedy="add an entry, or scan with --unlisted to audit such images as blank",
    check=check,
    scope="whole",
    needs_whole="a file without an entry in one part may have one in another",
)
