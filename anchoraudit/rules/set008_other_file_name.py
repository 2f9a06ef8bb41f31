"""SET008: `<filename>` that differs from the annotation's own name."""

from __future__ import annotations

from anchoraudit.rules._rule import Rule

RULE = Rule(
    code="SET008",
    severity="info",
    title="`<filename>` that differs from the file's stem",
    what="VOC: an annotation whose `<filename>`, without its extension, is not the name of the XML file.",
    why=(
        "Loaders join annotation and image by one or the other: with the other one an image is not found, "
        "or another one is loaded with these boxes."
    ),
    example="000042.xml with <filename>IMG_7731.JPG</filename>",
    remedy="rename one of the two, or check which of them your loader goes by",
)
