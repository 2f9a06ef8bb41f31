"""mmengine 0.10.7: `DefaultSampler`, which shuffles with its seed plus the epoch.

The seed is that of the runner (`randomness = dict(seed=...)`); without one it is random, and the log has it.
Each process takes every `world_size`-th image, and the first ones come again so that all have as many.
"""

from __future__ import annotations

from anchoraudit.errors import AnchorauditError
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
SETTINGS = {
    "shuffle": Setting("yes or no", True, "no if the sampler has shuffle=False"),
    "repeat": Setting("whole number", 1, "times of the RepeatDataset around the data set"),
}
# Detectors of mmdetection 3.3.0 whose configurations have no batch sampler.
DETECTORS: dict[str, dict[str, int]] = {"mmdet-rtmdet": {}, "mmdet-yolox": {}, "mmdet-ssd300": {"repeat": 5}}
_MOST_REPEATED = 1000
CANNOT_KNOW = (
    "Images at which the pipeline returns nothing: the data set then draws another one at random.",
    "The order with diff_rank_seed=True, or with round_up=False.",
    "The filter_cfg of your own configuration, which decides what images are numbered, if you name a preset: "
    "then name the configuration itself.",
    "Which other images mosaic and mixup put into a picture.",
)


def order_of(images: Numbered, run: Run, epoch: int) -> list[int]:
    """Return the images of one process in an epoch."""
    count = images.count * int(run.own["repeat"])
    order = list(range(count))
    if run.own["shuffle"]:
        order = shuffled(count, (run.seed or 0) + epoch).tolist()
    return [number % images.count for number in of_rank(order, run.rank, run.world_size)]


def share_of(images: Numbered, run: Run) -> int:
    """Return how many images each process has in an epoch. Raises AnchorauditError for an odd `repeat`."""
    repeat = int(run.own["repeat"])
    if not 1 <= repeat <= _MOST_REPEATED:
        raise AnchorauditError(
            f"--set repeat={repeat} is not from 1 to {_MOST_REPEATED}",
            remedy="Give `times` of RepeatDataset.",
        )
    return -(-images.count * repeat // run.world_size)


def batches(images: Numbered, run: Run) -> Order:
    """Return the batches of one process. run.seed is that of the runner."""
    drop_last = bool(run.drop_last)
    each = share_of(images, run)

    def make(epoch: int) -> Batches:
        return cut(order_of(images, run, epoch), run.batch_size, drop_last=drop_last)

    return ByEpoch(make, steps_in(each, run.batch_size, drop_last=drop_last), run.epochs)
