"""torch 2.14.1: `torch.manual_seed(SEED)` right before a loop over `DataLoader(shuffle=True)`.

At the start of an epoch the loader draws a base seed for its workers from the global generator, then the
sampler draws the seed of its own shuffle. With `persistent_workers` the base seed is drawn in the first epoch
only.
"""

from __future__ import annotations

from anchoraudit.training.samplers._mersenne import Generator, shuffled
from anchoraudit.training.samplers._run import Batches, ByEpoch, Numbered, Order, Run, cut, steps_in
from anchoraudit.training.samplers._torch_loader import PERSISTENT_WORKERS

NAME = "torch-global"
TITLE = "DataLoader(shuffle=True) after torch.manual_seed"
READS = "torch 2.14.1, `torch/utils/data/sampler.py` RandomSampler, `dataloader.py`"
FRAMEWORKS = ()
DEFAULT_SEED = None
TAKES = ("drop_last",)
SETTINGS = {"persistent_workers": PERSISTENT_WORKERS}
CANNOT_KNOW = (
    "Whether torch.manual_seed stands right before the loop. A model that is made after it draws its first "
    "weights from the same generator, and the order of all epochs is another one.",
    "Whether the loop draws from torch's generator on the CPU (dropout there, augmentation in the main "
    "process): then the order of every later epoch is another one.",
)


def batches(images: Numbered, run: Run) -> Order:
    """Return the batches of a run. run.seed is that of `torch.manual_seed`."""
    seed, drop_last = run.seed or 0, bool(run.drop_last)
    once = bool(run.own["persistent_workers"])

    def make(epoch: int) -> Batches:
        generator = Generator(seed)
        # A base seed and a sampler's seed are two numbers of 32 bits each.
        generator.skip(2 + 2 * epoch if once else 4 * epoch + 2)
        order = shuffled(images.count, generator.int64()).tolist()
        return cut(order, run.batch_size, drop_last=drop_last)

    return ByEpoch(make, steps_in(images.count, run.batch_size, drop_last=drop_last), run.epochs)
