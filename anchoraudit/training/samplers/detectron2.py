"""detectron2 02b5c4e2: `TrainingSampler`, and `AspectRatioGroupedDataset`.

One shuffle of all images after the other, from a generator seeded with cfg.SEED, -1 by default. So the order
is known even if nobody chose a seed. Until 2024-12 the seed was drawn from NumPy's generator, which
`default_setup` seeds with cfg.SEED, or at random (`--set seeded_by=numpy`). Each process takes every
`world_size`-th image.

Of the images of one process, worker k takes every `workers`-th run of a batch's length, from the k-th on, and
hands them over one by one, in turn with the others. The images wider than high, and all others, are then
collected apart, and each kind makes a batch as soon as it has enough.

Images are numbered after those without annotations are left out (DATALOADER.FILTER_EMPTY_ANNOTATIONS).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np

from anchoraudit.errors import AnchorauditError
from anchoraudit.training.samplers._run import Batch, Numbered, Order, Run, Setting
from anchoraudit.training.samplers._stream import stream

NAME = "detectron2"
TITLE = "detectron2's TrainingSampler, grouped by aspect ratio"
READS = "detectron2 02b5c4e2, `data/samplers/distributed_sampler.py`, `data/common.py`, `data/build.py`"
FRAMEWORKS = ("detectron2",)
DEFAULT_SEED = -1  # cfg.SEED
TAKES = ("rank", "world_size", "workers")
SETTINGS = {
    "grouping": Setting("yes or no", True, "no if DATALOADER.ASPECT_RATIO_GROUPING is False"),
    "seeded_by": Setting(
        "word", "cfg", "numpy for versions before 2024-12, where cfg.SEED seeds NumPy first", ("cfg", "numpy")
    ),
}
CANNOT_KNOW = (
    "Whether a mapper of your own leaves images out: a batch then has others.",
    "Other samplers (RepeatFactorTrainingSampler, RandomSubsetTrainingSampler).",
    "The order after a run was resumed: the stream then begins anew.",
)
_WORKERS = 4  # DATALOADER.NUM_WORKERS


def remarks(images: Numbered, run: Run) -> tuple[str, ...]:
    """Say what the settings that nobody gave leave open."""
    if run.workers is None and run.own["grouping"]:
        return (f"{_WORKERS} workers taken, as DATALOADER.NUM_WORKERS has; --workers chooses.",)
    return ()


class _Grouped(Order):
    """Batches in the order in which the loader yields them. They are counted from the start each time."""

    def __init__(self, images: Numbered, run: Run) -> None:
        self._images, self._run = images, run
        self._seed = DEFAULT_SEED if run.seed is None else run.seed
        if run.own["seeded_by"] == "numpy":
            if not 0 <= self._seed < 2**32:
                raise AnchorauditError(
                    f"with seed {self._seed}, NumPy is seeded at random, and nobody knows the order",
                    remedy="Give cfg.SEED of the run, 0 to 4294967295: --seed.",
                )
            self._seed = int(np.random.RandomState(self._seed).randint(2**31))
        self._wide = images.are_wide(ties=False, who=NAME).tolist() if run.own["grouping"] else []
        self._next = 0
        self._coming = self._begin()

    def steps_of(self, epoch: int) -> None:
        return None

    def batch(self, step: int, epoch: int | None = None) -> Batch:
        if epoch is not None:
            raise AnchorauditError(
                f"sampler {NAME} has no epochs: its stream of images has no end",
                remedy="Omit --epoch, and count steps (iterations) over the whole run.",
            )
        if step < self._next:
            self._next, self._coming = 0, self._begin()
        place, numbers = next(islice(self._coming, step - self._next, None))
        self._next = step + 1
        return Batch(step, place // self._images.count, None, tuple(numbers))

    def _begin(self) -> Iterator[tuple[int, list[int]]]:
        """Yield all batches of this process, each with the place of its first image in the stream of all."""
        return self._grouped() if self._run.own["grouping"] else self._plain()

    def _own(self) -> Iterator[tuple[int, int]]:
        """Yield the images of this process, each with its place in the stream of all."""
        run = self._run
        places = enumerate(stream(self._images.count, self._seed))
        return islice(places, run.rank, None, run.world_size)

    def _loaded(self) -> Iterator[tuple[int, int]]:
        """Yield them as the workers hand them over."""
        size = self._run.batch_size
        workers = _WORKERS if self._run.workers is None else self._run.workers
        own = self._own()
        if workers < 2:
            yield from own
        # One round: a run of a batch's length for each worker, of which each in turn gives one image.
        while workers >= 2:
            taken = list(islice(own, workers * size))
            for image in range(size):
                yield from taken[image::size]

    def _plain(self) -> Iterator[tuple[int, list[int]]]:
        own = self._own()
        while True:
            taken = list(islice(own, self._run.batch_size))
            yield taken[0][0], [image for _, image in taken]

    def _grouped(self) -> Iterator[tuple[int, list[int]]]:
        collected: tuple[list[tuple[int, int]], list[tuple[int, int]]] = [], []
        for place, image in self._loaded():
            kind = collected[self._wide[image]]
            kind.append((place, image))
            if len(kind) == self._run.batch_size:
                yield kind[0][0], [each for _, each in kind]
                kind.clear()


def batches(images: Numbered, run: Run) -> Order:
    """Return the batches of one process.

    Raises AnchorauditError if the size of an image is unknown, or NumPy was seeded at random.
    """
    return _Grouped(images, run)
