"""Many mutants of real files, each run as a user would run it, and what must hold for every run.

A mutant has a name, `coco:17`, from which all of it follows: `python -m tests.fuzzing coco:17` makes it
again, runs its commands and says what came out; with `--keep DIR` its files stay.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import json
import os
import random
import re
import shutil
import sys
import tempfile
import time
import traceback
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from anchoraudit import cli
from tests import agreement, mutants
from tests.campaign import Outcome, campaign, most_resident
from tests.conftest import SAMPLE
from tests.mutants import Mutant, make, output_formats
from tests.originals import lay, sample
from tests.watch import watching

SECONDS = 2.0  # CPU time that one command may take: the data are a few kilobytes
COMPARED = 0.1  # share of the mutants whose scan is done again, in other ways
SEARCHING = 5.0  # what advise may, which tries some forty detectors and clusters for some of them
RESIDENT = 1 << 30  # bytes of memory that it may ever hold
NOT_PRINTABLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]"
)
# Errors that are about what was asked for, not about a file.
_OF_THE_REQUEST = re.compile(
    r"no data set named|distinct box size|the size of image|no image |would be left"
    r"|anchors for \d+ levels|matches by ATSS"
)
# Findings about a set as a whole: leaving images out does not cure them.
_WHOLE = re.compile(r"SET\d|CLS\d|PAR\d|IMG003|BOX009|BOX015|ANC00[45]")


def reproduction(name: str) -> str:
    """The command that runs one mutant again."""
    return f"python -m tests.fuzzing {name}"


def try_out(name: str, folder: Path) -> Outcome:
    """Make a mutant in the empty `folder`, run its commands there, and hold each to what must be."""
    mutant = make(name)
    outcome = Outcome(name)
    lay(mutant.files, folder)
    with contextlib.chdir(folder), watching(folder) as done:
        said = [_try_command(args, mutant, outcome)[1] for args in mutant.commands]
        scan = mutant.commands[0]
        if scan[0] == "scan" and outcome.codes[0] < 2 and random.Random(name).random() < COMPARED:
            outcome.failures += agreement.differences(scan, lambda args: _try_command(args, mutant, outcome))
        clean = Path("clean.json")
        if clean.exists():
            _try_clean(clean, mutant, outcome, "".join(said))
    outcome.failures += [f"what must not be done: {what}" for what in done]
    outcome.failures += list(_changed(mutant, folder))
    outcome.resident = most_resident()
    if outcome.resident > RESIDENT:
        outcome.failures.append(f"{outcome.resident / 1e6:.0f} MB of memory")
    return outcome


def _changed(mutant: Mutant, folder: Path) -> Iterator[str]:
    """Tell which inputs were changed, and which files are there that nobody asked for."""
    for file, content in mutant.files.items():
        ours = file.startswith(".anchoraudit")  # the program's own folder
        if isinstance(content, bytes) and not ours and (folder / file).read_bytes() != content:
            yield f"the input {file} was changed"
    asked = {*mutant.files, *(word for args in mutant.commands for word in args)}
    for path in folder.rglob("*"):  # links are not followed
        file = path.relative_to(folder).as_posix()
        if not path.is_dir() and file not in asked and not file.startswith((".anchoraudit/", "out/")):
            yield f"the file {file} was made"


def _try_command(args: list[str], mutant: Mutant, outcome: Outcome) -> tuple[int, str]:
    """Run one command; what is wrong with its answer goes to the outcome's failures."""
    before = time.process_time()
    code, out, err, crash = _run(args)
    seconds = time.process_time() - before
    outcome.codes.append(code)
    outcome.seconds = max(outcome.seconds, seconds)
    wrong = [crash] if crash else list(_wrong(args, code, out, err, mutant.named))
    if seconds > (SEARCHING if args[0] == "advise" else SECONDS):
        wrong.append(f"{seconds:.1f} s")
    shown = " ".join(args)
    outcome.failures += [f"anchoraudit {shown}: {what}" for what in wrong]
    return code, out


def problems(args: list[str], *named: str) -> list[str]:
    """Run one command in the working directory, and say what must not be in its answer.

    named: what a refusal has to name, one of them at least.
    """
    outcome = Outcome("")
    _try_command(args, Mutant("", {}, [], list(named)), outcome)
    return outcome.failures


