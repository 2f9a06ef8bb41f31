"""BAT005: boxes in other units than the model takes."""

from __future__ import annotations

from anchoraudit.rules._rule import Rule

RULE = Rule(
    code="BAT005",
    severity="error",
    title="boxes in other units than the model takes",
    what=(
        "Boxes of a training batch are fractions of their image where the model takes pixels, or pixels "
        "where it takes fractions."
    ),
    why=(
        "No model stops. Fractions are taken for boxes of less than a pixel at the top left, pixels for "
        "boxes far outside the image: the model is trained on places where nothing is."
    ),
    example='{"boxes": [[0.1, 0.2, 0.5, 0.6]], ...} for a model of torchvision',
    remedy="multiply fractions by width and height of the image, or divide pixels by them",
)
