"""Draw images with a recipe's steps."""

from __future__ import annotations

import numpy as np

from anchoraudit.arrays import Float, Int
from anchoraudit.auditing.augmentation.draws import Keys, mixed
from anchoraudit.auditing.augmentation.frameworks.steps import Step
from anchoraudit.auditing.augmentation.frameworks.views import Views


def draw_views(
    boxes: Float,
    of: Int,
    sides: tuple[Float, Float],
    keys: Keys,
    *,
    steps: tuple[Step, ...],
    side: float,
    numbers: range,
    salt: int,
    seed: int,
) -> Views:
    """Draw n images several times, once for each of `numbers`.

    boxes: float64 [m, 4], pixels of the images. of: int64 [m], the image of each box, ascending. sides:
    width and height, float64 [n] each. keys: from `draws.keys_of`, [n]. side: of the network's input. salt:
    tells draws of other steps apart. Returns n len(numbers) views: all images in the first draw, then all in
    the second.
    """
    count = len(keys)
    salted = [
        np.random.SeedSequence([seed, salt, number]).generate_state(1, np.uint64)[0] for number in numbers
    ]
    drawn = np.concatenate([mixed(keys ^ one) for one in salted]) if salted else keys[:0]
    views = Views.of_images(
        np.tile(boxes, (len(numbers), 1)),
        np.concatenate([of + count * place for place in range(len(numbers))]),
        (np.tile(sides[0], len(numbers)), np.tile(sides[1], len(numbers))),
        drawn,
        side,
    )
    for step in steps:
        step(views)
    return views
