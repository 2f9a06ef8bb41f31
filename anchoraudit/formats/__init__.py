"""Annotation formats. Each is one module of this package, and is found automatically.

To add a format, add a module whose docstring begins `Title: what it is`, where the title is the heading of
its section in docs/formats.md, and which has these names:

NAME: the value of `--format`, which is also the name of the module.
LOOKS_FOR: what it is recognised by, in one line.
SUFFIXES: what the names of the files end in that it may be recognised by, as a literal on one line:
    `SUFFIXES = (".csv", ".json")`. It is read without importing the module, which happens only where there is
    such a file, or no other format recognises the data set.
EXAMPLE: the text of a file of this format, as small as it can be and still look real.
EXAMPLE_PATH: where this file usually lies below the folder of a data set: `annotations/instances_train.json`.
EXAMPLE_BESIDE: the other files that the example needs, by their paths below the same folder: a text, or the
    width and height of an image in pixels.
NOT_READ: what the format has and this reader leaves out, in one line: "masks, keypoints"; "" if nothing.
detect(path) -> Detection | None: whether `path` (a file or folder) is of this format. It reads only a little.
read(detection, options) -> Dataset: reads everything. Entries that cannot be used become findings. The module
    `_builder` turns the rows of a reader into the data set.

A module may also have `READS_COLUMNS = True`, if it follows `ReadOptions.columns`; `nearly(path) -> str`: of
a file or folder that no format recognises, what keeps it from being one of this format, or what to do about
it, in a sentence, "" if it is nothing like it (a file is also compared with the example);
`parts(detection, options, rows) -> Parts | str | None`: the data set in pieces of about so many boxes, as
`dataset.pieces` explains, or why it can only be read whole, if that is worth a note;
`least_memory(detection) -> int`: bytes that reading it whole takes at the least, where that may be too much;
`detect_address(address) -> Detection | None`, if it is also read from addresses such as `s3://...`; and
`has_box_fields = True`, if `ReadOptions.box_field` chooses among several boxes of an object;
`detect_several(paths) -> Detection | None`, if several files or folders can be one data set. One of them has
`read_frame(table, options) -> Dataset`, which reads a DataFrame.

The example is what `anchoraudit formats show NAME` prints. A test writes its files, and requires that the
folder is recognised and read without a finding.

`detect` judges its own format only, and knows nothing of the others. If several formats recognise a path, the
surest is taken. If two are equally sure, the user is asked. Choose the level by what `detect` looked at:

NAME: a file has a name that only this format uses: `_annotations.coco.json`.
CONTENT: a file of annotations begins as only this format's files do: with its keys, or its root element.
LAYOUT: folders and files are arranged as in this format, but other formats may look the same: `images/`
beside
    `labels/` with lines of numbers. Use it also for a format that is often exported beside another one.
SUFFIX: the suffix fits, and nothing else was looked at.

Modules whose name starts with an underscore are helpers. Importing a format must be fast: import what only
`read` needs, above all NumPy, inside `read`, if possible after other processes have started to read.
"""

from __future__ import annotations

import contextlib
import errno
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from anchoraudit.dataset.conventions import convention_of
from anchoraudit.errors import AnchorauditError, TooLargeError, printable
from anchoraudit.formats._asked import in_order
from anchoraudit.formats._columns import Columns, parse_columns
from anchoraudit.formats._looking import STEPS, looking
from anchoraudit.io import left_behind, stores
from anchoraudit.io.addresses import is_address, path_of
from anchoraudit.io.files import unreadable
from anchoraudit.io.folders import folders_in
from anchoraudit.io.memory import available, without_garbage_collection
from anchoraudit.io.plugins import load_module, module_names
from anchoraudit.io.suggest import did_you_mean, nearest

