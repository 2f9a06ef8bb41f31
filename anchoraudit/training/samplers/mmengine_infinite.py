"""mmengine 0.10.7: `InfiniteSampler`, one shuffle after the other, from one generator.

Each process takes every `world_size`-th image of the stream. Batches run on from one shuffle into the next.
"""

from __future__ import annotations

from itertools import islice

from anchoraudit.errors import AnchorauditError
from anchoraudit.training.samplers._run import Batch, Numbered, Order, Run, Setting
from anchoraudit.training.samplers._stream import stream

NAME = "mmengine-infinite"
TITLE = "mmengine's InfiniteSampler, for runs that are counted in iterations"
READS = "mmengine 0.10.7, `dataset/sampler.py` InfiniteSampler"
FRAMEWORKS = ()
DEFAULT_SEED = None
TAKES = ("rank", "world_size")
SETTINGS = {"shuffle": Setting("yes or no", True, "no if the sampler has shuffle=False")}
CANNOT_KNOW = (
    "Images at which the pipeline returns nothing: the data set then draws another one at random.",
    "The order after a run was resumed: the stream then begins anew, or is wound forward.",
)


class _Stream(Order):
    def __init__(self, images: Numbered, run: Run) -> None:
        self._images, self._run = images, run

    def steps_of(self, epoch: int) -> None:
        return None

    def batch(self, step: int, epoch: int | None = None) -> Batch:
        if epoch is not None:
            raise AnchorauditError(
                f"sampler {NAME} has no epochs: its stream of images has no end",
                remedy="Omit --epoch, and count steps (iterations) over the whole run.",
            )
        run, count = self._run, self._images.count
        start = step * run.batch_size * run.world_size + run.rank
        places = stream(count, run.seed or 0, shuffles=bool(run.own["shuffle"]), start=start)
        own = islice(places, 0, None, run.world_size)
        return Batch(step, start // count, None, tuple(islice(own, run.batch_size)))


def batches(images: Numbered, run: Run) -> Order:
    """Return the batches of one process. run.seed is that of the runner."""
    return _Stream(images, run)
