"""Readers of files that say which classes there are: one module for each kind of file, found by itself.

A reader module defines four names:

SUFFIXES: the suffixes of such files, lower case, with the dot.
LOOKS_FOR: the kind of file in one line, for the message about an unknown file.
detect(path, text) -> bool: tell quickly whether the text is of this kind. Called only for these suffixes.
read(path, text) -> Classes: read the classes, or raise AnchorauditError with file and line.

and may define MOST_BYTES, the most bytes of such a file (None: half of the memory), where these are more than
a configuration has. A file that several readers take is of the kind whose module comes first by name.

Modules whose name starts with an underscore are helpers. A reader parses a user's file and never executes it.
Names and ids are kept as they stand, also where one is there twice: rules report that.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, cast

from anchoraudit.detectors.spec import Classes
from anchoraudit.errors import AnchorauditError
from anchoraudit.io import documents
from anchoraudit.io.plugins import load_module, module_names


class Reader(Protocol):
    """The interface of a reader module."""

    SUFFIXES: tuple[str, ...]
    LOOKS_FOR: str

    def detect(self, path: Path, text: str) -> bool:
        """Tell whether a file with this text is of this kind."""
        ...

    def read(self, path: Path, text: str) -> Classes:
        """Read what the text says of classes."""
        ...


def readers() -> list[Reader]:
    """Return all readers, sorted by name."""
    return [cast(Reader, load_module(__name__, name)) for name in module_names(__name__)]


def kinds() -> str:
    """Return the kinds of files that can be read, as one text."""
    return "; ".join(reader.LOOKS_FOR for reader in readers())


def read_classes(path: str | Path) -> Classes:
    r"""Read which classes a file lists, or how many it counts.

    The file may be a list of names, a CSV of names and ids, a data.yaml, a COCO or JSON file, a label map, or
    the configuration of a framework. It is parsed, never executed.

    Parameters
    ----------
    path : str or Path
        The file. Its suffix and its text decide what kind of file it is.

    Returns
    -------
    Classes
        Names and ids in the order of the file, where it has them, and the number of classes, where it states
        one. Names and ids that are there twice are kept. `stated_in` has the file's name and the line or key.

    Raises
    ------
    AnchorauditError
        If the file cannot be read, is of an unknown kind, or says nothing of classes; or if what it says is
        computed by code. The message has the file, the line, the value, and what to do.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = Path(folder, "classes.csv")
    ...     _ = file.write_text("cat,0\ndog,2\n")
    ...     classes = read_classes(file)
    >>> classes.names, classes.ids
    (('cat', 'dog'), (0, 2))
    """
    path = Path(path)
    known = [reader for reader in readers() if path.suffix.lower() in reader.SUFFIXES]
    sizes = [getattr(reader, "MOST_BYTES", documents.LARGEST) for reader in known]
    most = None if None in sizes else max(sizes, default=documents.LARGEST)
    text = documents.read_text(path, "file of classes", most)
    if not text.strip():
        raise AnchorauditError("empty file", path=path, remedy="Name a file that lists classes.")
    try:
        for reader in known:
            if reader.detect(path, text):
                return reader.read(path, text)
    except RecursionError:
        raise AnchorauditError("nested too deeply", path=path, remedy="Nest it less deeply.") from None
    except (ValueError, OverflowError) as error:
        raise AnchorauditError(
            str(error), path=path, remedy="See the kinds of files in docs/classes.md."
        ) from None
    raise AnchorauditError(
        "not a file of classes that can be read",
        path=path,
        remedy=f"Give one of: {kinds()}.",
    )
