"""Samplers: in which order each framework hands out the images of a training run. One module each.

A module is found by itself. The file has the sampler's name, with underscores for hyphens, and defines:

NAME: the name that users give. TITLE: in a few words, whose sampler it is. READS: the code that is replayed,
with its version.
FRAMEWORKS: the detectors that train with it, by how their `framework` begins; () for none.
DEFAULT_SEED: the seed of a run for which nobody chose one; None if it is random then.
TAKES: which settings of a run change the order, besides its seed and its batch size: names of `Run`.
SETTINGS: settings that only this sampler has, by name.
CANNOT_KNOW: sentences on what the settings of a run do not tell.
batches(images, run) -> Order: the batches of one process, by the framework's numbers of the images.
remarks(images, run) -> sentences: only where what is unknown depends on the settings.
DETECTORS: only where some detectors of another sampler's framework train with this one: by their names, the
values of SETTINGS that their configurations have.

Torch is not needed: `_mersenne` draws its numbers. Modules whose name starts with an underscore are helpers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, cast

from anchoraudit.errors import AnchorauditError
from anchoraudit.io.plugins import load_module, module_names
from anchoraudit.io.suggest import did_you_mean

if TYPE_CHECKING:
    from anchoraudit.detectors import Detector
    from anchoraudit.training.samplers._run import Numbered, Order, Run, Setting

__all__ = ["Sampler", "defaults_of", "order_of", "sampler", "sampler_for", "sampler_names", "samplers"]

_FLAGS = {
    "drop_last": "--drop-last",
    "rank": "--rank",
    "world_size": "--world-size",
    "workers": "--workers",
}


class Sampler(Protocol):
    """The interface of a sampler's module."""

    NAME: str
    TITLE: str
    READS: str
    FRAMEWORKS: tuple[str, ...]
    DEFAULT_SEED: int | None
    TAKES: tuple[str, ...]
    SETTINGS: Mapping[str, Setting]
    CANNOT_KNOW: tuple[str, ...]

    def batches(self, images: Numbered, run: Run) -> Order:
        """Return the batches of a run, by their steps."""
        ...


def sampler_names() -> list[str]:
    """Return the names of all samplers, without importing them.

    >>> "ultralytics" in sampler_names()
    True
    """
    return [name.replace("_", "-") for name in module_names(__name__)]


def samplers() -> dict[str, Sampler]:
    """Return all samplers by name."""
    return {name: sampler(name) for name in sampler_names()}


def sampler(name: str) -> Sampler:
    """Return a sampler. Raises AnchorauditError if there is none of this name.

    >>> sampler("sequential").TITLE
    'every epoch in the order of the data set, as with shuffle=False'
    """
    known = sampler_names()
    if name not in known:
        raise AnchorauditError(
            f"no sampler {name!r}", remedy=f"{did_you_mean(name, known)}Name one of: {', '.join(known)}."
        )
    return cast(Sampler, load_module(__name__, name.replace("-", "_")))


def sampler_for(detector: Detector) -> Sampler | None:
    """Return the sampler with which a detector's framework trains; None if none is known.

    >>> sampler_for(load_detector("ultralytics-yolo11")).NAME
    'ultralytics'
    """
    every = samplers().values()
    for one in every:
        if detector.name in getattr(one, "DETECTORS", {}):
            return one
    # The longest beginning wins: "ultralytics/yolov5" over "ultralytics".
    found = [
        (len(start), one) for one in every for start in one.FRAMEWORKS if detector.framework.startswith(start)
    ]
    return max(found, key=lambda pair: pair[0])[1] if found else None


def defaults_of(one: Sampler, detector: Detector) -> dict[str, int | bool | str]:
    """Return the values of a sampler's own settings that a detector's configuration has."""
    own = getattr(one, "DETECTORS", {}).get(detector.name, {})
    return {name: own.get(name, setting.default) for name, setting in one.SETTINGS.items()}


def order_of(one: Sampler, images: Numbered, run: Run) -> tuple[Order, list[str]]:
    """Return the batches of a run, and sentences on what its settings leave open.

    Raises AnchorauditError for a setting that the sampler does not take, for one that it needs and lacks, and
    if there are no images.
    """
    from anchoraudit.training.samplers._mersenne import require_seed

    if run.seed is None and one.DEFAULT_SEED is None:
        raise AnchorauditError(
            f"sampler {one.NAME} needs the seed of the run, and its framework has no default",
            remedy="Give it: --seed.",
        )
    given = {
        "drop_last": bool(run.drop_last),
        "rank": run.rank > 0,
        "world_size": run.world_size > 1,
        "workers": run.workers is not None,
    }
    for name, is_given in given.items():
        if is_given and name not in one.TAKES:
            raise AnchorauditError(
                f"sampler {one.NAME} takes no {_FLAGS[name]}", remedy="Omit it, or name another --sampler."
            )
    if not images.count:
        raise AnchorauditError(
            "no image is left to train on", remedy="See which the loader drops: anchoraudit scan."
        )
    if run.seed is not None:
        require_seed(run.seed)
    order = one.batches(images, run)
    remarks = getattr(one, "remarks", None)
    return order, [] if remarks is None else list(remarks(images, run))