def _run(args: list[str]) -> tuple[int, str, str, str]:
    """Exit code, stdout, stderr, and the traceback of a crash, "" if there was none."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2)]
    crash, code = "", 2
    os.environ["ANCHORAUDIT_TRACEBACK"] = "1"
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(streams[0]),
        contextlib.redirect_stderr(streams[1]),
    ):
        warnings.simplefilter("always", RuntimeWarning)
        warnings.simplefilter("always", UserWarning)
        try:
            code = cli.run(args)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            crash = f"{type(error).__name__}\n{traceback.format_exc(limit=-6)}"
        finally:
            del os.environ["ANCHORAUDIT_TRACEBACK"]
    out, err = (stream.buffer.getvalue().decode("utf-8", "surrogatepass") for stream in streams)  # type: ignore[attr-defined]
    return code, out, err, crash


def _wrong(args: list[str], code: int, out: str, err: str, named: Iterable[str]) -> Iterator[str]:
    """What must not be in the answer of a command that did not crash."""
    if code not in (0, 1, 2):
        yield f"exit code {code}"
    if match := re.search(r"Traceback|internal error|not enough memory|\w*Warning:.*", err):
        yield f"stderr says {match[0]!r}"
    if code == 2:
        if "Error: " not in err:
            yield f"exit code 2, and stderr says only {err!r:.300}"
        elif not any(name in err for name in named) and not _OF_THE_REQUEST.search(err):
            yield f"the error names no file: {err!r:.300}"
        if len(err) > 20_000:
            yield f"an error of {len(err)} characters: {err!r:.100}"
    for stream, text in (("stdout", out), ("stderr", err)):
        if match := NOT_PRINTABLE.search(text):
            at = match.start()
            yield f"{match[0]!r} on {stream}: {text[max(at - 40, 0) : at + 20]!r}"
    if code < 2 and not {"-q", "--diff"} & set(args):  # of what does not differ, a diff shows nothing
        form = args[args.index("--output-format") + 1] if "--output-format" in args else "text"
        try:
            well_formed(form, out)
        except (ValueError, ET.ParseError, csv.Error) as error:
            yield f"stdout is no {form}: {error}"


def well_formed(form: str, text: str) -> None:
    """Raise ValueError, ET.ParseError or csv.Error if `text` is not what an output format promises."""
    if not text and form not in ("jsonl", "github"):  # they have a line a finding, and no others
        raise ValueError("nothing")
    if form in ("json", "sarif"):
        strict_json(text)
    elif form == "jsonl":
        for line in text.splitlines():
            strict_json(line)
    elif form == "csv":
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
        if len({len(row) for row in rows}) != 1:
            raise ValueError(f"rows of {sorted({len(row) for row in rows})} columns")
    elif form == "junit":
        ET.fromstring(text)
    elif form == "github" and (odd := [line for line in text.splitlines() if not line.startswith("::")]):
        raise ValueError(f"the line {odd[0]!r:.100}")


def strict_json(text: str, *, python: bool = False) -> Any:
    """Decode JSON as other programs do: neither NaN nor infinity; python: or as Python does."""

    def refuse(constant: str) -> float:
        if not python:
            raise ValueError(f"{constant} is no JSON")
        return float(constant)

    return json.loads(text, parse_constant=refuse, parse_int=lambda digits: int(digits[:4000]))


def _try_clean(clean: Path, mutant: Mutant, outcome: Outcome, said: str) -> None:
    """What filter wrote is JSON, and a scan of it with its detector is clean but for the set as a whole.

    NaN of the source, outside of boxes, stays; but filter has to have said so.
    """
    is_said = " stays outside of boxes, for example at line " in " ".join(said.split())
    try:
        document = strict_json(clean.read_bytes().decode("utf-8", "surrogatepass"), python=is_said)
    except (ValueError, RecursionError) as error:
        outcome.failures.append(f"what filter wrote is no JSON: {error}")
        return
    outcome.failures += _counted(said, len(document["images"]), Path("gone.csv"))
    written = next(args for args in mutant.commands if args[0] == "filter")
    options = written[written.index("--detector") :][:2] if "--detector" in written else []
    blank = ["--allow-blank"] if "--keep-blank" in written else []
    args = ["scan", "clean.json", "--output-format", "json", "--format", "coco", *options, *blank]
    code, out = _try_command(args, Mutant(mutant.name, {}, [], ["clean.json", "ds"]), outcome)
    if code == 2:
        outcome.failures.append("what filter wrote cannot be scanned")
    elif code == 1:
        report = strict_json(out)
        found = {f["code"] for f in report["findings"] if f["severity"] == "error"}
        allowed = {"ANC008"} if blank else set()  # such images are shown, and do not count
        if odd := sorted(c for c in found - allowed if not _WHOLE.match(c)):
            verdicts = sorted({image["verdict"] for image in report["flagged"]})
            outcome.failures.append(f"after {' '.join(written)}, a scan finds {odd}, {verdicts}")


def _counted(said: str, images: int, gone: Path) -> Iterator[str]:
    """Tell what differs between what filter said that it wrote and dropped, and what it did."""
    words = " ".join(said.split())
    written = re.search(r"written clean\.json: ([\d,]+) image", words)
    dropped = re.search(r"dropped ([\d,]+) images? of ([\d,]+)", words)
    if written is None or dropped is None:
        yield f"filter says not what it wrote and dropped: {words!r:.300}"
        return
    kept, lost, every = (int(number.replace(",", "")) for number in (*written.groups(), *dropped.groups()))
    if kept != images or every - lost != images:
        yield f"{images} images written, filter says {written[0]!r} and {dropped[0]!r}"
    if gone.exists():
        rows = list(csv.DictReader(io.StringIO(gone.read_text("utf-8", "surrogateescape"), newline="")))
        if len(rows) != lost:
            yield f"{len(rows)} rows in {gone}, filter says {dropped[0]!r}"


def preload() -> None:
    """Import what commands import when they run, so that no mutant is blamed for the time it takes."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        lay(sample(), Path(folder))
        scan = ["scan", "ds", "--detector", "mmdet-atss", "--images", "decode"]
        for form in output_formats():
            _run([*scan, "--output-format", form])
        for args in (
            ["scan", "ds", "--counts", "--export-images", "i.parquet", "--export-boxes", "b.csv"],
            ["cluster", "ds", "--k", "2"],
            ["explain", "1", "ds", "-o", "x.png"],
            ["filter", "ds", "-o", "clean.json", "--dropped", "gone.csv"],
            ["compare", "ds", "--detector", "yolov5", "--detector", "reference"],
            ["compare", "ds", "--loaders"],
            ["advise", "ds"],
            ["cluster", "ds", "--k", "2", "--objective", "foreground", "--time-limit", "0.2"],
            ["cluster", "ds", "--k", "3", "--for", "mmdet"],
            ["scan", "ds", "--augment", "flip", "--baseline", "known.json", "--write-baseline"],
            ["scan", str(SAMPLE / "voc")],
        ):
            _run(args)
    mutants.preload()


