"""Where results go: stdout or a file; progress and remarks go to stderr, and only where someone looks."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from anchoraudit.errors import AnchorauditError, printable
from anchoraudit.files import replacing, require_not_input, write_text

if TYPE_CHECKING:
    import pandas as pd

    from anchoraudit.dataset import Dataset


def show(parts: Iterable[object], output: str | None) -> None:
    """Print the parts of a text report, or write them to `output`."""
    from anchoraudit.report import terminal

    if output is not None:
        write_text(Path(output), terminal.to_text(*parts))
        return
    terminal.print_parts(parts)


def put(text: str, output: str | None) -> None:
    """Print `text` as it is, or write it to `output`."""
    if output is None:
        sys.stdout.write(text)
    else:
        write_text(Path(output), text)


def remark(text: str, *, quiet: bool = False) -> None:
    """Say something that is not the result."""
    if not quiet:
        click.echo(printable(text), err=True)


def check_outputs(dataset: Dataset, *outputs: str | None) -> None:
    """Refuse an output that is one of the data set's own files, or the same file twice.

    Raises AnchorauditError.
    """
    named = [Path(output) for output in outputs if output is not None]
    for i, output in enumerate(named):
        if output in named[:i]:
            raise AnchorauditError("two outputs go to this file", path=output, remedy="Name two files.")
        own = [source.path for source in dataset.sources if source.path.is_file()]
        folders = {source.path for source in dataset.sources if source.path.is_dir()}
        folders |= {source.image_folder for source in dataset.sources if source.image_folder}
        require_not_input(output, own)
        if output.exists() and output.resolve().parent in {folder.resolve() for folder in folders}:
            raise AnchorauditError(
                "this file belongs to the data set; inputs are never changed",
                path=output,
                remedy="Choose another name for the output.",
            )


def export(table: pd.DataFrame, output: str) -> None:
    """Write a table as `.csv` or `.parquet`. Raises AnchorauditError for another suffix."""
    suffix = require_table_suffix(output)
    with replacing(Path(output)) as stream:
        if suffix == ".csv":
            table.to_csv(stream, index=False, encoding="utf-8", errors="surrogateescape")
        else:
            _same_type_ids(table).to_parquet(stream, index=False)


def require_table_suffix(output: str) -> str:
    """Return `.csv` or `.parquet`; raise AnchorauditError for another suffix, or without pyarrow."""
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


def _same_type_ids(table: pd.DataFrame) -> pd.DataFrame:
    """A Parquet column has one type: where ids are integers and strings, all become strings."""
    for name in ("image_id", "annotation_id"):
        if name in table and table[name].dtype == object:
            table[name] = table[name].astype(str)
    return table


@contextlib.contextmanager
def progress(what: str, *, quiet: bool = False) -> Iterator[Callable[[int, int], None] | None]:
    """Give a bar on stderr to advance by (done, of), or None where stderr is no terminal."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)
