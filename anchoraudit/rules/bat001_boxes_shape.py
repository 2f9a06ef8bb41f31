"""BAT001: boxes of the wrong shape."""

from __future__ import annotations

from anchoraudit.rules._rule import Rule

RULE = Rule(
    code="BAT001",
    severity="error",
    title="boxes of the wrong shape",
    what=(
        "A target of a training batch has no boxes, or boxes that are not [n, 4]. An image without "
        "objects needs an empty tensor of shape [0, 4]; `torch.tensor([])` has the shape [0]. `check` and "
        "`watch` report it."
    ),
    why=(
        "Models stop there: torchvision raises `Expected target boxes to be a tensor of shape [N, 4]`, or "
        "`KeyError: 'boxes'`; Ultralytics and YOLOv5 cannot join the boxes of a batch."
    ),
    example='{"boxes": torch.tensor([]), "labels": torch.tensor([])}',
    remedy="give boxes the shape [n, 4], as with `boxes.reshape(-1, 4)`, which is right for no box too",
)
