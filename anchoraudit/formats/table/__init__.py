"""Tables: CSV or Parquet with a row for each box, with the columns of several programs; or for each image."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from anchoraudit.dataset.splits import is_split
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import Detection, ReadOptions, Sureness
from anchoraudit.io import stores
from anchoraudit.io.files import size_of
from anchoraudit.io.folders import names_in
from anchoraudit.io.memory import without_garbage_collection
from anchoraudit.io.packed import is_packed, suffix_of, whole_suffix

if TYPE_CHECKING:
    import pandas as pd

    from anchoraudit.dataset.columns import Dataset
    from anchoraudit.dataset.pieces import Parts
    from anchoraudit.formats.table.folders import Named
    from anchoraudit.formats.table.shard_folders import Shards

NAME = "table"
LOOKS_FOR = (
    "a .csv, .parquet, .jsonl or .csv.gz file with one row a box or an image, a folder with one or of "
    ".parquet files, train_labels.csv and test_labels.csv, SPLIT/_annotations.csv, SPLIT/metadata.jsonl"
)
SUFFIXES = (".csv", ".tsv", ".parquet", ".jsonl", ".ndjson", ".gz", ".bz2")
EXAMPLE = """\
filename,width,height,class,xmin,ymin,xmax,ymax
a.jpg,640,480,cat,10,20,110,70
"""
EXAMPLE_PATH = "_annotations.csv"
EXAMPLE_BESIDE = {"a.jpg": (640, 480)}
NOT_READ = "columns that are not listed on its page"
READS_COLUMNS = True
_KINDS = {
    ".csv": "a CSV file",
    ".tsv": "a TSV file",
    ".parquet": "a Parquet file",
    ".jsonl": "a JSON Lines file",
    ".ndjson": "a JSON Lines file",
}
_PARQUET = ".parquet"  # which is compressed within
_SMALL = 32 << 20  # bytes of Parquet below which nobody needs to count rows
_NAMED = 5  # folders in a message


def detect(path: Path) -> Detection | None:
    """Recognise a table by its suffix, or a folder by the name of the table in it."""
    if path.is_file():
        kind = _kind_of(path)
        return None if kind is None else Detection(NAME, path, kind, Sureness.SUFFIX)
    from anchoraudit.formats.table.folders import only_table, tables_of_splits, usual_tables

    # People export tables from other annotations and leave them beside those. So the others are surer.
    if files := usual_tables(path):
        name = files[0].path.name
        here = files[0].path.parent == path
        reason = f"a folder with {name}" if here else f"{len(files)} split folder(s) with {name}"
        return Detection(NAME, path, reason, Sureness.SUFFIX)
    if (shards := _detect_shards(path)) is not None:
        return shards
    names = [file.path.relative_to(path).as_posix() for file in tables_of_splits(path) or only_table(path)]
    return Detection(NAME, path, f"a folder with {' and '.join(names)}", Sureness.SUFFIX) if names else None


def _kind_of(path: Path) -> str | None:
    """Say what kind of table a file is, by its name; None for no table."""
    kind = _KINDS.get(suffix_of(path))
    if kind is None or not is_packed(path):
        return kind
    return None if suffix_of(path) == _PARQUET else f"{kind}, compressed ({path.suffix.lower()})"


def nearly(path: Path) -> str:
    """Return what to do about tables in a folder that are not read by its name; "" without any."""
    from anchoraudit.formats.table.folders import hint

    if not path.is_dir():
        return ""
    from anchoraudit.formats.table.shard_folders import hint_at_hidden

    return hint(path) or hint_at_hidden(path)


def detect_address(address: Path) -> Detection | None:
    """Recognise a table at an address, or a folder of Parquet files. Raises AnchorauditError as `read`."""
    kind = _kind_of(address)
    if kind is not None and stores.is_file(address):
        return Detection(NAME, address, kind, Sureness.SUFFIX)
    if (found := _shards(address)) is not None or not stores.is_folder(address):
        return found
    from anchoraudit.formats._several import as_one
    from anchoraudit.formats.table.shard_folders import is_hidden, shards_in

    folders = [each.path for each in stores.inside(address) if each.is_folder]
    below = {path: files for path in folders if not is_hidden(path.name) and (files := shards_in(path).files)}
    if len(below) > 1:
        every = [file for files in below.values() for file in files]
        raise AnchorauditError(
            f"{len(below):,} data sets here: {', '.join([path.name for path in below][:_NAMED])}",
            path=address,
            remedy=f"Name the one you mean. {as_one(address, every, detect_several)}".rstrip(),
        )
    return _shards(next(iter(below))) if below else None


def detect_several(paths: Sequence[Path]) -> Detection | None:
    """Recognise files with the same suffix of a table, or folders of Parquet files, as one table."""
    from anchoraudit.formats.table.shard_folders import Shards, chosen, once

    plain, notes = chosen(paths)
    found = [_shards_at(path) for path in plain]
    files, repeated = once([file for each in found for file in each.files])
    suffixes = {whole_suffix(file) for file in files}
    if len(suffixes) != 1 or not all(map(_kind_of, files)):
        return None
    number = f"{len(files):,} {suffixes.pop()} file{'s' * (len(files) != 1)}"
    others = tuple(folder for each in found for folder in each.others)
    notes += [note for each in found for note in each.notes] + repeated
    return _detection(stores.folder_above(files), number, Shards(tuple(files), others, tuple(notes)))


def _shards_at(path: Path) -> Shards:
    """Return the shards of a folder, or the file itself."""
    from anchoraudit.formats.table.shard_folders import Shards, shards_in

    if _kind_of(path) is not None and not stores.is_folder(path):
        return Shards((path,), (), ())
    found = shards_in(path)
    return found if found.files else Shards((path,), (), ())


def _detect_shards(folder: Path) -> Detection | None:
    """Recognise a folder of Parquet files, or one with folders such as `split=train` or `train`."""
    names = names_in(folder)
    if any(name.lower().endswith(_PARQUET) or "=" in name for name in names):
        return _shards(folder)
    return _shards(folder) if any(map(is_split, names)) else None


def _shards(folder: Path) -> Detection | None:
    from anchoraudit.formats.table.shard_folders import shards_in

    found = shards_in(folder)
    count = len(found.files)
    reason = f"{count:,} Parquet file{'s' * (count != 1)}"
    return _detection(folder, reason, found) if count else None


def _detection(path: Path, reason: str, found: Shards) -> Detection:
    """Return what was recognised. found: the files of the data set, and what may be of it, too."""
    from anchoraudit.formats.table.shard_folders import tables_in

    unread, unknown = tables_in(found.others, found.files)
    notes = tuple(dict.fromkeys((*found.notes, *unknown)))
    return Detection(NAME, path, reason, Sureness.SUFFIX, found.files, tuple(unread), notes)


def read(detection: Detection, options: ReadOptions) -> Dataset:
    """Read all rows. A row that cannot be used becomes a finding.

    Raises AnchorauditError if a file cannot be read, if its columns are not understood, or if a split is
    unknown.
    """
    from anchoraudit.formats.table.assembly import assemble

    path = detection.path
    if detection.files:
        from anchoraudit.formats.table.assembly import assemble_shards
        from anchoraudit.formats.table.shards import by_split

        with without_garbage_collection():
            return assemble_shards(detection, options, by_split(path, detection.files, options.columns))
    with without_garbage_collection():
        return assemble(detection, options, _named(path))


def parts(detection: Detection, options: ReadOptions, rows: int) -> Parts:
    """Return the pieces of a table, of about `rows` rows each.

    Raises AnchorauditError if a split is unknown.
    """
    from anchoraudit.formats.table.pieces import TableParts

    path = detection.path
    if detection.files:
        from anchoraudit.formats.table.shards import by_split

        return TableParts.of(detection, options, by_split(path, detection.files, options.columns), rows)
    return TableParts.of(detection, options, [([file], split) for file, split in _named(path)], rows)


def least_memory(detection: Detection) -> int:
    """Return how many bytes reading it whole takes at the least: 250 for each row of Parquet."""
    files = [file for file in detection.files or [detection.path] if file.suffix.lower() == _PARQUET]
    if sum(size_of(file) for file in files) < _SMALL or find_spec("pyarrow") is None:
        return 0
    from anchoraudit.formats.table.row_groups import row_group_sizes

    rows = 0
    for file in files:
        with suppress(AnchorauditError):  # one that cannot be read takes nothing
            rows += sum(row_group_sizes(file))
    return 250 * rows


def read_frame(table: pd.DataFrame, options: ReadOptions) -> Dataset:
    """Read a DataFrame with the columns of such a table.

    Raises AnchorauditError if its columns are not understood, or if a split is unknown.
    """
    from anchoraudit.formats.table.frame import assemble_frame

    with without_garbage_collection():
        return assemble_frame(NAME, table, options)


def _named(path: Path) -> list[Named]:
    """Return the files of a data set, each with the name of its split; "" if its rows may name it."""
    from anchoraudit.formats.table.folders import Named, only_table, tables_of_splits, usual_tables

    if path.is_file():
        return [Named(path, "")]
    return usual_tables(path) or tables_of_splits(path) or only_table(path) or [Named(path, "")]
