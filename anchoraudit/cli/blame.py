"""`anchoraudit blame`: the images of a step of a training run that has died, and what explains it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from anchoraudit.cli import _settings as settings_of
from anchoraudit.cli._options import (
    classes_option,
    detector_of,
    detector_options,
    label_options,
    loader_notes,
    loader_option,
    note_who_judged,
    output_format_option,
    read_to_use,
)
from anchoraudit.errors import AnchorauditError

if TYPE_CHECKING:
    from anchoraudit.detectors import Detector
    from anchoraudit.training.samplers import Sampler
    from anchoraudit.training.samplers._run import Run

    _Text = click.ParamType[str]
else:
    _Text = click.ParamType  # takes no parameter before click 8.4

_LAST_STEP = 10_000_000  # one of COCO's 118,287 images at batch size 1 in 84 epochs; found in seconds
_MOST_STEPS = 100
_MOST = 1 << 20  # of processes, epochs and images in a batch: above any run


class SamplerName(_Text):
    """A sampler. Completes the names."""

    name = "NAME"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """Return the names that begin with the typed letters."""
        from click.shell_completion import CompletionItem

        from anchoraudit.training.samplers import sampler_names

        return [CompletionItem(name) for name in sampler_names() if name.startswith(incomplete)]


@click.command("blame")
@click.argument("file", required=False, type=click.Path())
@click.option("--dataset", type=click.Path(), help="The data set of the run.  [default: last scan's]")
@detector_options
@loader_option
@click.option(
    "--sampler",
    type=SamplerName(),
    help="Whose order of images.  [default: that of the detector's framework]",
)
@click.option(
    "--step", type=click.IntRange(0, _LAST_STEP), metavar="S", help="The step, counted from 0 over the run."
)
@click.option("--steps", metavar="A-B", help="Several steps, A and B included.")
@click.option(
    "--epoch",
    type=click.IntRange(0, _MOST),
    metavar="E",
    help="Count the step from the start of this epoch instead; epochs are counted from 0.",
)
@click.option(
    "--batch-size", type=click.IntRange(1, _MOST), metavar="N", help="Images in a batch of one process (GPU)."
)
@click.option("--seed", type=int, metavar="N", help="The seed of the run.  [default: the framework's]")
@click.option("--epochs", type=click.IntRange(1, _MOST), metavar="N", help="How many epochs the run has.")
@click.option(
    "--rank", type=click.IntRange(0, _MOST), default=0, metavar="R", help="Which process.  [default: 0]"
)
@click.option(
    "--world-size",
    type=click.IntRange(1, _MOST),
    default=1,
    metavar="N",
    help="How many processes.  [default: 1]",
)
@click.option(
    "--workers",
    type=click.IntRange(0, 4096),
    metavar="N",
    help="Processes that load images, as the framework starts them.",
)
@click.option("--drop-last", is_flag=True, help="The loader drops the last batch if it is not full.")
@click.option(
    "--set", "own", multiple=True, metavar="NAME=VALUE", help="A setting of this sampler alone (repeatable)."
)
@label_options
@classes_option
@output_format_option
def command(**given: Any) -> int:
    """Name the images of a STEP of a training run that has died, and say what explains it.

    Replays the order in which the framework hands out images, from the seed of the run. Steps, epochs and
    processes are counted from 0: a log that begins at 1 is one ahead.

    FILE is the blame.json of a guard or a callback: its batch is judged again. It takes no other option than
    --output-format.
    """
    if given["file"] is not None:
        return _saved(given)
    from anchoraudit.auditing.audit import audit
    from anchoraudit.cli import _output
    from anchoraudit.images.inspection import CACHE
    from anchoraudit.rules import Chosen

    steps = _steps(given)
    settings = settings_of.resolve(given)
    detector, remarks = detector_of(settings)
    one = _sampler(given, detector)
    run = _run(given, one, detector)
    dataset = read_to_use(settings)
    result = audit(
        dataset,
        detector,
        drop_difficult=bool(settings.drop_difficult),
        rules=Chosen(ignore=("ALL",)),
        loader=settings.loader,
        images=settings.images or "header",
        image_cache=CACHE,
    )
    for text in (*remarks, *loader_notes(result.loaded)):
        _output.remark(f"note: {text}")
    note_who_judged(result, settings)

    from anchoraudit.advice.blame import blame
    from anchoraudit.report.text.blame import Replay, Step, blame_parts
    from anchoraudit.training.samplers import order_of
    from anchoraudit.training.samplers._numbering import numbered

    rows, images, assumed = numbered(result, tuple(settings.split or ()))
    order, remarks = order_of(one, images, run)
    batches: list[Step] = []
    for step in steps:
        batch = order.batch(step, given["epoch"])
        blamed = blame(result, [int(rows[number]) for number in batch.numbers])
        batches.append(Step(batch.step, batch.epoch, batch.step_of_epoch, blamed))
    if given["sampler"] is None:
        assumed.insert(0, f"Sampler {one.NAME}, as {detector.name} is of its framework; --sampler chooses.")
    replay = Replay(
        one.NAME,
        one.TITLE,
        one.READS,
        tuple(_said(given, one)),
        images.count,
        order.steps_of(batches[0].epoch),
        (*assumed, *remarks),
        one.CANNOT_KNOW,
    )
    if given["output_format"] == "json":
        from anchoraudit.report.blame_json import blame_json

        _output.put(blame_json(result, replay, batches), None)
    else:
        options = settings_of.as_options(settings)
        _output.show(blame_parts(result, replay, batches, options, _again(given)), None)
    return 1 if any(step.batch.explains for step in batches) else 0


def _saved(given: dict[str, Any]) -> int:
    """Judge a batch that was saved once more, and report it."""
    context = click.get_current_context()
    for name in given:
        chosen = context.get_parameter_source(name) == click.core.ParameterSource.COMMANDLINE
        if chosen and name not in ("file", "output_format"):
            raise click.UsageError(
                f"--{name.replace('_', '-')} has no effect: the file has the batch and its detector"
            )
    from anchoraudit.cli import _output
    from anchoraudit.report.text.blame import Step
    from anchoraudit.training.blame.evidence import read_evidence

    path = Path(given["file"])
    evidence = read_evidence(path)
    audit, page = evidence.checked.audit, path.with_suffix(".html")
    step = Step(evidence.step, evidence.epoch, None, evidence.blamed)
    losses = {name: f"{value:g}" for name, value in evidence.losses.items()}
    if given["output_format"] == "json":
        from anchoraudit.report.blame_json import saved_json

        saved = {"form": evidence.checked.form, "what": evidence.what, "losses": losses}
        _output.put(saved_json(audit, saved, step), None)
    else:
        from anchoraudit.report.text.blame import saved_parts

        facts = [
            ("detector", audit.detector.name),
            ("fed", evidence.checked.form),
            ("happened", f"the batch {evidence.what}"),
        ]
        _output.show(saved_parts(facts, step, str(page) if page.exists() else ""), None)
    return 1 if evidence.blamed.explains else 0


def _steps(given: dict[str, Any]) -> range:
    """Return the steps that are asked for."""
    if (given["step"] is None) == (given["steps"] is None):
        raise click.UsageError("give the step at which the run died: --step S, or --steps A-B")
    if given["batch_size"] is None:
        raise click.UsageError("give the batch size of the run: --batch-size N")
    if given["step"] is not None:
        return range(given["step"], given["step"] + 1)
    found = re.fullmatch(r"\s*(\d{1,8})\s*-\s*(\d{1,8})\s*", given["steps"], re.ASCII)
    first, last = (int(found[1]), int(found[2])) if found else (0, -1)
    if last < first or last > _LAST_STEP:
        raise AnchorauditError(
            f"{given['steps']!r} are no steps",
            remedy=f"Give the first and the last, such as 1230-1240; the greatest is {_LAST_STEP}.",
        )
    if last - first >= _MOST_STEPS:
        raise AnchorauditError(
            f"{last - first + 1:,} steps are too many", remedy=f"Give at most {_MOST_STEPS}."
        )
    return range(first, last + 1)


def _sampler(given: dict[str, Any], detector: Detector) -> Sampler:
    """Return the sampler that is named, else that of the detector's framework."""
    from anchoraudit.training.samplers import sampler, sampler_for, samplers

    if given["sampler"] is not None:
        return sampler(given["sampler"])
    found = sampler_for(detector)
    if found is None:
        known = "; ".join(f"{one.NAME}: {one.TITLE}" for one in samplers().values())
        raise AnchorauditError(
            f"in which order the framework of {detector.name} hands out images is unknown",
            remedy=f"Name the sampler that your script uses, with --sampler. {known}.",
        )
    return found


