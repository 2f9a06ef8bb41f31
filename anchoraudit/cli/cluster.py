"""`anchoraudit cluster`: anchors from the boxes themselves, and how much better they fit."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from anchoraudit.cli import _settings as settings_of
from anchoraudit.cli._options import (
    DetectorName,
    dataset_argument,
    detector_of,
    input_size_text,
    label_options,
    output_format_option,
    read_dataset,
)
from anchoraudit.errors import AnchorauditError

_LARGEST_K = 1000


@click.command("cluster")
@dataset_argument
@click.option("--k", "k", required=True, metavar="K|A..B", help="How many anchors; 3..12 shows the curve.")
@click.option("--input-size", metavar="N|WxH", help="Longer side N, aspect kept; or stretch to WxH.")
@click.option(
    "--detector",
    type=DetectorName(),
    help="Take its input size, and compare with its anchors.  [default: reference]",
)
@click.option(
    "--metric",
    type=click.Choice(["iou", "ratio", "euclidean"]),
    default="iou",
    show_default=True,
    help="How far a box is from an anchor: 1 - IoU, 1 - worst side ratio, or pixels.",
)
@click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Same seed, same answer."
)
@label_options
@output_format_option
@click.option(
    "-o",
    "--output",
    type=click.Path(),
    metavar="FILE",
    help="Write the anchors for scan --anchors (.toml, .json, .txt).",
)
def command(**given: Any) -> int:
    """Cluster the box sizes of DATASET into anchors.

    Sizes are those at the network's input. Without DATASET, the last scan's is taken, with its detector.
    """
    from anchoraudit.anchors_file import check_suffix, format_anchors
    from anchoraudit.cli import _output
    from anchoraudit.fitting import cluster_sizes, network_sizes, present_fit

    first, last = parse_k(given["k"])
    output = given["output"]
    if output is not None:
        if first != last:
            raise AnchorauditError(f"--k {given['k']} with -o", remedy="Choose one k to write its anchors.")
        check_suffix(output)
    settings = settings_of.resolve(given)
    detector, _ = detector_of(settings)
    dataset = read_dataset(settings)
    _output.check_outputs(dataset, settings, output, may_replace=settings.anchors)
    sizes = network_sizes(dataset, detector, drop_difficult=bool(settings.drop_difficult))
    with _output.progress("clustering") as advance:
        results = []
        for done, k in enumerate(range(first, last + 1)):
            if advance is not None:
                advance(done, last - first + 1)
            results.append(cluster_sizes(sizes, k, metric=given["metric"], seed=given["seed"]))
    present = present_fit(sizes, detector)
    size = input_size_text(detector)
    if output is not None:
        from anchoraudit.files import write_text

        text = format_anchors(
            results[0].anchors,
            Path(output).suffix,
            input_size=size,
            metric=given["metric"],
            fit=results[0].fit,
        )
        write_text(Path(output), text)
    if given["output_format"] == "json":
        from anchoraudit.report.anchors import cluster_json

        chosen = {"input_size": size, "metric": given["metric"], "seed": given["seed"]}
        _output.put(cluster_json(results, present, detector, chosen), None)
    else:
        from anchoraudit.report.anchors import cluster_parts

        words = settings_of.as_options(settings)
        parts = cluster_parts(
            results, present, detector, dataset=str(dataset.root), settings=words, output=output
        )
        _output.show(parts, None)
    return 0


def parse_k(text: str) -> tuple[int, int]:
    """`9` is (9, 9), `3..12` is (3, 12). Raises AnchorauditError for anything else."""
    match = re.fullmatch(r"(\d{1,4})(?:\.\.(\d{1,4}))?", text.strip())
    if match:
        first, last = int(match[1]), int(match[2] or match[1])
        if 1 <= first <= last <= _LARGEST_K:
            return first, last
    raise AnchorauditError(
        f"--k {text!r}", remedy=f"Give a number (9) or a range (3..12), 1 to {_LARGEST_K}."
    )
