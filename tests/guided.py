"""Coverage-guided fuzzing of the readers: `python -m tests.guided voc --seconds 600`, one kind of file each.

Needs atheris (`pip install atheris`), which tells what code an input reaches and keeps the inputs that reach
new code. Half of the inputs are changed by their structure (tests/mutants.py), the others by atheris. Only
an `AnchorauditError` may be raised; and where a reader has two ways, both have to give the same answer.

Each failure is saved once, by where it was raised, and `python -m tests.guided voc FILE ...` tries files
again without atheris.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import pkgutil
import random
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

from anchoraudit.errors import AnchorauditError
from tests.in_parts import reading_in_parts

Target = Callable[[bytes, Path], None]
_READING = ("io", "formats", "detectors", "classes", "anchors")  # rooms whose coverage guides
LARGEST = 20_000  # bytes of an input: more makes each try slower, and finds nothing else


def try_voc(data: bytes, folder: Path) -> None:
    """Read an annotation; where the fast way takes it, the parser has to give the same."""
    from anchoraudit.formats.voc import plain, xml

    path = folder / "a.xml"
    path.write_bytes(data)
    chunk = xml.scan([str(path)])
    if plain.plain(data) is not None:
        parsed = xml.Chunk()
        codes: dict[str, int] = {}
        _, described = xml._take_tree("", data, xml._tree(data), parsed, codes)
        columns = ("category", "traits", "difficult", "xyxy", "findings")
        for column in columns:
            same(column, getattr(chunk, column), getattr(parsed, column))
        same("names", chunk.names, list(codes))
        taken = (chunk.file_names[0], chunk.image_traits[0], *chunk.sizes)
        same("the image", taken, described)


def try_coco(data: bytes, folder: Path) -> None:
    """Read a file in each of the ways; what can be read whole has spans that are its entries."""
    import msgspec

    from anchoraudit.formats.coco import chunks, entries, text
    from anchoraudit.io import json_text

    path = folder / "a.json"
    path.write_bytes(data)
    read = json_text.read_bytes(path)
    whole = entries.decode(path, read)
    with contextlib.suppress(*entries.DECODE_ERRORS):
        msgspec.json.decode(read, type=entries.CocoFile)
        same_entries("entry by entry", whole, entries._Careful(path, read).entries())
    with reading_in_parts():
        parts = chunks.decode_in_chunks(path)
    if parts is not None:
        same_entries("in chunks", whole, parts)
    with contextlib.suppress(AnchorauditError):
        opened = text.open_text(path)
        for key, spans in opened.entries.items():
            with contextlib.suppress(ValueError, RecursionError):  # of digits, of brackets
                values = [json.loads(opened.readable[a:b]) for a, b in spans]
                same(key, values, json.loads(opened.readable)[key])


def try_readers(suffix: str) -> Target:
    """Read a file as a detector, as a list of classes, as anchors, and as the data set of YOLO."""

    def attempt(data: bytes, folder: Path) -> None:
        from anchoraudit.anchors.file import read_anchors
        from anchoraudit.classes.readers import read_classes
        from anchoraudit.detectors import load_detector
        from anchoraudit.formats.yolo.config import read_config

        path = folder / f"a{suffix}"
        path.write_bytes(data)
        readers: tuple[Callable[[Path], object], ...] = (load_detector, read_classes, read_anchors)
        for reader in (*readers, *((read_config,) if suffix in (".yaml", ".data") else ())):
            with contextlib.suppress(AnchorauditError):
                reader(path)

    return attempt


def try_table(data: bytes, folder: Path) -> None:
    """Read a table; as a large one is read, it has to give the same data."""
    from anchoraudit.formats import read

    path = folder / "a.csv"
    path.write_bytes(data)
    one = read(path)
    with reading_in_parts():
        other = read(path)
    for part in ("boxes", "images"):
        for column in fields(getattr(one, part)):
            values = [getattr(getattr(dataset, part), column.name) for dataset in (one, other)]
            same(
                f"{part}.{column.name}", *(getattr(value, "tolist", lambda v=value: v)() for value in values)
            )
    same("findings", one.findings, other.findings)
    same("categories", one.categories, other.categories)


TARGETS: dict[str, tuple[str, Target]] = {
    "voc": (".xml", try_voc),
    "coco": (".json", try_coco),
    "yaml": (".yaml", try_readers(".yaml")),
    "python": (".py", try_readers(".py")),
    "toml": (".toml", try_readers(".toml")),
    "cfg": (".cfg", try_readers(".cfg")),
    "label-map": (".pbtxt", try_readers(".pbtxt")),
    "pipeline": (".config", try_readers(".config")),
    "json": (".json", try_readers(".json")),
    "table": (".csv", try_table),
}


def same(what: str, one: Any, other: Any) -> None:
    """Raise AssertionError if two values differ; NaN is like NaN."""
    if repr(one) != repr(other):
        raise AssertionError(f"{what} differ: {one!r:.300} and {other!r:.300}")


def same_entries(what: str, one: Any, other: Any) -> None:
    """Raise AssertionError if two readings of a clean COCO file differ."""
    same(what, one.categories, other.categories)
    for ours, theirs in ((one.images, other.images), (one.annotations, other.annotations)):
        for column in fields(ours):
            same(what, getattr(ours, column.name), getattr(theirs, column.name))
    same(what, (one.findings, one.notes), (other.findings, other.notes))


def attempt(target: Target, data: bytes, folder: Path) -> str:
    """Try an input: the traceback of what must not be raised, or ""."""
    started = time.process_time()
    try:
        target(data, folder)
    except AnchorauditError:
        pass
    except Exception:
        return traceback.format_exc()
    took = time.process_time() - started
    return f"{took:.1f} s" if took > 2 else ""


def seeds(suffix: str) -> list[bytes]:
    """Files of that suffix, as mutants are made of them."""
    from tests import originals

    return [data for name, data in originals.all_files().items() if name.endswith(suffix)]


def main() -> int:
    """Try files again, or fuzz for a while."""
    parser = argparse.ArgumentParser(prog="python -m tests.guided", description=__doc__)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("files", nargs="*", type=Path, help="try these again")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=Path("guided"), metavar="DIR", help="inputs, failures")
    given = parser.parse_args()
    _, target = TARGETS[given.target]
    if not given.files:
        return _fuzz(given)
    with tempfile.TemporaryDirectory() as folder:
        told = [attempt(target, file.read_bytes(), Path(folder)) for file in given.files]
    print("\n".join(filter(None, told)) or "nothing wrong")
    return int(any(told))


def _fuzz(given: argparse.Namespace) -> int:
    import atheris

    suffix, target = TARGETS[given.target]
    with atheris.instrument_imports(include=["anchoraudit"]):
        import anchoraudit

        for module in pkgutil.walk_packages(anchoraudit.__path__, "anchoraudit."):
            if module.name.split(".")[1] in _READING:
                importlib.import_module(module.name)
    from tests.mutations import mutate

    corpus, failures = given.keep / given.target / "corpus", given.keep / given.target / "failures"
    for folder in (corpus, failures):
        folder.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(seeds(suffix)):
        (corpus / f"seed-{number}").write_bytes(data)
    scratch = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    known = {file.stem for file in failures.iterdir()}

    def one(data: bytes) -> None:
        if said := attempt(target, data, scratch):
            line = next((x for x in reversed(said.splitlines()) if x.startswith("  File")), said)
            kind = said.strip().splitlines()[-1].partition(":")[0]
            name = "".join(c if c.isalnum() else "-" for c in f"{kind} {line[-70:]}")
            if name not in known:
                known.add(name)
                (failures / f"{name}.txt").write_text(said, "utf-8", "backslashreplace")
                (failures / f"{name}{suffix}").write_bytes(data)
                print(f"{failures / name}{suffix}\n{said}", file=sys.stderr, flush=True)

    def change(data: bytes, most: int, seed: int) -> bytes:
        dice = random.Random(seed)
        if dice.random() < 0.5:
            made = mutate(f"a{suffix}", data, dice)
            if len(made) <= most:
                return made
        return bytes(atheris.Mutate(data, most))

    options = [f"-max_total_time={given.seconds}", f"-max_len={LARGEST}", f"-seed={given.seed}"]
    options += ["-rss_limit_mb=2048", "-timeout=60", f"-artifact_prefix={failures}/"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], one, custom_mutator=change)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
