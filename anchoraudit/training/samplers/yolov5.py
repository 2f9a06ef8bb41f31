"""YOLOv5 5081342f: `utils/dataloaders.py` create_dataloader, with its InfiniteDataLoader.

One process: the generator is seeded with 6148914691236517205 - 1 plus `--seed`, and shuffles once more at the
end of each epoch than it uses. With `--quad`, the last batch is dropped if it is not full. With `--rect`,
nothing is shuffled: the images are sorted by height over width.

Several processes (SmartDistributedSampler, since 2024-01-03): each has its own images in all epochs, and
shuffles them with the epoch; the seed changes nothing. With workers, the sampler begins an epoch before it is
told its number, and has the order of the one before.

The images are those of the sorted paths.
"""

from __future__ import annotations

import numpy as np

from anchoraudit.errors import AnchorauditError
from anchoraudit.training.samplers._infinite import Infinite, epoch_of_shuffle
from anchoraudit.training.samplers._mersenne import shuffled
from anchoraudit.training.samplers._run import Batches, ByEpoch, Numbered, Order, Run, Setting, cut, steps_in

NAME = "yolov5"
TITLE = "YOLOv5's train.py: one shuffle after the other, from a generator of its own"
READS = "ultralytics/yolov5 5081342f, `utils/dataloaders.py` create_dataloader, SmartDistributedSampler"
FRAMEWORKS = ("ultralytics/yolov5",)
DEFAULT_SEED = 0  # --seed
TAKES = ("rank", "world_size", "workers", "epochs")
SETTINGS = {
    "mode": Setting("word", "plain", "rect or quad, if train.py was given that", ("plain", "rect", "quad")),
}
CANNOT_KNOW = (
    "Which other images mosaic and mixup put into a picture: each image here is the first of its four.",
    "Images in the folder that the annotations do not list: the framework numbers and trains them, too.",
    "Versions before 2022-12-19, which do not use the seed, and --image-weights, which draws by class.",
)
_SEED = 6148914691236517205
_AHEAD = 2  # torch's `prefetch_factor`, for each worker
_OF_TIES = "Images of equal aspect ratio may come in another order."


def remarks(images: Numbered, run: Run) -> tuple[str, ...]:
    """Say what the settings leave open."""
    return (_OF_TIES,) if run.own["mode"] == "rect" else ()


def batches(images: Numbered, run: Run) -> Order:
    """Return the batches of one process.

    Raises AnchorauditError if the order depends on the number of workers, and nobody gave that; or for
    `rect` and `quad` with several processes.
    """
    mode, count = run.own["mode"], images.count
    size = min(run.batch_size, count)
    if run.world_size > 1:
        if mode != "plain":
            raise AnchorauditError(
                f"--set mode={mode} with {run.world_size} processes is not replayed",
                remedy="Omit one of them.",
            )
        return _of_rank(images, run)
    drop_last = mode == "quad"
    steps = steps_in(count, size, drop_last=drop_last)
    if mode == "rect":
        # As the framework sorts, in NumPy's default way, which does not keep the order of ties.
        order = np.argsort(images.height / images.width).tolist()
        every = cut(order, size, drop_last=False)
        return ByEpoch(lambda epoch: every, steps, run.epochs)
    loader = Infinite(count, steps, not drop_last and count % size != 0, 0, _SEED - 1 + (run.seed or 0))

    def make(epoch: int) -> Batches:
        return cut(loader.shuffle(epoch, None).tolist(), size, drop_last=drop_last)

    return ByEpoch(make, steps, run.epochs)


def _of_rank(images: Numbered, run: Run) -> Order:
    count, world = images.count, run.world_size
    own = np.flatnonzero(np.random.RandomState(0).permutation(count) % world == run.rank)
    each = -(-count // world)
    size = min(run.batch_size, count)
    steps = steps_in(each, size, drop_last=False)

    def make(epoch: int) -> Batches:
        if epoch and run.workers is None:
            raise AnchorauditError(
                f"the order of epoch {epoch} depends on the number of worker processes",
                remedy="Give it: --workers (`--workers` of train.py, at most the batch size and the CPUs for "
                "each GPU).",
            )
        begun = epoch_of_shuffle(epoch, steps, _AHEAD * (run.workers or 0))
        order = own[shuffled(len(own), begun)].tolist()
        return cut((order * 2)[:each], size, drop_last=False)

    return ByEpoch(make, steps, run.epochs)
