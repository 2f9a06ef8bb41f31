"""Reads label files and the headers of pictures on all cores, each file once.

The result is the same on any number of cores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from operator import itemgetter
from typing import NamedTuple

from anchoraudit.formats.yolo.lines import Chunk, read_chunk
from anchoraudit.images import opening
from anchoraudit.images.headers import Headers, read_headers
from anchoraudit.io.meanwhile import work_meanwhile
from anchoraudit.io.processes import shared_out
from anchoraudit.io.steps import counted
from anchoraudit.io.unchanged import is_recorded


class _Piece(NamedTuple):
    """Some of the files. of_labels: or else of pictures."""

    of_labels: bool
    paths: Sequence[str | None]


@contextmanager
def reading(
    labels: Sequence[str | None], pictures: Sequence[str | None], columns: int, *, beside: int | None = None
) -> Iterator[Callable[[], tuple[list[Chunk], Headers]]]:
    """Start to read; the block gets a function that returns the label files in chunks, and the headers.

    labels, pictures: the paths of files; None for one that does not exist. columns: of a line of a box.
    beside: how many processes take part beside this one; None for as many as save time.

    Files whose bytes are recorded are read by this process.
    """
    files = len(labels) + len(pictures)
    pieces = [
        *(_Piece(True, paths) for paths in opening.pieces_of(labels)),
        *(_Piece(False, paths) for paths in opening.pieces_of(pictures)),
    ]
    if beside is None:
        beside = 0 if is_recorded() else opening.processes_beside(files, pictures)
    with shared_out(partial(_read, columns=columns), pieces, beside) as results:

        def read() -> tuple[list[Chunk], Headers]:
            if beside > 0:
                work_meanwhile()
            chunks: list[Chunk] = []
            headers = Headers()
            done = counted(results(), "reading labels and pictures", files, each=opening.FILES_A_PIECE)
            for _, found in sorted(done, key=itemgetter(0)):
                if isinstance(found, Headers):
                    headers.append(found)
                else:
                    chunks.append(found)
            return chunks, headers

        yield read


def _read(piece: _Piece, columns: int) -> Chunk | Headers:
    return read_chunk(piece.paths, columns) if piece.of_labels else read_headers(piece.paths)
