"""mmengine 0.10.7: `DefaultSampler`, which shuffles with its seed plus the epoch.

The seed is that of the runner (`randomness = dict(seed=...)`); without one it is random, and the log has it.
Each process takes every `world_size`-th image, and the first ones come again so that all have as many.
"""

from __future__ import annotations

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

NAME = "mmengine"
TITLE = "mmengine's DefaultSampler, without a batch sampler (mmyolo, own configurations)"
READS = "mmengine 0.10.7, `dataset/sampler.py` DefaultSampler"
FRAMEWORKS = ("mmyolo",)
DEFAULT_SEED = None
TAKES = ("drop_last", "rank", "world_size")
SETTINGS = {"shuffle": Setting("yes or no", True, "no if the sampler has shuffle=False")}
CANNOT_KNOW = (
    "Images at which the pipeline returns nothing: the data set then draws another one at random.",
    "The order with diff_rank_seed=True, or with round_up=False.",
)


def order_of(images: Numbered, run: Run, epoch: int) -> list[int]:
    """Return the images of one process in an epoch."""
    order = list(range(images.count))
    if run.own["shuffle"]:
        order = shuffled(images.count, (run.seed or 0) + epoch).tolist()
    return of_rank(order, run.rank, run.world_size)


def batches(images: Numbered, run: Run) -> Order:
    """Return the batches of one process. run.seed is that of the runner."""
    drop_last = bool(run.drop_last)
    each = -(-images.count // run.world_size)

    def make(epoch: int) -> Batches:
        return cut(order_of(images, run, epoch), run.batch_size, drop_last=drop_last)

    return ByEpoch(make, steps_in(each, run.batch_size, drop_last=drop_last), run.epochs)
