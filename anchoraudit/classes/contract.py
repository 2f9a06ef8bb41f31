"""How each framework makes the index of a class out of an id or a name: data, one TOML file a framework.

Sources are named in each file; all of them were run or read there, and `tests/test_class_rules.py` holds them
to the answers. What the model does with an index is in `Labels`: of the detector, or of the rules themselves
where no detector of the framework is replayed.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from anchoraudit.detectors import Detector
from anchoraudit.detectors._block import Block
from anchoraudit.detectors.labels import Labels
from anchoraudit.errors import AnchorauditError
from anchoraudit.io.suggest import did_you_mean

FOLDER = Path(__file__).parent / "frameworks"

Index = Literal[
    "as_is", "minus_one", "sorted", "sorted_with_boxes", "file_order", "names", "label_map", "mscoco"
]
INDEX_MEANING: dict[str, str] = {
    "as_is": "the id, as the file has it",
    "minus_one": "the id minus 1",
    "sorted": "the position among the sorted ids of the file",
    "sorted_with_boxes": "the position among the sorted ids, without groups that have no box",
    "file_order": "the position in the file's `categories`, among those that the configuration names",
    "names": "the position of the name in the framework's list of classes",
    "label_map": "the id that the label map gives the name",
    "mscoco": "the position of the id among the 80 of MS COCO",
}


class ClassRules(Block, frozen=True):
    """How a framework numbers classes.

    Parameters
    ----------
    name : str
        The name that users give.
    framework : str
        The framework with its version.
    index : str or dict of str
        Where an index comes from, a key of `INDEX_MEANING`; or one for each annotation format of the data,
        and "*" for all others.
    first : int
        The index of the first class, where positions count.
    background : {"none", "first", "last", "by_model"}
        Where the model's output for the background is; "by_model": models of the framework differ, and the
        detector's `labels` say it.
    fold : {"none", "strip", "lower_strip"}
        What the framework does to the name of an object before it looks it up.
    unknown : {"", "dropped", "drops_image", "raises"}
        What happens to a box whose class the list of classes lacks; "" where names are not compared.
    unknown_error : str
        The framework's message, with {name} or {id} for the class.
    mixed_ids : {"dropped", "raises"}
        What happens to boxes if ids are numbers in `categories` and texts in the annotations, or the reverse.
    mixed_ids_error : str
        The framework's message; "" where `text_ids_error` is it.
    repeated_id : {"last", "first", "once"}
        Of an id that a file lists twice, the place that counts, where every listing takes a place of its own;
        "once": both are one place.
    counts_names : bool
        The place of a class is the number of different names before it, so that a name that is listed twice
        takes one place, and two classes can get the same index.
    text_ids : {"", "raises"}
        What happens at a box whose class id is a text; "" if texts are ids like others.
    text_ids_error : str
        The framework's message.
    shows_file_order : bool
        The framework shows the names in the order of the file, whatever the index.
    built_with_background : bool
        The documentation asks for one class more than there are, for the background, whether the model has an
        output for it or not.
    count_from_data : bool
        The data set says how many classes the model gets; a count in the model's own file is replaced.
    loaders : tuple of str
        The loaders that number classes in this way.
    sources : tuple of str
        Where each rule was read or run.
    labels : Labels
        What the model does with an index, where no detector says it.
    """

    name: str
    framework: str
    index: Index | dict[str, Index]
    first: int = 0
    background: Literal["none", "first", "last", "by_model"] = "none"
    fold: Literal["none", "strip", "lower_strip"] = "none"
    unknown: Literal["", "dropped", "drops_image", "raises"] = ""
    unknown_error: str = ""
    mixed_ids: Literal["dropped", "raises"] = "raises"
    mixed_ids_error: str = ""
    repeated_id: Literal["last", "first", "once"] = "last"
    counts_names: bool = False
    text_ids: Literal["", "raises"] = ""
    text_ids_error: str = ""
    shows_file_order: bool = False
    built_with_background: bool = False
    count_from_data: bool = False
    loaders: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    labels: Labels = Labels()

    def __hash__(self) -> int:
        return hash(self.name)

    def index_for(self, format: str) -> Index:
        """Return where an index comes from in data of an annotation format, such as "voc"."""
        if isinstance(self.index, str):
            return self.index
        return self.index.get(format, self.index.get("*", "as_is"))

    def folded(self, name: str) -> str:
        """Return the name of an object as the framework looks it up."""
        if self.fold == "none":
            return name
        return name.strip().lower() if self.fold == "lower_strip" else name.strip()


def class_rules_names() -> list[str]:
    """Return the names of all class rules, sorted.

    Examples
    --------
    >>> "detr" in class_rules_names()
    True
    """
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


@cache
def class_rules(name: str) -> ClassRules:
    """Return the class rules of a framework.

    Raises
    ------
    AnchorauditError
        If there are none of this name.

    Examples
    --------
    >>> class_rules("mmdet").index_for("coco")
    'file_order'
    """
    import msgspec

    from anchoraudit.io.documents import parse_toml

    if name not in class_rules_names():
        names = class_rules_names()
        hint = did_you_mean(name, names)
        raise AnchorauditError(f"no class rules {name!r}", remedy=f"{hint}Name one of: {', '.join(names)}.")
    path = FOLDER / f"{name}.toml"
    return msgspec.convert(parse_toml(path.read_text("utf-8"), path), ClassRules)


def rules_for(detector: Detector | None, loader: str | None) -> ClassRules | None:
    """Return the class rules that hold for a detector and a loader; None if nobody knows them.

    A loader that was chosen decides, since it makes the indices; without one, the detector's framework.
    """
    if loader is not None:
        for name in class_rules_names():
            if loader in class_rules(name).loaders:
                return class_rules(name)
    return class_rules(detector.class_rules) if detector is not None and detector.class_rules else None
