"""Ultralytics: `data/build.py` build_dataloader, with its InfiniteDataLoader. Run: 8.3.0, 8.4.100, 8.4.190.

One process: the generator is seeded with 6148914691236517205 - 1, plus the seed of the run since 8.4.124;
before, every run has the same order. The loader is made anew when mosaic ends, `close_mosaic` epochs before
the last. From there on the order depends on how many batches its workers had asked for in advance: 4 for
each, 2 until 8.3.195.

Several processes: a DistributedSampler, shuffled with the epoch, plus the seed since 8.4.124. With workers,
the sampler begins an epoch before it is told its number, and has the order of the one before.

The images are those of the sorted paths.
"""

from __future__ import annotations

from collections.abc import Sequence

from anchoraudit.errors import AnchorauditError
from anchoraudit.training.samplers._infinite import Infinite, epoch_of_shuffle
from anchoraudit.training.samplers._mersenne import shuffled
from anchoraudit.training.samplers._run import (
    Batches,
    ByEpoch,
    Numbered,
    Order,
    Run,
    Setting,
    cut,
    of_rank,
    steps_in,
)

NAME = "ultralytics"
TITLE = "`yolo train`: one shuffle after the other, from a generator of its own"
READS = "ultralytics 8.0.200 to 8.4.190, `data/build.py` build_dataloader"
FRAMEWORKS = ("ultralytics",)
DEFAULT_SEED = 0  # `seed` of its configuration
TAKES = ("drop_last", "rank", "world_size", "workers", "epochs", "versions")
SETTINGS = {
    "close_mosaic": Setting("whole number", 10, "close_mosaic of the run: the last epochs, without mosaic"),
}
CANNOT_KNOW = (
    "Which other images mosaic and mixup put into a picture: each image here is the first of its four.",
    "Images in the folder that the annotations do not list: the framework numbers and trains them, too.",
    "The order with rect=True, which sorts images by their aspect ratio, and after a run was resumed.",
)
_SEED = 6148914691236517205
_SEEDED_SINCE = "8.4.124"
_FOUR_AHEAD_SINCE = "8.3.196"  # `prefetch_factor=4` for each worker; before, torch's default, 2
_LAZY_SINCE = "8.4.158"  # the iterator is made when the first epoch begins


def remarks(images: Numbered, run: Run) -> Sequence[str]:
    """Say what the settings that nobody gave leave open."""
    said: list[str] = []
    if run.seed and run.is_version(_SEEDED_SINCE) is None:
        said.append(
            f"Versions before {_SEEDED_SINCE} do not use the seed; taken to be newer. "
            "Name yours: --framework-version."
        )
    if run.epochs is None and run.own["close_mosaic"] and run.world_size == 1:
        said.append(
            f"The last {run.own['close_mosaic']} epochs (close_mosaic) have another order: give --epochs and "
            "--workers to have it."
        )
    return said


def batches(images: Numbered, run: Run) -> Order:
    """Return the batches of one process.

    Raises AnchorauditError if the order depends on the number of workers, and nobody gave that; or for
    `drop_last` with several processes.
    """
    seed = (run.seed or 0) if run.is_version(_SEEDED_SINCE) is not False else 0
    drop_last, world = bool(run.drop_last), run.world_size
    if drop_last and world > 1:
        raise AnchorauditError(
            f"--drop-last with {world} processes is not replayed: versions differ",
            remedy="Omit it, unless the run has compile=True.",
        )
    count = -(-images.count // world)
    size = min(run.batch_size, images.count)
    # A share that is smaller than a batch is kept.
    drop_last = drop_last and count > size and count % size != 0
    steps = steps_in(count, size, drop_last=drop_last)
    each = 2 if run.is_version(_FOUR_AHEAD_SINCE) is False else 4
    restart = _restart(run)

    def ahead(epoch: int) -> int:
        if run.workers is None:
            raise AnchorauditError(
                f"the order of epoch {epoch} depends on the number of worker processes",
                remedy="Give it: --workers (`workers` of the run, at most the CPUs for each GPU).",
            )
        return each * run.workers

    def make(epoch: int) -> Batches:
        again = restart is not None and epoch >= restart
        if world > 1:
            first = restart if restart is not None and again else 0
            begun = first + epoch_of_shuffle(epoch - first, steps, ahead(epoch) if epoch > first else 0)
            order = of_rank(shuffled(images.count, seed + begun).tolist(), run.rank, world)
        else:
            uneven = not drop_last and count % size != 0
            loader = Infinite(count, steps, uneven, ahead(epoch) if again else 0, (_SEED - 1 + seed) % 2**64)
            order = loader.shuffle(epoch, restart).tolist()
        return cut(order, size, drop_last=drop_last)

    return ByEpoch(make, steps, run.epochs)


def _restart(run: Run) -> int | None:
    """Return the epoch before which the loader is made anew, None for never.

    In the first epoch nothing was asked for yet, since 8.4.158; before, the loader began when it was made.
    """
    last = int(run.own["close_mosaic"])
    if run.epochs is None or not last:
        return None
    restart = run.epochs - last
    if run.is_version(_LAZY_SINCE) is False:
        return restart if restart >= 0 else None
    return restart if restart > 0 else None
