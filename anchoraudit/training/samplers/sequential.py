"""Images in their own order, in every epoch: `DataLoader(shuffle=False)`."""

from __future__ import annotations

from anchoraudit.training.samplers._run import ByEpoch, Numbered, Order, Run, Setting, cut, steps_in

NAME = "sequential"
TITLE = "every epoch in the order of the data set, as with shuffle=False"
READS = "torch 2.14.1, `torch/utils/data/sampler.py` SequentialSampler"
FRAMEWORKS = ()
DEFAULT_SEED = 0
TAKES = ("drop_last",)
SETTINGS: dict[str, Setting] = {}
CANNOT_KNOW = ()


def batches(images: Numbered, run: Run) -> Order:
    """Return the batches of a run. There is no seed."""
    drop_last = bool(run.drop_last)
    every = cut(range(images.count), run.batch_size, drop_last=drop_last)
    length = steps_in(images.count, run.batch_size, drop_last=drop_last)
    return ByEpoch(lambda epoch: every, length, run.epochs)