def main() -> int:
    """Try single mutants here, or many in a campaign, and say what came out."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzzing",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="KIND:NUMBER")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="leave the mutants' files below DIR")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="try the first N mutants")
    parser.add_argument("--after", type=int, default=0, metavar="N", help="but leave out the first N")
    parser.add_argument("--seed", type=int, default=0, help="of other mutants; in CI, the number of the day")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="processes")
    given = parser.parse_args()
    if given.first:
        return _many(mutants.names(given.first, given.seed)[given.after :], given.workers)
    if not given.names:
        parser.error("name a mutant, or say --first N")
    return max(_one(name, given.keep) for name in given.names)


def _one(name: str, keep: Path | None) -> int:
    folder = Path(tempfile.mkdtemp()) if keep is None else keep.absolute() / name.replace(":", "-")
    folder.mkdir(parents=True, exist_ok=True)
    preload()
    outcome = try_out(name, folder)
    for args, code in zip(make(name).commands, outcome.codes, strict=False):
        print(f"{code}  anchoraudit {' '.join(args)}")
    print("\n".join(outcome.failures) or f"{name}: nothing wrong")
    if keep is None:
        shutil.rmtree(folder)
    return int(bool(outcome.failures))


def _many(names: list[str], workers: int) -> int:
    failed, slowest = 0, Outcome("")
    tried = campaign(names, prepare=preload, attempt=try_out, workers=workers)
    for done, outcome in enumerate(tried, 1):
        slowest = max(slowest, outcome, key=lambda one: one.seconds)
        if outcome.failures:
            failed += 1
            print(f"{reproduction(outcome.name)}\n  {'; '.join(outcome.failures):.2000}", flush=True)
        if done % 1000 == 0 or done == len(names):
            most = f"longest command {slowest.seconds:.2f} s ({slowest.name})"
            print(f"{done:,} of {len(names):,} mutants, {failed} failed; {most}", flush=True)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
