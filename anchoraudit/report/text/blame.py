"""The batches of some steps as text: their images, what explains a NaN or an error, and what to do next."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from anchoraudit.advice.blame import Blamed, BlamedImage, OddBox
from anchoraudit.auditing.audit import Audit
from anchoraudit.report import words
from anchoraudit.report.text.commands import command, value_of
from anchoraudit.report.text.next_steps import manifest_name
from anchoraudit.report.text.terminal import facts, first_lines, readable, steps, table

_DIGITS = 6
_ODD_COLUMNS = ("image", "box", "is", "what becomes of it")


@dataclass(frozen=True, slots=True)
class Replay:
    """How the batches of a run were found.

    sampler, title: whose order was replayed. reads: the code, with its version. settings: seed, batch size
    and so on, by name. images: how many are trained on. steps_of_epoch: None for a stream of images without
    epochs. assumed, unknown: sentences on what was taken to be so, and on what cannot be known.
    """

    sampler: str
    title: str
    reads: str
    settings: tuple[tuple[str, str], ...]
    images: int
    steps_of_epoch: int | None
    assumed: tuple[str, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """A step, counted from 0; its epoch, from 0, and its place there; and its batch.

    step_of_epoch: None for a stream of images without epochs.
    """

    step: int
    epoch: int
    step_of_epoch: int | None
    batch: Blamed


def blame_parts(
    audit: Audit, replay: Replay, batches: Sequence[Step], options: Sequence[str], again: Sequence[str]
) -> list[object]:
    """Return the parts of the report, in order.

    options: command-line words of the settings. again: those of the run, for the same command once more.
    """
    parts: list[object] = [*first_lines(words.who_judged(audit)), facts(_facts(audit, replay)), ""]
    for step in batches:
        parts += _step(step)
    for title, said in (("Assumed", replay.assumed), ("What cannot be known", replay.unknown)):
        if said:
            parts += [Text(title, style="bold"), *(f"  {text}" for text in said), ""]
    return [*parts, *steps("Next", _next(audit, batches, options, again))]


def saved_parts(facts_of: Sequence[tuple[str, str]], step: Step, page: str) -> list[object]:
    """Return the parts of the report on a batch that was saved, in order.

    facts_of: what is known of the run, each with its name. page: the HTML file beside it, "" without one.
    """
    parts = [facts(list(facts_of)), "", *_step(step, "as they were fed")]
    found: list[tuple[str, str]] = []
    if page:
        found.append((f"see each image with its boxes: {page}", ""))
    if step.batch.explains:
        found.append(("leave these images out, or repair their boxes: `anchoraudit filter` does both.", ""))
    else:
        found.append(("the data are not to blame: look at learning rate and precision.", ""))
    return [*parts, *steps("Next", found)]


def _facts(audit: Audit, replay: Replay) -> list[tuple[str, str]]:
    epoch = (
        "" if replay.steps_of_epoch is None else f", {words.count(replay.steps_of_epoch, 'step')} an epoch"
    )
    return [
        ("detector", audit.detector.name),
        ("sampler", f"{replay.sampler}: {replay.title} ({replay.reads})"),
        ("run", ", ".join(f"{name} {value}" for name, value in replay.settings)),
        ("images", f"{replay.images:,} to train on{epoch}"),
    ]


def _step(step: Step, boxes_are: str = "as the files have them") -> list[object]:
    title = f"Step {step.step}, epoch {step.epoch}"
    if step.step_of_epoch is not None:
        title += f", step {step.step_of_epoch} of it"
    batch = step.batch
    rows = [
        (
            image.file_name,
            _size(image),
            f"{image.boxes}",
            f"{image.usable}",
            image.verdict,
            image.cause or "-",
        )
        for image in batch.images
    ]
    columns = ("image", "size>", "boxes>", "usable>", "verdict", "cause")
    parts: list[object] = [table(f"{title} (all counted from 0)", columns, rows), ""]
    if batch.odd:
        names = {image.row: image.file_name for image in batch.images}
        parts += [_odd(batch.odd, names, boxes_are), ""]
    if batch.explains:
        parts += [Text(f"{readable(text)}.", style="bold") for text in batch.explains]
    else:
        parts.append(Text("Nothing in this batch explains a NaN or an error.", style="bold"))
    # Where the loss is 0/0, that is said already.
    return [*parts, *([] if batch.is_of_loss else [f"{batch.loss}."]), ""]


def _odd(odd: Sequence[OddBox], names: dict[int, str], boxes_are: str) -> object:
    rows = [(names[box.image], ", ".join(map(_number, box.xyxy)), box.kind, box.does) for box in odd]
    return table(f"Odd boxes (x1, y1, x2, y2 in pixels, {boxes_are})", _ODD_COLUMNS, rows)


def _number(value: float) -> str:
    return f"{value:.{_DIGITS}g}" if math.isfinite(value) else str(value)


def _size(image: BlamedImage) -> str:
    if math.isnan(image.width) or math.isnan(image.height):
        return "unknown"
    return f"{image.width:g}x{image.height:g}"


def _next(
    audit: Audit, batches: Sequence[Step], options: Sequence[str], again: Sequence[str]
) -> list[tuple[str, str]]:
    """Return what to do next, each with its command."""
    dataset = str(audit.dataset.root)
    guilty = [step for step in batches if step.batch.explains]
    if guilty:
        found = [("see why:", _explain(audit, guilty[0].batch, options))]
        if guilty[0].batch.is_of_loss:
            found.append(("guard the loss: divide by max(1, positives); or see what else would help:", ""))
            found.append(("", command("advise", [dataset], options)))
        found.append(
            (
                "or train on a data set without such images and boxes:",
                command("filter", [dataset], options, "-o", manifest_name(audit.dataset)),
            )
        )
        return found
    first, last = batches[0].step, batches[-1].step
    around = f"{max(0, first - 5)}-{last + 1}"
    return [
        (
            "A loss is NaN one step after the weights are: look at the steps before.",
            command("blame", [], options, "--dataset", dataset, *again, "--steps", around),
        ),
        (
            "If they explain nothing either, the data are not to blame: look at learning rate and precision.",
            "",
        ),
    ]


def _explain(audit: Audit, batch: Blamed, options: Sequence[str]) -> str:
    """Return the command that explains the worst image of a batch."""
    worst = min(batch.images, key=lambda image: words.rank(image.verdict))
    dataset, name = audit.dataset, str(worst.image_id)
    split = dataset.splits[int(dataset.images.split[worst.row])]
    is_named_twice = len(dataset.find(name)) > 1 and value_of(options, "--split") is None
    more = ("--split", split) if is_named_twice and split else ()
    return command("explain", [name, str(dataset.root)], options, *more)
