"""`anchoraudit cluster`: anchors from the boxes themselves, and how much better they fit."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import msgspec

from anchoraudit.anchors.export import framework_names
from anchoraudit.cli import _settings as settings_of
from anchoraudit.cli._choice import Choice
from anchoraudit.cli._in_parts import (
    is_in_parts,
    needs_the_whole,
    options_of_parts,
    parts_options,
    reading_of,
)
from anchoraudit.cli._options import (
    DetectorName,
    assume_option,
    classes_option,
    dataset_argument,
    detector_of,
    label_options,
    loader_option,
    output_format_option,
    read_loaded,
)
from anchoraudit.detectors import means_file
from anchoraudit.errors import AnchorauditError

if TYPE_CHECKING:
    from anchoraudit.anchors.export import Snippet
    from anchoraudit.arrays import Float
    from anchoraudit.dataset.columns import Dataset
    from anchoraudit.detectors import Detector
    from anchoraudit.report.text.anchors import Clusters

_LARGEST_K = 1000


@click.command("cluster")
@dataset_argument
@click.option(
    "--k",
    "k",
    metavar="K|A..B",
    help="How many anchors; 3..12 compares them and marks the knee.  [default: the detector's number]",
)
@click.option("--input-size", metavar="N|WxH", help="Resize the longer side to N, or stretch to WxH.")
@click.option(
    "--detector",
    type=DetectorName(),
    help=(
        "Use this detector's input size and levels, and compare with its anchors.  [default: "
        "reference, or by --for]"
    ),
)
@assume_option
@click.option(
    "--objective",
    type=Choice(["iou", "foreground"]),
    default="iou",
    show_default=True,
    help="iou: fit the boxes' shapes; foreground: leave the fewest images without foreground.",
)
@click.option(
    "--metric",
    type=Choice(["iou", "ratio", "euclidean"]),
    default="iou",
    show_default=True,
    help="Distance of a box from an anchor: 1 - IoU, 1 - worst side ratio, or pixels.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Random seed; the same seed gives the same anchors.",
)
@click.option(
    "--time-limit",
    type=click.FloatRange(0, min_open=True),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="For --objective foreground: stop the search after this time.",
)
@label_options
@loader_option
@classes_option
@parts_options
@click.option(
    "--for",
    "framework",
    type=Choice(framework_names()),
    help="Write the anchors in this framework's configuration format.",
)
@output_format_option
@click.option(
    "-o",
    "--output",
    type=click.Path(),
    metavar="FILE",
    help="Write the anchors for scan --anchors (.toml, .json, .txt), or the framework's text.",
)
def command(**given: Any) -> int:
    """Cluster the box sizes of DATASET into anchors.

    Sizes are those at the network's input. Without DATASET, the last scan's is taken, with its detector. With
    --for and without -o, the framework's text is all that goes to stdout.
    """
    from anchoraudit.cli import _output

    first, last = (0, 0) if given["k"] is None else parse_k(given["k"])
    output, framework = given["output"], given["framework"]
    _check_options(given, several=first != last)
    settings = settings_of.resolve(given)
    if framework is not None and settings.detector is None:
        from anchoraudit.anchors.export import default_detector

        settings = msgspec.structs.replace(settings, detector=default_detector(framework))
    detector, _ = detector_of(settings)
    _require_anchors(detector, settings.detector)
    if given["k"] is None:
        first = last = detector.anchors.count
        given["k"] = str(first)
    if framework is not None:
        from anchoraudit.anchors.export import require_divisible

        require_divisible(framework, first, detector)
    if given["objective"] == "foreground":
        from anchoraudit.anchors.foreground.searched import require_matching

        if is_in_parts(given, settings):
            raise needs_the_whole("--objective foreground", settings)

        require_matching(detector)
    boxes, loaded = _read(settings, detector, given)
    dataset = boxes.dataset
    _output.check_outputs(dataset, settings, output, may_replace=settings.anchors)
    clusters = _clusters(boxes, detector, given, drop_difficult=bool(settings.drop_difficult))
    snippet = clusters.snippet
    if output is not None:
        from anchoraudit.io.outputs import write_text

        write_text(Path(output), snippet.text if snippet else _anchors_text(clusters, given))
    for text in (*loaded, *clusters.remarks):
        _output.remark(f"note: {text}")
    from anchoraudit.report.text.anchors import cluster_json, cluster_parts

    if given["output_format"] == "json":
        chosen = {name: given[name] for name in ("objective", "metric", "seed")}
        _output.put(cluster_json(clusters, {"input_size": detector.resize.input_size_text, **chosen}), None)
    elif snippet is not None and output is None:
        _output.put(snippet.text, None)
    else:
        words = [*settings_of.as_options(settings), *options_of_parts(given)]
        _output.show(cluster_parts(clusters, str(dataset.root), words, _own_words(given), output), None)
    return 0


def _require_anchors(detector: Detector, named: str | None) -> None:
    """Raise AnchorauditError for a detector without anchors, with its file if a file was named."""
    from anchoraudit.anchors.foreground.searched import require_anchors

    try:
        require_anchors(detector)
    except AnchorauditError as error:
        raise (error.within(named) if named and means_file(named) else error) from None


def _check_options(given: dict[str, Any], *, several: bool) -> None:
    """Raise AnchorauditError for options that exclude each other."""
    from anchoraudit.anchors.file import check_suffix

    output = given["output"]
    if several:
        for option, name in ((output, "-o"), (given["framework"], "--for")):
            if option is not None:
                raise AnchorauditError(
                    f"--k {given['k']} cannot go with {name}", remedy="Choose one k to write its anchors."
                )
        if given["objective"] == "foreground":
            raise AnchorauditError(
                f"--k {given['k']} cannot go with --objective foreground", remedy="Choose one k."
            )
    if given["objective"] == "foreground" and given["metric"] != "iou":
        raise AnchorauditError(
            f"--metric {given['metric']} cannot go with --objective foreground",
            remedy="Omit --metric: the encoder decides which anchors match a box.",
        )
    if given["time_limit"] != given["time_limit"]:
        raise AnchorauditError("--time-limit nan is not a time", remedy="Give seconds, such as 60.")
    if output is not None and given["framework"] is None:
        check_suffix(output)
    if output is not None and given["framework"] is not None:
        from anchoraudit.anchors.export import MARK
        from anchoraudit.cli._output import require_own

        require_own(Path(output), MARK)


class _Boxes(NamedTuple):
    """Box sizes on the network's input: float64 [N, 2]; weight: how many boxes have each, None for one.

    dataset: the data set, without its images and boxes if it was read part by part.
    """

    dataset: Dataset
    sizes: Float
    weight: Float | None = None


def _read(
    settings: settings_of.Settings, detector: Detector, given: dict[str, Any]
) -> tuple[_Boxes, list[str]]:
    """Read the sizes of boxes, and return them with remarks: what the loader did, and what was not read."""
    if not is_in_parts(given, settings):
        from anchoraudit.anchors.clustered import network_sizes

        dataset, loaded = read_loaded(settings, detector)
        sizes = network_sizes(dataset, detector, drop_difficult=bool(settings.drop_difficult))
        return _Boxes(dataset, sizes), loaded
    from anchoraudit.cli import _output
    from anchoraudit.partitions.clustering import network_sizes_of

    with _output.progress("reading sizes") as advance:
        found = network_sizes_of(
            reading_of(settings, given, advance),
            detector,
            loader=settings.loader,
            drop_difficult=bool(settings.drop_difficult),
        )
    remarks = [] if found.tally is None else found.tally.sentences()
    remarks += [f"not read: {why}" for why in found.failed]
    return _Boxes(found.dataset, found.sizes.mean, found.sizes.count.astype("float64")), remarks


def _clusters(boxes: _Boxes, detector: Detector, given: dict[str, Any], *, drop_difficult: bool) -> Clusters:
    """Find the anchors, measure them, and write them for a framework."""
    from anchoraudit.anchors.clustered import cluster_sizes, present_fit
    from anchoraudit.cli import _output
    from anchoraudit.report.text.anchors import Clusters

    first, last = parse_k(given["k"])
    dataset, sizes, weight = boxes
    foreground = None
    with _output.progress("searching" if given["objective"] == "foreground" else "clustering") as advance:
        if given["objective"] == "foreground":
            from anchoraudit.anchors.foreground.searched import fit_foreground

            foreground = fit_foreground(
                dataset,
                detector,
                first,
                drop_difficult=drop_difficult,
                seed=given["seed"],
                time_limit=given["time_limit"],
                progress=advance,
            )
            results = [foreground.found.clustered]
        else:
            results = []
            for done, k in enumerate(range(first, last + 1)):
                if advance is not None:
                    advance(done, last - first + 1)
                results.append(
                    cluster_sizes(sizes, k, metric=given["metric"], seed=given["seed"], weight=weight)
                )
    snippet: Snippet | None = None
    if given["framework"] is not None:
        from anchoraudit.anchors.export import export

        judge = None
        if foreground is not None:
            from anchoraudit.anchors.foreground.searched import judge_levels, level_judge

            judge = level_judge(dataset, detector, seed=given["seed"], drop_difficult=drop_difficult)
        snippet = export(given["framework"], results[0].anchors, detector, sizes, judge, weight=weight)
        if foreground is not None and snippet.mean_iou is not None:
            written = judge_levels(dataset, detector, snippet.levels, drop_difficult=drop_difficult)
            snippet = snippet.with_losses(written, (foreground.found.empty, foreground.found.unmatched))
    return Clusters(
        results,
        present_fit(sizes, detector, weight),
        detector,
        foreground,
        given["framework"] or "",
        snippet,
    )


def _anchors_text(clusters: Clusters, given: dict[str, Any]) -> str:
    """Return the text of an anchors file."""
    from anchoraudit.anchors.file import format_anchors

    found = clusters.results[0]
    foreground = given["objective"] == "foreground"
    return format_anchors(
        found.anchors,
        Path(given["output"]).suffix,
        input_size=clusters.detector.resize.input_size_text,
        objective="foreground" if foreground else "",
        metric="" if foreground else given["metric"],
        fit=found.fit,
    )


def _own_words(given: dict[str, Any]) -> list[str]:
    """Return the options of this command that are not at their defaults, for commands in reports."""
    defaults = {"objective": "iou", "metric": "iou", "seed": 0}
    return [
        word
        for name, default in defaults.items()
        if given[name] != default
        for word in (f"--{name}", str(given[name]))
    ]


def parse_k(text: str) -> tuple[int, int]:
    """Parse `9` to (9, 9), `3..12` to (3, 12). Raises AnchorauditError for anything else."""
    match = re.fullmatch(r"(\d{1,4})(?:\.\.(\d{1,4}))?", text.strip())
    if match:
        first, last = int(match[1]), int(match[2] or match[1])
        if 1 <= first <= last <= _LARGEST_K:
            return first, last
    raise AnchorauditError(
        f"--k {text!r} is not a number or a range",
        remedy=f"Give a number (9) or a range (3..12), 1 to {_LARGEST_K}.",
    )