if TYPE_CHECKING:
    import pandas as pd

    from anchoraudit.dataset.columns import Dataset
    from anchoraudit.dataset.findings import Finding
    from anchoraudit.dataset.pieces import Parts

    class Items(Protocol):
        """A map-style data set: items by number."""

        def __len__(self) -> int: ...

        def __getitem__(self, i: Any, /) -> Any: ...

    # What `read` reads: a path, or what is in memory already.
    Readable = (
        str
        | PathLike[str]
        | pd.DataFrame
        | Items
        | Iterable[Mapping[str, Any] | tuple[Any, Mapping[str, Any]]]
    )


_NO_SPLITS = "This data set has no splits."
_ALWAYS_TRIED = 1 << 30  # bytes: data that take less are read without asking how much memory is free
_NAMED = 4  # of several data sets, in a message
_LISTED = 5_000  # names beside a missing path that are compared with it


class Sureness(IntEnum):
    """How sure a format is that a path is its own. `anchoraudit.formats` explains the levels."""

    SUFFIX = 1
    LAYOUT = 2
    CONTENT = 3
    NAME = 4


@dataclass(frozen=True, slots=True)
class Detection:
    """What a path was recognised as.

    Attributes
    ----------
    format : str
        Name of the format.
    path : Path
        The file or folder to read. It may be below the path that was given.
    reason : str
        Why it was recognised, for the first line of a report: "2 file(s) annotations/instances_*.json".
    sureness : Sureness
        How sure the format is, by what it looked at.
    files : tuple of Path
        The files below `path` that are the data set, where it is not `path` itself or all of it.
    unread : tuple of (Path, int)
        The first file in each folder below `path` that may be meant, too, and how many there are in it.
    notes : tuple of str
        What was left out.
    """

    format: str
    path: Path
    reason: str
    sureness: Sureness = Sureness.LAYOUT
    files: tuple[Path, ...] = ()
    unread: tuple[tuple[Path, int], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What a reader shall read.

    Attributes
    ----------
    splits : tuple of str
        Names of the splits to read; all if empty.
    unlisted : bool
        For COCO: read images on disk that no entry names, as images without boxes. VOC always reads them.
    voc_offset : tuple of four floats
        Pixels added to x1, y1, x2, y2 of VOC boxes. (-1, -1, 0, 0) turns coordinates that count pixels from 1
        into continuous ones.
    image_folder : Path or None
        The folder of the images; None to look in the usual places.
    class_attribute : str
        The attribute of regions that holds their class, where a format has attributes (VIA); "" to find it.
    box_field : str
        Which of several boxes, or lists of boxes, to read: `vbox` of CrowdHuman, a field of FiftyOne. "" for
        the usual one.
    at_once : int or None
        In how many processes pieces are looked for; None for one for each core.
    columns : tuple of pairs
        For tables: what columns are, where the user names them, as `_columns.parse_columns` returns it.
    """

    splits: tuple[str, ...] = ()
    unlisted: bool = False
    voc_offset: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    image_folder: Path | None = None
    class_attribute: str = ""
    box_field: str = ""
    at_once: int | None = None
    columns: Columns = ()


class Format(Protocol):
    """What a format module offers."""

    NAME: str
    LOOKS_FOR: str
    EXAMPLE: str
    EXAMPLE_PATH: str
    EXAMPLE_BESIDE: Mapping[str, str | tuple[int, int]]
    NOT_READ: str

    def detect(self, path: Path) -> Detection | None:
        """Tell whether `path` is of this format."""
        ...

    def read(self, detection: Detection, options: ReadOptions) -> Dataset:
        """Read it."""
        ...


def format_names() -> list[str]:
    """Return the names of all formats, which are the names of their modules. Imports none of them."""
    return module_names(__name__)


class Formats(Mapping[str, Format]):
    """All formats by name. Each is imported when it is first asked for."""

    def __getitem__(self, name: str) -> Format:
        if name not in format_names():
            raise KeyError(name)
        return cast(Format, load_module(__name__, name))

    def __iter__(self) -> Iterator[str]:
        return iter(format_names())

    def __len__(self) -> int:
        return len(format_names())


def formats() -> Mapping[str, Format]:
    """Return all formats by name. Each is imported when it is first asked for."""
    return Formats()


def require_format(name: str) -> str:
    """Return the name of a format. Raises AnchorauditError if there is no such format."""
    known = format_names()
    if name not in known:
        hint = did_you_mean(name, known)
        raise AnchorauditError(f"unknown format {name!r}", remedy=f"{hint}`anchoraudit formats` lists them.")
    return name


def read(
    path: Readable,
    *,
    format: str = "auto",
    splits: tuple[str, ...] = (),
    unlisted: bool = False,
    voc_offset: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0),
    image_folder: str | Path | None = None,
    box_convention: str | None = None,
    class_attribute: str = "",
    box_field: str = "",
    columns: str | Mapping[str, str | int] | None = None,
) -> Dataset:
    """Read a data set from files, or from what is in memory already.

    A single broken file or entry raises no error. It is reported in the `findings` of the result.

    Parameters
    ----------
    path : str, Path, DataFrame, torch Dataset or iterable of dicts
        - A folder, or a file that holds all annotations, such as a COCO JSON file.
        - The address of tables, such as ``s3://bucket/shards`` or ``hf://datasets/NAME``.
        - A pattern such as ``shards/part-*.parquet``, for several tables that are one.
        - A pandas DataFrame with a row for each box, and the columns of a table: ``image_id, label, x1, y1,
          x2, y2`` and, unless the image files are found, ``width, height``.
        - A dict for each image, with ``width``, ``height``, ``boxes``, ``labels`` and, where you have them,
          ``image_id``, ``file_name``, ``split``, ``iscrowd``, ``difficult``. Numbers may be in lists, NumPy
          arrays or tensors.
        - A torch Dataset, or a data set of a framework, as `from_torch` explains. Of one of unknown kind,
          pairs of an image and such a dict: the image says its size.
    format : str, default="auto"
        Name of the format; "auto" to recognise it from the files.
    splits : tuple of str, optional
        Names of the splits to read. Default: all.
    unlisted : bool, default=False
        For COCO: read images on disk that no entry names, as images without boxes.
    voc_offset : tuple of four floats, default=(0, 0, 0, 0)
        Pixels added to x1, y1, x2, y2 of VOC boxes.
    image_folder : str or Path, optional
        The folder of the images. Default: look in the usual places.
    box_convention : str, optional
        What the four numbers of a box mean, where they are not what the format says, or in dicts and
        DataFrames not the corners: "xyxy", "xywh",
        "cxcywh", "yxyx-thousandths", ... (`anchoraudit.dataset.conventions` has all names). Default: the
        format's own.
    class_attribute : str, default=""
        For VIA: the attribute of regions that holds their class, where several could.
    box_field : str, default=""
        Which boxes to read, where annotations have several: "vbox" or "hbox" of CrowdHuman, the name of a
        field of FiftyOne. "": the usual one, "fbox" or "ground_truth".
    columns : str or mapping, optional
        For tables: what the columns are, as ``"image=file,x=left,y=top,w=width,h=height,class=kind"`` or a
        mapping of the same. A column is its name, or its number from 1. Default: as their names say.

    Returns
    -------
    Dataset
        Columns over N images and M boxes. Boxes are `x1, y1, x2, y2` in pixels of the stored image, with
        continuous coordinates: a box over all of a 640x480 image is (0, 0, 640, 480).

    Raises
    ------
    AnchorauditError
        If no data set is recognised, or several are; if a split, a convention, an attribute or a column is
        unknown; or if a file that holds the whole data set cannot be read.

    Examples
    --------
    >>> dataset = read("sample_data/coco", splits=("val",))
    >>> dataset.format, dataset.splits, dataset.boxes.xyxy.shape
    ('coco', ('val',), (10, 4))
    >>> entry = {"width": 640, "height": 480, "boxes": [[10, 20, 110, 220]], "labels": ["cat"]}
    >>> read([entry]).boxes.xyxy.tolist()
    [[10.0, 20.0, 110.0, 220.0]]
    """
    folder = _image_folder(image_folder)
    convention = None if box_convention is None else convention_of(box_convention)
    named = parse_columns(columns)
    options = ReadOptions(
        tuple(splits), unlisted, voc_offset, folder, class_attribute, box_field, columns=named
    )
    if isinstance(path, str | PathLike):
        dataset = read_files(path, format, options)
    else:
        if format != "auto":
            raise AnchorauditError(
                f"what is in memory is not read as {format!r}", remedy="Leave out `format`, or give a path."
            )
        # Loaded late: what reads a format builds on this module.
        dataset = cast("Dataset", load_module(__name__, "_memory").read_memory(path, options))
        dataset.partial |= bool(splits)
    if convention is None:
        return dataset
    from anchoraudit.dataset.readings import reread

    return reread(dataset, convention)


def read_files(path: str | PathLike[str], format: str, options: ReadOptions) -> Dataset:
    """Read a data set from files. format, errors: as of `read`."""
    if not str(path):
        raise AnchorauditError(
            "the name of the data set is empty", remedy="Name a folder, or a COCO JSON file."
        )
    root = path_of(path)
    with left_behind.passed_over() as passed_over:
        detection = detect(root, format=format)
        _require_columns(detection, options)
        _require_memory(detection)
        module = formats()[detection.format]
        if options.box_field and not getattr(module, "has_box_fields", False):
            raise AnchorauditError(
                f"{detection.format} has no boxes to choose from",
                path=root,
                remedy="Leave out the box field (--box-field).",
            )
        # Rows are made by the hundred thousand, and hold no cycles.
        with _explaining(detection), without_garbage_collection():
            dataset = module.read(detection, options)
    dataset.root, dataset.partial = root, bool(options.splits)
    if dataset.findings:
        dataset.findings = cast("list[Finding]", load_module(__name__, "_not_data").corrected(dataset))
    dataset.notes += left_behind.told(passed_over)
    if not options.splits and options.image_folder is None and not is_address(root) and root.is_dir():
        # Loaded late: it needs NumPy, which readers import while other processes read.
        load_module(__name__, "_unread").report_unread(dataset, root)
    return dataset


def parts_of(path: Path, rows: int, options: ReadOptions, *, format: str = "auto") -> Parts:
    """Return a data set as pieces that can be read one by one.

    rows: about how many boxes a piece may have. format: as `read` takes it. A data set that can only be read
    whole is one piece, with a note on why. Raises AnchorauditError as `read` does.
    """
    detection = detect(path, format=format)
    _require_columns(detection, options)
    own = getattr(formats()[detection.format], "parts", None)
    with _explaining(detection):
        found = None if own is None else own(detection, options, rows)
    if found is not None and not isinstance(found, str):
        return cast("Parts", found)
    note = f"read as a whole, not in bounded memory: {found}" if found else ""
    return cast("Parts", load_module(__name__, "_whole").WholeParts(path, format, options, note))


def _require_columns(detection: Detection, options: ReadOptions) -> None:
    """Raise AnchorauditError if columns are named, and the format has none."""
    if options.columns and not getattr(formats()[detection.format], "READS_COLUMNS", False):
        raise AnchorauditError(
            f"--columns is for tables, and this is {detection.format} ({detection.reason})",
            path=detection.path,
            remedy="Leave it out.",
        )


@contextlib.contextmanager
def _explaining(detection: Detection) -> Iterator[None]:
    """Raise an AnchorauditError that says what a file is, if it is none of the format that was tried."""
    try:
        yield
    except AnchorauditError as error:
        raise _refusals().explained(error, detection) from None


def _refusals() -> Any:
    return load_module(__name__, "_unrecognised")  # loaded late: it builds on this module


def _require_memory(detection: Detection) -> None:
    """Raise TooLargeError if the data set surely takes more memory than there is."""
    if (least := getattr(formats()[detection.format], "least_memory", None)) is not None:
        remedy = "Work part by part: add --engine local."
        require_memory(detection.path, least(detection), "to read it whole takes", remedy)


def require_memory(path: Path, needed: int, what: str, remedy: str) -> None:
    """Raise TooLargeError if more bytes are needed than there are. what: needs them; remedy: what to do."""
    if needed > _ALWAYS_TRIED and (free := available()) is not None and needed > free:
        raise TooLargeError(
            f"{what} at least {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB are free",
            path=path,
            remedy=remedy,
        )


def _image_folder(named: str | Path | None) -> Path | None:
    """Return the folder of the images that the user names. Raises AnchorauditError if there is none."""
    folder = None if named is None else Path(named)
    # Path("") is the working directory, but an empty name is more likely a mistake, so it is refused.
    if folder is not None and not (str(named) and folder.is_dir()):
        path = str(named) or "''"
        raise AnchorauditError("no such folder", path=path, remedy="Name the folder that holds the images.")
    return folder


def detect(path: Path, *, format: str = "auto") -> Detection:
    """Find the data set at `path`. If there is none, look in the folders directly below it.

    Parameters
    ----------
    path : Path
        A file or a folder.
    format : str, default="auto"
        Name of the only format to look for; "auto" for all formats.

    Returns
    -------
    Detection
        The format, the file or folder to read, and the reason.

    Raises
    ------
    AnchorauditError
        If there is no data set or more than one, if two formats are equally sure, if the format is unknown,
        or if the path cannot be read.

    Examples
    --------
    >>> from pathlib import Path
    >>> found = detect(Path("sample_data/coco"))
    >>> found.format, found.reason
    ('coco', '2 file(s) annotations/instances_*.json')
    """
    known = formats()
    if format != "auto":
        known = {require_format(format): known[format]}
    if stores.is_pattern(path):
        return _detect_matches(known, path)
    if is_address(path):
        return _detect_address(known, path)
    _require_readable(path)
    found = detect_with(known, path)
    if not found and path.is_dir():
        found = [detection for folder in folders_in(path) for detection in detect_with(known, folder)]
    if len(found) == 1:
        return found[0]
    if found:
        listing = "; ".join(f"{d.path} ({d.format}: {d.reason})" for d in found[:_NAMED])
        listing += f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        raise AnchorauditError(
            f"{len(found)} data sets here: {listing}",
            path=path,
            remedy=f"Name the one you mean, or choose with --format. {_as_one(known, path, found)}".rstrip(),
        )
    raise cast(AnchorauditError, _refusals().unrecognised(path, known))


def _as_one(known: Mapping[str, Format], folder: Path, found: Sequence[Detection]) -> str:
    """Say how the data sets of a folder are read as one, if they can be; "" otherwise."""
    ways = {getattr(known[one.format], "detect_several", None) for one in found}
    way = ways.pop()
    if ways or way is None or not all(one.files for one in found):
        return ""
    files = [file for one in found for file in one.files]
    return cast(str, load_module(__name__, "_several").as_one(folder, files, way))


def _detect_address(known: Mapping[str, Format], address: Path) -> Detection:
    """Find the data set at an address. Raises AnchorauditError if there is none."""
    ways = {
        name: way
        for name, module in known.items()
        if (way := getattr(module, "detect_address", None)) is not None
    }
    for way in ways.values():
        if (found := way(address)) is not None:
            return cast(Detection, found)
    if not (stores.is_file(address) or stores.is_folder(address)):
        raise AnchorauditError(
            "there is nothing at this address",
            path=address,
            remedy="Check it: the name of the bucket or repository, and the folder in it.",
        )
    supported = "; ".join(f"{name}: {known[name].LOOKS_FOR}" for name in ways) or "none of them"
    raise AnchorauditError(
        f"no data set recognised at this address. What is read from addresses: {supported}.",
        path=address,
        remedy="Check the address, or copy the data to this machine.",
    )


def _detect_matches(known: Mapping[str, Format], pattern: Path) -> Detection:
    """Find the data set of the files or folders that a pattern matches. Raises AnchorauditError if none."""
    paths = stores.matching(pattern)
    if not paths:
        raise AnchorauditError(
            "no file or folder matches",
            path=pattern,
            remedy="Check the pattern: * is any name, ** any folders.",
        )
    if len(paths) == 1:
        (path,) = paths
        if is_address(path):
            return _detect_address(known, path)
        _require_readable(path)
        found = detect_with(known, path)
        if len(found) == 1:
            return found[0]
    for module in known.values():
        way = getattr(module, "detect_several", None)
        if way is not None and (several := way(paths)) is not None:
            return cast(Detection, several)
    named = ", ".join(path.name for path in paths[:3]) + ", ..." * (len(paths) > 3)
    raise AnchorauditError(
        f"the {len(paths):,} matches are not one data set: {named}",
        path=pattern,
        remedy="Several files or folders are one data set if all are tables with the same suffix.",
    )


def require_known_splits(wanted: Sequence[str], known: Iterable[str], path: Path) -> None:
    """Raise AnchorauditError if a split of `wanted` is not in `known`. Names that are "" are ignored."""
    names = [name for name in dict.fromkeys(known) if name]
    for name in wanted:
        if name not in names:
            choice = f"Choose from: {', '.join(map(printable, names))}." if names else _NO_SPLITS
            choice = f"{did_you_mean(name, map(printable, names))}{choice}"
            raise AnchorauditError(f"unknown split {name!r}", path=path, remedy=choice)


def detect_with(known: Mapping[str, Format], path: Path) -> list[Detection]:
    """Return what the surest format recognises `path` as; several if equally sure; [] if none does."""
    for names in in_order(__name__, known, path):
        if found := _surest(known, names, path):
            return found
    return []


def _surest(known: Mapping[str, Format], names: Iterable[str], path: Path) -> list[Detection]:
    """Return the same of some formats. `_looking` explains how much of the files they look at."""
    found: dict[str, Detection] = {}
    asked = list(names)
    with looking() as look:
        for look.most in STEPS:
            left: dict[str, set[str]] = {}
            for name in asked:
                look.left = left[name] = set()
                try:
                    detection = known[name].detect(path)
                except PermissionError as error:
                    raise unreadable(error.filename or path, error) from None
                if detection is not None:
                    found[name] = detection
            asked = [name for name in asked if not left[name] <= look.recognised]
            if not asked or any(one.sureness >= Sureness.CONTENT for one in found.values()):
                break
    most = max((one.sureness for one in found.values()), default=None)
    return [found[name] for name in known if name in found and found[name].sureness == most]


def _require_readable(path: Path) -> None:
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            next(path.iterdir(), None)
        elif not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "neither a folder nor a regular file")
    except FileNotFoundError:
        raise AnchorauditError(
            "no such file or folder",
            path=path,
            remedy=f"{_misspelt(path)}Check the path; it is relative to the working directory.",
        ) from None
    except (OSError, ValueError) as error:
        if isinstance(error, ValueError):  # a name with a zero byte in it
            error = OSError(errno.EINVAL, str(error))
        raise unreadable(path, error, "Name a folder or a file that can be read.") from None


def _misspelt(path: Path) -> str:
    """Suggest the file or folder of a similar name that is there."""
    beside: list[str] = []
    with contextlib.suppress(OSError, ValueError):
        beside = [entry.name for entry in islice(path.parent.iterdir(), _LISTED)]
    near = nearest(path.name, beside)
    return did_you_mean(str(path), [str(path.with_name(near[0]))], alike=0) if near else ""
