"""What to do after a scan: the remedies that fit this data set, each as a command to copy."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import numpy as np

from anchoraudit.auditing import WITHOUT_FOREGROUND, Audit
from anchoraudit.causes import CAUSES
from anchoraudit.report import words

Step = tuple[str, str]  # what it does, the command (or "")


def command(name: str, *parts: str) -> str:
    """Spell a command of anchoraudit, quoted for a shell."""
    return shlex.join(["anchoraudit", name, *parts])


def after_scan(audit: Audit, options: Sequence[str]) -> list[Step]:
    """Steps after a scan that was made with `options` (command-line words)."""
    dataset = str(audit.dataset.root)
    lost = audit.images_with(*WITHOUT_FOREGROUND)
    if not lost:
        return [
            ("every image that could be judged has foreground; as a guard before training:", ""),
            ("", f"{command('scan', dataset, *options)} && python train.py"),
        ]
    steps: list[Step] = []
    if audit.images_with("empty_foreground"):
        worst = words.flagged(audit, "empty_foreground")[0]
        steps.append(
            ("see one image anchor by anchor:", command("explain", str(audit.dataset.images.ids[worst])))
        )
        steps += _better_detector(audit, dataset, options)
    gone = words.share(len(lost), len(audit.dataset.images))
    steps.append(
        (
            f"leave them out ({words.count(len(lost), 'image')}, {gone}):",
            command("filter", "-o", "clean.json"),
        )
    )
    steps.append(
        ("or guard the loss: divide by max(1, positives). It trains, but these images teach nothing.", "")
    )
    return steps


def _better_detector(audit: Audit, dataset: str, options: Sequence[str]) -> list[Step]:
    """Anchors for boxes of the wrong size or shape, a wider border for those at the edge."""
    images = np.flatnonzero(audit.verdict_is("empty_foreground"))
    causes = {CAUSES[code] for code in audit.image_results.cause[images].tolist()}
    others = _without(options, "--anchors")
    steps: list[Step] = []
    if causes & {"small", "large", "elongated", "stride"}:
        k = str(len(audit.detector.anchors.shapes))
        steps += [
            (
                "fit the anchors to this data, and scan with them:",
                command("cluster", "--k", k, "-o", "anchors.toml"),
            ),
            ("", command("scan", dataset, *others, "--anchors", "anchors.toml")),
        ]
    if "edge" in causes:
        wider = [*_without(options, "--allowed-border"), "--allowed-border", "off"]
        steps.append(("let anchors cross the edge, and scan again:", command("scan", dataset, *wider)))
    return steps


def _without(options: Sequence[str], flag: str) -> list[str]:
    """`options` without `flag` and its value."""
    kept = list(options)
    if flag in kept:
        at = kept.index(flag)
        del kept[at : at + 2]
    return kept
