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
    """Return what to do about tables in a folder of which none is called after a split; "" without any."""
    from anchoraudit.formats.table.folders import hint

    return hint(path) if path.is_dir() else ""


def detect_address(address: Path) -> Detection | None:
    """Recognise a table at an address, or a folder of Parquet files. Raises AnchorauditError as `read`."""
    kind = _kind_of(address)
    if kind is not None and stores.is_file(address):
        return Detection(NAME, address, kind, Sureness.SUFFIX)
    if (found := _shards(address)) is not None or not stores.is_folder(address):
        return found
    below = [found for path, is_folder in stores.inside(address) if is_folder and (found := _shards(path))]
    if len(below) > 1:
        raise AnchorauditError(
            f"{len(below):,} data sets here: {', '.join(each.path.name for each in below[:_NAMED])}",
            path=address,
            remedy="Name the one you mean.",
        )
    return below[0] if below else None


def detect_several(paths: Sequence[Path]) -> Detection | None:
    """Recognise files with the same suffix of a table, or folders of Parquet files, as one table."""
    files = [file for path in paths for file in _files_at(path)]
    suffixes = {whole_suffix(file) for file in files}
    if len(suffixes) != 1 or not all(map(_kind_of, files)):
        return None
    number = f"{len(files):,} {suffixes.pop()} file{'s' * (len(files) != 1)}"
    return Detection(NAME, stores.folder_above(files), number, Sureness.SUFFIX, tuple(files))


def _files_at(path: Path) -> Sequence[Path]:
    found = None if _kind_of(path) is not None and stores.is_file(path) else _shards(path)
    return [path] if found is None else found.files


def _detect_shards(folder: Path) -> Detection | None:
    """Recognise a folder of Parquet files, or one with folders such as `split=train` or `train`."""
    names = names_in(folder)
    if any(name.lower().endswith(".parquet") or "=" in name for name in names):
        return _shards(folder)
    return _shards(folder) if any(map(is_split, names)) else None


def _shards(folder: Path) -> Detection | None:
    from anchoraudit.formats.table.shards import shards_in

    shards = shards_in(folder)
    reason = f"{len(shards):,} Parquet file{'s' * (len(shards) != 1)}"
    return Detection(NAME, folder, reason, Sureness.SUFFIX, tuple(shards)) if shards else None


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
            return assemble_shards(detection, options, by_split(path, detection.files))
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

        return TableParts.of(detection, options, by_split(path, detection.files), rows)
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
