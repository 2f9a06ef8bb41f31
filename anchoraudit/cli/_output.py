"""Where results go: stdout or a file. Progress and remarks go to stderr, and progress only to a terminal.

What is printed follows once the files of the command are in place (`outputs.together`).
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from anchoraudit.cli._said import say
from anchoraudit.cli._settings import Settings
from anchoraudit.cli._settings_file import FILES, settings_file
from anchoraudit.detectors import NO_DETECTOR
from anchoraudit.errors import AnchorauditError, inert
from anchoraudit.images.found import SUFFIXES
from anchoraudit.io import steps
from anchoraudit.io.files import require_not_input
from anchoraudit.io.outputs import afterwards, replacing, write_text

if TYPE_CHECKING:
    import pandas as pd

    from anchoraudit.dataset.columns import Dataset


_ANNOTATIONS = frozenset(
    [".json", ".xml", ".txt", ".csv", ".tsv", ".parquet", ".yaml", ".yml", ".data", ".names"]
)


def show(parts: Iterable[object], output: str | None) -> None:
    """Print the parts of a text report, or write them to `output`."""
    from anchoraudit.report.text import terminal

    if output is not None:
        write_text(Path(output), terminal.to_text(*parts))
    else:
        afterwards(partial(terminal.print_parts, parts))


def put(text: str, output: str | None) -> None:
    """Print `text`, or write it to `output`; no line is a command to a CI service."""
    if output is None:
        afterwards(lambda: sys.stdout.write(inert(text)))
    else:
        write_text(Path(output), inert(text))


def put_pieces(pieces: Iterable[str], output: str | None) -> None:
    """Print pieces of text as they come and as they are, or write them to `output`."""
    if output is None:
        afterwards(lambda: sys.stdout.writelines(pieces))
        return
    steps.step("writing the report")
    with replacing(Path(output)) as stream:
        for piece in pieces:
            stream.write(piece.encode("utf-8", "backslashreplace"))


def remark(text: str, *, quiet: bool = False) -> None:
    """Print a remark to stderr."""
    if not quiet:
        afterwards(lambda: say(text))


def check_outputs(
    dataset: Dataset,
    settings: Settings,
    *outputs: str | None,
    may_replace: str | None = None,
    read: Iterable[str] = (),
) -> None:
    """Refuse an output that is an input, that belongs to the data set, or that is named twice.

    may_replace: the one input that may be overwritten. read: other inputs. Raises AnchorauditError.
    """
    named = [Path(output) for output in outputs if output is not None]
    real = [Path(os.path.realpath(output)) for output in named]
    inputs = [Path(name) for name in read]
    inputs += [source.path for source in dataset.sources if source.path.is_file()]
    inputs += [dataset.root] * dataset.root.is_file()
    detector = None if settings.detector == NO_DETECTOR else settings.detector
    inputs += [Path(f) for f in (detector, settings.anchors) if f is not None and f != may_replace]
    if (found := settings_file()) is not None:
        inputs.append(found[0])
    for i, output in enumerate(named):
        if real[i] in real[:i] and not output.is_char_device():
            raise AnchorauditError("two outputs would go to this file", path=output, remedy="Name two files.")
        require_not_input(output, inputs)
        if output.is_file() and (_is_of_dataset(real[i], dataset) or output.name in FILES):
            raise AnchorauditError(
                "this file exists and was not written by anchoraudit; inputs are never changed",
                path=output,
                remedy="Choose another name for the output.",
            )


def require_own(output: Path, mark: str) -> None:
    """Refuse to replace a file that anchoraudit did not write: it is probably the user's configuration.

    mark: text that every such output has within its first thousand bytes. Raises AnchorauditError.
    """
    try:
        with output.open("rb") as stream:
            head = stream.read(1000) if output.is_file() else b""
    except OSError:
        return  # it does not exist, or writing will report the error
    if head and mark.encode() not in head:
        raise AnchorauditError(
            f"this file exists, and {mark!r} is not in it; it is not replaced",
            path=output,
            remedy="Choose another name for the output.",
        )


def _is_of_dataset(file: Path, dataset: Dataset) -> bool:
    """Tell whether an existing file is an annotation, a split list or an image of the data set."""
    kinds: list[tuple[Path, frozenset[str]]] = []
    for source in dataset.sources:
        if dataset.root.is_dir() or source.path.is_dir():
            folder = source.path if source.path.is_dir() else source.path.parent
            kinds += [(folder, _ANNOTATIONS), (folder.parent / "ImageSets", _ANNOTATIONS)]
        if source.image_folder is not None:
            kinds.append((source.image_folder, SUFFIXES))
    suffix = file.suffix.lower()
    return any(suffix in suffixes and file.is_relative_to(folder.resolve()) for folder, suffixes in kinds)


def put_csv(text: str, output: str | None, *, csv_safe: bool) -> None:
    """Print CSV, or write it to `output`. csv_safe: so that a spreadsheet runs nothing in it."""
    if csv_safe:
        from anchoraudit.report.spreadsheet import safe_csv

        text = safe_csv(text)
    put(text, output)


def export(table: pd.DataFrame, output: str, *, csv_safe: bool = False) -> None:
    """Write a table as `.csv` or `.parquet`. Raises AnchorauditError for any other suffix.

    csv_safe: as CSV, so that a spreadsheet runs nothing in it.
    """
    suffix = require_table_suffix(output)
    if csv_safe and suffix == ".csv":
        from anchoraudit.report.spreadsheet import safe_table

        table = safe_table(table)
    steps.step("writing the table")
    with replacing(Path(output)) as stream:
        if suffix == ".csv":
            table.to_csv(stream, index=False, encoding="utf-8", errors="backslashreplace")
        else:
            _for_parquet(table).to_parquet(stream, index=False)


def require_table_suffix(output: str) -> str:
    """Return `.csv` or `.parquet`. Raises AnchorauditError for any other suffix, or without pyarrow."""
    suffix = Path(output).suffix.lower()
    if suffix not in (".csv", ".parquet"):
        raise AnchorauditError(
            f"cannot export to {suffix or 'a file without suffix'}",
            path=output,
            remedy="Use .csv or .parquet.",
        )
    if suffix == ".parquet":
        from importlib.util import find_spec

        if find_spec("pyarrow") is None:
            raise AnchorauditError(
                "Parquet needs pyarrow",
                path=output,
                remedy="pip install 'anchoraudit[parquet]', or use .csv.",
            )
    return suffix


def _for_parquet(table: pd.DataFrame) -> pd.DataFrame:
    """Give every column one type: a column with integer and string ids becomes strings."""
    for name in ("image_id", "annotation_id"):
        if name in table and table[name].dtype == object:
            table[name] = table[name].astype(str)
    return table


@contextlib.contextmanager
def progress(what: str, *, quiet: bool = False) -> Iterator[Callable[[int, int], None] | None]:
    """Give a function (done, of) that moves the bar of the command, or None if there is no bar."""
    yield None if quiet or not steps.is_heard() else partial(steps.step, what)
