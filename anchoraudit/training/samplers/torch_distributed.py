"""torch 2.14.1: `DistributedSampler`, which shuffles with its seed plus the epoch.

The images are shuffled as a whole, and each process takes every `world_size`-th. So that all have as many,
the first ones come again at the end; or the last ones are left out, if the sampler itself has `drop_last`.
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

NAME = "torch-distributed"
TITLE = "DataLoader with a DistributedSampler"
READS = "torch 2.14.1, `torch/utils/data/distributed.py` DistributedSampler"
FRAMEWORKS = ()
DEFAULT_SEED = 0
TAKES = ("drop_last", "rank", "world_size")
SETTINGS = {
    "shuffle": Setting("yes or no", True, "no if the sampler has shuffle=False"),
    "set_epoch": Setting("yes or no", True, "no if the script never calls sampler.set_epoch(epoch)"),
    "sampler_drop_last": Setting("yes or no", False, "yes if the sampler itself has drop_last=True"),
}
CANNOT_KNOW = (
    "Whether the script calls sampler.set_epoch(epoch): without it every epoch has the order of the first "
    "(--set set_epoch=no).",
)


def batches(images: Numbered, run: Run) -> Order:
    """Return the batches of one process. run.seed is that of the sampler."""
    seed, drop_last = run.seed or 0, bool(run.drop_last)
    shuffles, moves = bool(run.own["shuffle"]), bool(run.own["set_epoch"])
    count, world = images.count, run.world_size
    kept = count // world * world if run.own["sampler_drop_last"] else count
    each = -(-kept // world)

    def make(epoch: int) -> Batches:
        order = list(range(count))
        if shuffles:
            order = shuffled(count, seed + epoch * moves).tolist()
        return cut(of_rank(order[:kept], run.rank, world), run.batch_size, drop_last=drop_last)

    return ByEpoch(make, steps_in(each, run.batch_size, drop_last=drop_last), run.epochs)