def _run(given: dict[str, Any], one: Sampler, detector: Detector) -> Run:
    """Return the settings of the run. Raises AnchorauditError for one that the sampler does not have."""
    from anchoraudit.io.suggest import did_you_mean
    from anchoraudit.training.samplers import defaults_of
    from anchoraudit.training.samplers._run import Run

    if given["rank"] >= given["world_size"]:
        raise AnchorauditError(
            f"there is no process {given['rank']} of {given['world_size']}: they are counted from 0",
            remedy="Give --rank and --world-size of the run.",
        )
    own = defaults_of(one, detector)
    for word in given["own"]:
        name, _, value = word.partition("=")
        if name not in one.SETTINGS:
            hint = did_you_mean(name, one.SETTINGS)
            listed = "; ".join(f"{key} ({setting.help})" for key, setting in one.SETTINGS.items())
            raise AnchorauditError(
                f"sampler {one.NAME} has no setting {name!r}",
                remedy=f"{hint}It has: {listed}." if listed else "It has none: omit --set.",
            )
        own[name] = one.SETTINGS[name].parse(name, value)
    return Run(
        given["batch_size"],
        one.DEFAULT_SEED if given["seed"] is None else given["seed"],
        given["rank"],
        given["world_size"],
        given["workers"],
        given["drop_last"] or None,
        given["epochs"],
        detector.versions,
        own,
    )


def _said(given: dict[str, Any], one: Sampler) -> list[tuple[str, str]]:
    """Return the settings of the run, each with its value, for the first lines of a report."""
    seed = one.DEFAULT_SEED if given["seed"] is None else given["seed"]
    said = [("seed", f"{seed}"), ("batch size", f"{given['batch_size']}")]
    if given["world_size"] > 1:
        said += [("rank", f"{given['rank']}"), ("world size", f"{given['world_size']}")]
    said += [(name, f"{given[name]}") for name in ("workers", "epochs") if given[name] is not None]
    return said + [(name, value) for name, _, value in (word.partition("=") for word in given["own"])]


def _again(given: dict[str, Any]) -> list[str]:
    """Return the command-line words of the run, without the steps."""
    words: list[str] = []
    for name in ("sampler", "seed", "batch_size", "epochs", "workers"):
        if given[name] is not None:
            words += [f"--{name.replace('_', '-')}", str(given[name])]
    if given["world_size"] > 1:
        words += ["--rank", str(given["rank"]), "--world-size", str(given["world_size"])]
    if given["drop_last"]:
        words.append("--drop-last")
    for word in given["own"]:
        words += ["--set", word]
    return words
