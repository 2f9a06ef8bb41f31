"""The versions of a framework for which a detector's rules hold, and the rules of another version.

A preset says for which versions of which package it holds (`[versions]`). Presets that name the same `rule`
are one detector at different versions: so there is no table of versions elsewhere, and a framework gets one
by its presets.
"""

from __future__ import annotations

import importlib.metadata
import re
from typing import TYPE_CHECKING, Literal

import msgspec

from anchoraudit.detectors._block import Block, is_default
from anchoraudit.errors import AnchorauditError

if TYPE_CHECKING:
    from anchoraudit.detectors.spec import Detector

Key = tuple[int, ...]
_VERSION = re.compile(r"v?(\d{1,6}(?:\.\d{1,6}){0,3})(?:[.-]?(?:a|b|rc|dev|post)\d*|\+.*)?", re.IGNORECASE)


class Versions(Block, frozen=True):
    """For which versions of its framework a detector's rules hold. Empty: nobody says.

    Parameters
    ----------
    package : str
        The framework's name as a package, such as "ultralytics".
    since, until : str
        The first and the last version that has these rules; "" as the last: no later one has others.
    rule : str
        What presets have in common that are one detector at different versions.
    exists_since : str
        The first version that has this detector at all; "": that of the oldest rule.
    read_until : str
        The newest version in which the rules were read, where no later one has others.
    earlier : str
        What versions before the oldest rule do otherwise, for the error about them.
    version : str
        The version that was asked for; "": the rules are those that the preset's name says.
    chosen : {"", "given", "installed", "newest"}
        Who asked for it: the user; the package that is installed; or nobody, so that the newest rules hold.

    Raises
    ------
    ValueError
        If a version is no version, or a key has no effect without the others.

    Examples
    --------
    >>> Versions(package="ultralytics", since="8.4.0", until="8.4.51", rule="yolo").text
    'ultralytics 8.4.0 to 8.4.51'
    """

    package: str = ""
    since: str = ""
    until: str = ""
    rule: str = ""
    exists_since: str = ""
    read_until: str = ""
    earlier: str = ""
    version: str = ""
    chosen: Literal["", "given", "installed", "newest"] = ""

    def __post_init__(self) -> None:
        if not self.package:
            if not is_default(self):
                raise ValueError("versions without a package take no other key")
            return
        if not (self.since and self.rule):
            raise ValueError("versions of a package need since and rule")
        for name in ("since", "until", "exists_since", "read_until", "version"):
            value = getattr(self, name)
            if value and key_of(value) is None:
                raise ValueError(f"{name} is {value!r}, which is not a version such as 8.3.120")
        if self.until and _key(self.until) < _key(self.since):
            raise ValueError(f"until is {self.until}, before since, {self.since}")

    @property
    def text(self) -> str:
        """The package with its versions: `ultralytics 8.4.128 and later`."""
        if not self.until:
            return f"{self.package} {self.since} and later"
        return f"{self.package} {self.since} to {self.until}"

    def has(self, version: str) -> bool:
        """Tell whether a version lies between the first and the last."""
        key = _key(version)
        return _key(self.since) <= key and (not self.until or key <= _key(self.until))


def key_of(version: str) -> Key | None:
    """Return the numbers of a version, for comparing; None if it is none. Those of `8.3.1.dev1` are 8.3.1."""
    found = _VERSION.fullmatch(version.strip())
    if found is None:
        return None
    numbers = [int(part) for part in found[1].split(".")]
    return tuple(numbers + [0] * (4 - len(numbers)))


def _key(version: str) -> Key:
    key = key_of(version)
    assert key is not None  # `Versions` checks its own, and `rules_at` what a user gives
    return key


def installed(package: str) -> str:
    """Return the version of a package that is installed, without importing it; "" if there is none."""
    try:
        version = importlib.metadata.version(package)
    except (importlib.metadata.PackageNotFoundError, ValueError, OSError):
        return ""
    return version if isinstance(version, str) and key_of(version) else ""


def rules_at(detector: Detector, version: str, chosen: Literal["given", "installed", "newest"]) -> Detector:
    """Return a detector with the rules that it has in a version of its framework.

    Its strides stay its own. Raises AnchorauditError if the detector has no versions, if the version is none,
    or if its rules are unknown.
    """
    own = detector.versions
    if not own.package:
        raise AnchorauditError(
            f"{detector.name} does not depend on a framework's version, as far as is known, so it takes none",
            remedy=f"Leave --framework-version out, or name a detector of {_packages()}.",
        )
    if key_of(version) is None:
        raise AnchorauditError(
            f"{version!r} is not a version of {own.package}",
            remedy=f"Give one as `pip show {own.package}` prints it, such as {own.since}.",
        )
    if own.exists_since and _key(version) < _key(own.exists_since):
        raise AnchorauditError(
            f"{own.package} {version} has no {detector.name}: it came with {own.exists_since}",
            remedy=f"Give version {own.exists_since} or a later one, or a detector that {version} has.",
        )
    found = _with_rules(detector, version)
    return msgspec.structs.replace(
        found, versions=msgspec.structs.replace(found.versions, version=version, chosen=chosen)
    )


