import numpy as np

from tests.rule_cases import FedCase, fed

TARGETS = fed({"boxes": [[10, 20, 30, 40]], "labels": [1]}, {"boxes": [[10, 20, 30, 40]], "labels": [1]})[1]
GOOD = np.zeros((3, 480, 640), np.float32)

FED_CASE = FedCase(
    ([GOOD.astype(np.uint8), GOOD[0]], TARGETS),
    [
        ("images[0]", "the image is uint8, not a float tensor from 0 to 1"),
        ("images[1]", "the image has the shape [480, 640], not [C, H, W]"),
    ],
    ([GOOD, GOOD * 255], TARGETS),
)
