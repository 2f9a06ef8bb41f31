"""SET008: `<filename>` that differs from the annotation's own name."""

from __future__ import annotations

from anchoraudit.rules._rule import Rule

RULE = Rule(
    code="SET008",
    severity="info",
    title="`<filename>` that differs from the file's stem",
    what=(
        "VOC: an annotation whose `<filename>`, without its extension, differs from the name of the XML file."
    ),
    why=(
        "Some loaders find the image by `<filename>`, others by the name of the XML file. One of the "
        "two finds no image, or another image."
    ),
    example="000042.xml with <filename>IMG_7731.JPG</filename>",
    remedy="rename one of the two, or check which one your loader uses",
)
