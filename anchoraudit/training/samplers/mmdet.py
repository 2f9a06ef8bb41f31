"""mmdetection 3.3.0: `AspectRatioBatchSampler` over mmengine's DefaultSampler, as its configurations have.

Images higher than wide, and all others, are collected apart, and each kind makes a batch as soon as it has
enough. At the end of an epoch, those left over make batches together, the high ones first. With `drop_last`,
the last of these goes even if it is full.
"""

from __future__ import annotations

from anchoraudit.training.samplers import mmengine
from anchoraudit.training.samplers._run import Batches, ByEpoch, Numbered, Order, Run, steps_in

NAME = "mmdet"
TITLE = "mmdetection's AspectRatioBatchSampler over mmengine's DefaultSampler"
READS = "mmdet 3.3.0, `datasets/samplers/batch_sampler.py` AspectRatioBatchSampler; mmengine 0.10.7"
FRAMEWORKS = ("mmdetection",)
DEFAULT_SEED = None
TAKES = mmengine.TAKES
SETTINGS = mmengine.SETTINGS
DETECTORS = {"mmdet-centernet512": {"repeat": 5}}
CANNOT_KNOW = (
    *mmengine.CANNOT_KNOW,
    "Whether the configuration has another sampler: batch_sampler=None is --sampler mmengine; a "
    "ClassBalancedDataset is not replayed.",
)


def batches(images: Numbered, run: Run) -> Order:
    """Return the batches of one process. Raises AnchorauditError if the size of an image is unknown."""
    drop_last, size = bool(run.drop_last), run.batch_size
    wide = images.are_wide(ties=True, who=NAME).tolist()
    each = mmengine.share_of(images, run)

    def make(epoch: int) -> Batches:
        made: list[list[int]] = []
        collected: tuple[list[int], list[int]] = [], []
        for image in mmengine.order_of(images, run, epoch):
            kind = collected[wide[image]]
            kind.append(image)
            if len(kind) == size:
                made.append(kind.copy())
                kind.clear()
        left = collected[0] + collected[1]
        while len(left) > size:
            made.append(left[:size])
            left = left[size:]
        return made if drop_last or not left else [*made, left]

    # With drop_last, the number of batches depends on how many images of each kind are left over.
    return ByEpoch(make, None if drop_last else steps_in(each, size, drop_last=False), run.epochs)
