"""What a configuration says of the classes: their names, their ids, and how many outputs the model has."""

from __future__ import annotations

from anchoraudit.detectors._block import LARGEST, Block


class Classes(Block, frozen=True):
    """What a configuration says of the classes. The model's rules for class ids are in `Labels`.

    Parameters
    ----------
    names : tuple of str
        The names, in the order in which the configuration lists them. (): it states none.
    ids : tuple of int
        The id of each name, where the file states ids of its own, as keras-retinanet's classes.csv and a
        label map do. (): the position counts, from 0.
    evaluated : tuple of str
        The names that the evaluation uses, where the configuration states others than for training.
    count : int
        How many classes the model is built with, as the framework counts them: `Labels` says whether the
        background is one of them. 0: not stated.
    heads : dict of str to int
        The count of each head that has one, by its place in the file, such as
        ``model.bbox_head.num_classes``. Empty if there is one at most.
    by_default : bool
        The file states no names or no count, and the framework's own are here.
    stated_in : str
        The file, and the place in it if that is known; "" if nobody stated anything.

    Raises
    ------
    ValueError
        If there are not as many ids as names, or if a count is out of range.

    Examples
    --------
    >>> Classes(names=("cat", "dog"), count=3, stated_in="config.py").is_silent
    False
    """

    names: tuple[str, ...] = ()
    ids: tuple[int, ...] = ()
    evaluated: tuple[str, ...] = ()
    count: int = 0
    heads: dict[str, int] = {}
    by_default: bool = False
    stated_in: str = ""

    def __post_init__(self) -> None:
        if self.ids and len(self.ids) != len(self.names):
            raise ValueError(f"{len(self.ids)} ids for {len(self.names)} names; give each name one id")
        for where, count in (("count", self.count), *self.heads.items()):
            if not 0 <= count <= LARGEST:
                raise ValueError(f"{where} is {count}; it must be 0 to {LARGEST}")

    def __hash__(self) -> int:
        return hash((self.names, self.ids, self.count))

    @property
    def is_silent(self) -> bool:
        """Tell whether nothing is stated."""
        return not (self.names or self.count or self.heads)
