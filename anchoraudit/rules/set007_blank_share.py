"""SET007: many images without annotation."""

from __future__ import annotations

from anchoraudit.dataset.findings import Finding
from anchoraudit.encoding.verdicts import VERDICT_CODE
from anchoraudit.io.digits import told_apart
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule


def check(context: Context, above: float) -> list[Finding]:
    """Report the share of blank images if it is above the usual."""
    blank, count = int(context.totals.images[:, VERDICT_CODE["blank"]].sum()), context.totals.image_count
    if blank <= above * count:
        return []
    text = (
        f"{blank:,} of {count:,} images ({told_apart(100 * blank / count, 100 * above, '1f')}%) have no "
        f"annotation; up to {100 * above:.4g}% is usual"
    )
    return context.about_all("SET007", text, f"{blank} blank images", "blank images")


RULE = Rule(
    code="SET007",
    severity="info",
    title="many images without annotation",
    what=(
        "More than `above` of all images have no annotation. YOLOv5's training guide recommends 0 to 10 "
        "% of background images."
    ),
    why=(
        "Either labels are missing, and objects are trained as background; or the frameworks that drop "
        "such images (detectron2, mmdetection) train on far fewer images than you think."
    ),
    example="an export of 8,000 images, 3,000 of them never labelled",
    remedy="check that they are background; --loader shows whether your loader keeps them",
    check=check,
    parameters={"above": 0.1},
    scope="totals",
)
