"""Which images a framework trains on, and in which order it numbers them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from anchoraudit.arrays import Int
from anchoraudit.auditing.audit import Audit
from anchoraudit.dataset.fates import DROPPED
from anchoraudit.dataset.splits import training_splits
from anchoraudit.errors import AnchorauditError
from anchoraudit.loaders import in_training_order
from anchoraudit.training.samplers._run import Numbered


def numbered(audit: Audit, splits: Sequence[str] = ()) -> tuple[Int, Numbered, list[str]]:
    """Return the images of an audit that are trained, in the framework's order, and what is assumed of it.

    Left out are images that the loader drops, and those of splits that are not for training.

    Parameters
    ----------
    audit : Audit
        With the loader of the framework.
    splits : sequence of str
        The splits that the user chose; () for those that are for training, by their names.

    Returns
    -------
    rows : ndarray of int64, shape (n,)
        The row of each image in `audit.dataset.images`, by the framework's number.
    images : Numbered
        Their sizes.
    said : list of str
        Sentences on what is assumed.

    Raises
    ------
    AnchorauditError
        If there are several splits, and nobody says which is trained on.
    """
    dataset, loaded = audit.dataset, audit.loaded
    images, said = dataset.images, list[str]()
    trained = np.ones(len(images), dtype=np.bool_)
    if not splits and len(dataset.splits) > 1:
        chosen = training_splits(dataset.splits)
        if not chosen:
            raise AnchorauditError(
                f"which of the splits is trained on? ({', '.join(dataset.splits)})",
                path=dataset.root,
                remedy="Name it: --split.",
            )
        trained &= np.isin(images.split, [dataset.splits.index(name) for name in chosen])
        said.append(f"Split {', '.join(chosen)} is taken to be the one that is trained on; --split chooses.")
    if loaded is not None:
        dropped = trained & (loaded.image_fate == DROPPED)
        trained &= ~dropped
        if number := int(dropped.sum()):
            images_of = "1 image" if number == 1 else f"{number:,} images"
            have = "has" if number == 1 else "have"
            said.append(f"{images_of} that loader {loaded.loader} drops {have} no number.")
    rows = np.flatnonzero(trained)
    order = None if loaded is None else in_training_order(dataset, loaded.loader, rows)
    if order is None:
        who = "Without a loader" if loaded is None else f"With loader {loaded.loader} and data of this format"
        said.append(
            f"{who}, it is unknown how the images are numbered: taken in the order in which they were read. "
            "--loader names the one that your script uses."
        )
        order = rows
    return order, Numbered(len(order), images.width[order], images.height[order]), said
