"""transformers 5.24.0 with accelerate 1.15.0: `Trainer`, and `Accelerator.prepare` with a seedable sampler.

In each epoch the generator is seeded anew, with the seed plus the epoch (SeedableRandomSampler). The seed is
`data_seed`, else `seed` of the TrainingArguments. With several processes, batches are dealt out in turn
(BatchSamplerShard), and the first images come again so that all have as many.
"""

from __future__ import annotations

from anchoraudit.training.samplers._mersenne import shuffled
from anchoraudit.training.samplers._run import Batches, ByEpoch, Numbered, Order, Run, Setting, cut

NAME = "transformers"
TITLE = "Trainer of transformers, and accelerate's SeedableRandomSampler"
READS = "accelerate 1.15.0, `data_loader.py` SeedableRandomSampler, BatchSamplerShard; transformers 5.24.0"
FRAMEWORKS = ("transformers",)
DEFAULT_SEED = 42  # `seed` of TrainingArguments
TAKES = ("drop_last", "rank", "world_size")
SETTINGS: dict[str, Setting] = {}
CANNOT_KNOW = (
    "A step here is one forward pass: with gradient_accumulation_steps=N, global step S of the log is steps "
    "N x S to N x S + N - 1.",
    "The order with another train_sampling_strategy (group_by_length), split_batches or dispatch_batches, or "
    "use_seedable_sampler=False.",
)


def batches(images: Numbered, run: Run) -> Order:
    """Return the batches of one process. run.seed is `data_seed`, else `seed`."""
    seed = DEFAULT_SEED if run.seed is None else run.seed
    drop_last, size, world = bool(run.drop_last), run.batch_size, run.world_size

    def make(epoch: int) -> Batches:
        order = shuffled(images.count, seed + epoch).tolist()
        made = cut(order, size, drop_last=drop_last)
        if world == 1:
            return made
        if drop_last:
            return made[: len(made) // world * world][run.rank :: world]
        return _filled(order, made, size, world)[run.rank :: world]

    each = -(-images.count // size)
    if world > 1:
        length = images.count // size // world if drop_last else -(-each // world)
    else:
        length = images.count // size if drop_last else each
    return ByEpoch(make, length, run.epochs)


def _filled(order: list[int], made: Batches, size: int, world: int) -> list[list[int]]:
    """Return as many full batches for each process, filled up with the first images of the epoch."""
    first = order[: size * world]
    first = first * -(-size * world // len(first))
    full = [list(batch) for batch in made]
    taken = 0
    while len(full) % world or len(full[-1]) < size:
        if len(full[-1]) == size:
            full.append([])
        lacks = size - len(full[-1])
        full[-1] += first[taken : taken + lacks]
        taken += lacks
    return full
