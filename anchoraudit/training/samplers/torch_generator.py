"""torch 2.14.1: `DataLoader(shuffle=True, generator=torch.Generator().manual_seed(SEED))`.

At the start of an epoch the loader draws a base seed for its workers from the same generator, then the
sampler shuffles. When the images are used up, the sampler shuffles once more, and uses none of it. With
`persistent_workers` the base seed is drawn in the first epoch only.
"""

from __future__ import annotations

from anchoraudit.training.samplers._mersenne import Generator, drawn_by
from anchoraudit.training.samplers._run import Batches, ByEpoch, Numbered, Order, Run, cut, steps_in
from anchoraudit.training.samplers._torch_loader import PERSISTENT_WORKERS

NAME = "torch-generator"
TITLE = "DataLoader(shuffle=True) with a generator of its own, which was seeded"
READS = "torch 2.14.1, `torch/utils/data/sampler.py` RandomSampler, `dataloader.py`"
FRAMEWORKS = ("torchvision",)
DEFAULT_SEED = None
TAKES = ("drop_last",)
SETTINGS = {"persistent_workers": PERSISTENT_WORKERS}
CANNOT_KNOW = (
    "Whether the generator was used for anything else, or a loop over the loader ended early: then the order "
    "is another one from there on.",
)


def batches(images: Numbered, run: Run) -> Order:
    """Return the batches of a run. run.seed is that of the generator."""
    seed, drop_last = run.seed or 0, bool(run.drop_last)
    once = bool(run.own["persistent_workers"])
    shuffle = drawn_by(images.count)

    def make(epoch: int) -> Batches:
        generator = Generator(seed)
        # Two numbers of 32 bits are a base seed; each earlier epoch has shuffled twice.
        generator.skip(2 * (1 if once else epoch + 1) + epoch * 2 * shuffle)
        return cut(generator.permutation(images.count).tolist(), run.batch_size, drop_last=drop_last)

    return ByEpoch(make, steps_in(images.count, run.batch_size, drop_last=drop_last), run.epochs)
