"""A stream of images without an end: one shuffle of all after the other, from one generator."""

from __future__ import annotations

from collections.abc import Iterator

from anchoraudit.training.samplers._mersenne import Generator, drawn_by


def stream(images: int, seed: int, *, shuffles: bool = True, start: int = 0) -> Iterator[int]:
    """Yield the images from place `start` of the stream on.

    >>> from itertools import islice
    >>> list(islice(stream(3, 0, start=2), 4))
    [1, 2, 1, 0]
    """
    generator = Generator(seed)
    passes, inside = divmod(start, images)
    generator.skip(passes * drawn_by(images))
    while True:
        order = generator.permutation(images).tolist() if shuffles else list(range(images))
        yield from order[inside:]
        inside = 0