def settled(detector: Detector, version: str | None) -> Detector:
    """Return a detector with the rules of a version; None: of the one that is installed, if none is chosen.

    A preset's name chooses its rules. Those of a framework's file or name are the newest, if the framework
    is not installed here.
    """
    if version is not None:
        return rules_at(detector, version, "given")
    package = detector.versions.package
    if detector.versions.chosen == "newest" and (here := installed(package)):
        return rules_at(detector, here, "installed")
    return detector


def asked_for_newest(detector: Detector) -> Detector:
    """Return a detector of a framework's own file or name: its rules are the newest until one is chosen."""
    own = detector.versions
    if not own.package:
        return detector
    return msgspec.structs.replace(detector, versions=msgspec.structs.replace(own, chosen="newest"))


def said(detector: Detector) -> str:
    """Say which version's rules were replayed, where the user named none; "" where that is plain."""
    own = detector.versions
    if not own.package or own.chosen == "given" or len(_of_rule(own.rule)) < 2:
        return ""
    if own.chosen == "newest":
        return f"{own.text} judged: it is not installed here; --framework-version chooses."
    if own.chosen == "installed":
        return f"{own.package} {own.version} judged, as installed here; --framework-version chooses another."
    version = installed(own.package)
    if not version or own.has(version):
        return ""
    return (
        f"{own.text} judged, as {detector.name} means; installed here is {version}: "
        f"--framework-version {version} chooses it."
    )


def _with_rules(detector: Detector, version: str) -> Detector:
    """Return the detector itself if its rules hold at a version, else that of the same rule which does."""
    own = detector.versions
    if own.has(version):
        return detector
    rules = _of_rule(own.rule)
    until = [rule for rule in rules if _key(rule.versions.since) <= _key(version)]
    if not until:
        oldest = rules[0].versions
        why = f": {oldest.earlier}" if oldest.earlier else ""
        raise AnchorauditError(
            f"{own.package} {version} has rules of its own, which are not replayed{why}",
            remedy=f"Replayed are {', '.join(dict.fromkeys(rule.versions.text for rule in rules))}.",
        )
    return _moved(detector, _of_version(rules, own.since), _of_version(rules, until[-1].versions.since))


def _of_version(rules: list[Detector], since: str) -> Detector:
    """Return the first of the presets whose rules hold since a version."""
    return next(rule for rule in rules if _key(rule.versions.since) == _key(since))


def _moved(detector: Detector, old: Detector, new: Detector) -> Detector:
    """Return a detector that has the rules of `old` with those of `new`, and what is its own as it stands."""
    old, new = (with_strides(rule, detector.points.strides) for rule in (old, new))
    changes = {
        name: getattr(new, name)
        for name in detector.__struct_fields__
        if getattr(detector, name) == getattr(old, name)
    }
    for name in ("sources", "notes"):
        own = [text for text in getattr(detector, name) if text not in getattr(old, name)]
        changes[name] = (*own, *getattr(new, name))
    is_named_like_the_rule = detector.name.startswith(detector.versions.rule)
    changes["name"] = new.name if is_named_like_the_rule else detector.name
    changes["versions"] = msgspec.structs.replace(new.versions, exists_since=detector.versions.exists_since)
    return msgspec.structs.replace(detector, **changes)


def with_strides(detector: Detector, strides: tuple[float, ...]) -> Detector:
    """Return a detector of points with levels of other strides.

    A side that the rule names by the stride of a level (`narrow_below`, `widened_to`) follows that level;
    with fewer levels, the last of them.
    """
    old, match = detector.points.strides, detector.match
    if strides == old:
        return detector

    def moved(side: float) -> float:
        return strides[min(old.index(side), len(strides) - 1)] if side in old else side

    return msgspec.structs.replace(
        detector,
        points=msgspec.structs.replace(detector.points, strides=strides),
        match=msgspec.structs.replace(
            match, narrow_below=moved(match.narrow_below), widened_to=moved(match.widened_to)
        ),
    )


def _of_rule(rule: str) -> list[Detector]:
    """Return the presets of a rule, oldest first; of equally old ones, first those that are named like it."""
    from anchoraudit.detectors._presets import preset, preset_names

    found = [one for name in preset_names() if (one := preset(name)).versions.rule == rule]
    return sorted(found, key=lambda one: (_key(one.versions.since), not one.name.startswith(rule), one.name))


def _packages() -> str:
    """Return the packages whose versions are known."""
    from anchoraudit.detectors._presets import preset, preset_names

    found = {preset(name).versions.package for name in preset_names()} - {""}
    return " or ".join(sorted(found)) or "a framework whose versions are known"
