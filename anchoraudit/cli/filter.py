"""`anchoraudit filter`: a manifest without the images that have nothing to teach."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import numpy as np

from anchoraudit.cli import _settings as settings_of
from anchoraudit.cli._options import (
    dataset_argument,
    detector_of,
    detector_options,
    label_options,
    read_dataset,
)
from anchoraudit.errors import AnchorauditError


@click.command("filter")
@dataset_argument
@click.option(
    "-o",
    "--output",
    type=click.Path(),
    required=True,
    metavar="FILE",
    help="The manifest: .json (COCO) or .txt (a list). {split} in the name writes one a split.",
)
@click.option(
    "--drop",
    metavar="VERDICT,...",
    help="Verdicts to drop.  [default: empty_foreground,blank,no_usable_box,encoder_error]",
)
@click.option("--keep-blank", is_flag=True, help="Keep images without annotations.")
@click.option(
    "--dropped", type=click.Path(), metavar="F", help="Write what was dropped, and why (.csv, .parquet)."
)
@click.option("--force", is_flag=True, help="Replace an existing output.")
@detector_options
@label_options
def command(**given: Any) -> int:
    """Write DATASET without the images whose foreground mask is empty.

    COCO stays COCO, byte for byte; VOC becomes COCO (.json) or an ImageSets list (.txt). Inputs are never
    changed. Without DATASET, the last scan's is taken, with its detector.
    """
    from anchoraudit import manifest
    from anchoraudit.auditing import audit
    from anchoraudit.cli import _output
    from anchoraudit.report.filtering import dropped_frame, filter_parts

    if given["dropped"] is not None:
        _output.require_table_suffix(given["dropped"])
    settings = settings_of.resolve(given)
    detector, remarks = detector_of(settings)
    dataset = read_dataset(settings)
    files = manifest.targets(dataset, given["output"])
    _output.check_outputs(dataset, settings, *(str(path) for path, _ in files), given["dropped"])
    for path in (*(path for path, _ in files), *([Path(given["dropped"])] if given["dropped"] else [])):
        if path.exists() and not given["force"]:
            raise AnchorauditError("exists already", path=path, remedy="Use --force to replace it.")
    result = audit(dataset, detector, drop_difficult=bool(settings.drop_difficult))
    keep = manifest.kept_by(result, _drop(given))
    written = [manifest.write_manifest(result, keep & own, path) for path, own in files if (keep & own).any()]
    if not written:
        manifest.write_manifest(result, np.zeros_like(keep), files[0][0])  # says why not
    if given["dropped"] is not None:
        _output.export(dropped_frame(result, keep), given["dropped"])
    for text in remarks:
        _output.remark(f"note: {text}")
    _output.show(filter_parts(result, keep, written, settings_of.as_options(settings)), None)
    return 0


def _drop(given: dict[str, Any]) -> tuple[str, ...]:
    from anchoraudit.manifest import DEFAULT_DROP

    named = given["drop"]
    drop = DEFAULT_DROP if named is None else tuple(part.strip() for part in named.split(",") if part.strip())
    return tuple(verdict for verdict in drop if not (verdict == "blank" and given["keep_blank"]))
