"""BAT007: images that the model does not take."""

from __future__ import annotations

from anchoraudit.rules._rule import Rule

RULE = Rule(
    code="BAT007",
    severity="error",
    title="images that the model does not take",
    what=(
        "An image of a training batch for a model of torchvision is no float tensor [C, H, W]: it has whole "
        "numbers, such as uint8, two dimensions, channels last, no pixels, or is still a picture of PIL."
    ),
    why=(
        "All models stop there: `TypeError: Expected input images to be of floating type (in range [0, 1]), "
        "but found type torch.uint8`. Floats from 0 to 255 stop none, but are far from what the weights know."
    ),
    example="v2.Compose([v2.ToImage()])  # without v2.ToDtype(torch.float32, scale=True)",
    remedy=(
        "end the transforms with `v2.ToImage()` and `v2.ToDtype(torch.float32, scale=True)`; if your loop "
        "does this itself, give a function as `targets` that returns the images and targets of a batch"
    ),
)
