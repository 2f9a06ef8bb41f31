"""A detector with the rules of one version of its framework: the given, the installed or the newest one."""

from __future__ import annotations

import sys
from typing import Literal

import msgspec

from anchoraudit.detectors._presets import preset, preset_names
from anchoraudit.detectors.spec import Detector
from anchoraudit.detectors.versions import key_of, number_of
from anchoraudit.errors import AnchorauditError


def installed(package: str) -> str:
    """Return the version of a package that is loaded or installed, without importing it; "" if it is neither.

    What is loaded runs the training, whatever is installed beside it.
    """
    loaded = getattr(sys.modules.get(package), "__version__", None)
    if isinstance(loaded, str) and key_of(loaded):
        return loaded
    import importlib.metadata  # takes as long to import as all of this package's detectors

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
            f"{detector.name} does not depend on a framework's version",
            remedy=f"Omit --framework-version, or name a detector of {_packages()}.",
        )
    if key_of(version) is None:
        raise AnchorauditError(
            f"{version!r} is not a version of {own.package}",
            remedy=f"Give one as `pip show {own.package}` prints it, such as {own.since}.",
        )
    if own.exists_since and number_of(version) < number_of(own.exists_since):
        raise AnchorauditError(
            f"{own.package} {version} has no {detector.name}: it came with {own.exists_since}",
            remedy=f"Give version {own.exists_since} or a later one, or a detector that {version} has.",
        )
    found = _with_rules(detector, version)
    notes, newest = found.notes, found.versions.read_until
    if newest and number_of(version) > number_of(newest):
        notes += (f"{own.package} {version} is newer than {newest}, the newest whose rules were read.",)
    versions = msgspec.structs.replace(found.versions, version=version, chosen=chosen)
    return msgspec.structs.replace(found, notes=notes, versions=versions)


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
    rules = _of_rule(own.rule) or [detector]
    until = [rule for rule in rules if number_of(rule.versions.since) <= number_of(version)]
    if not until:
        oldest = rules[0].versions
        why = f": {oldest.earlier}" if oldest.earlier else ""
        raise AnchorauditError(
            f"{own.package} {version} has other rules, which are not replayed{why}",
            remedy=f"Supported: {', '.join(dict.fromkeys(rule.versions.text for rule in rules))}.",
        )
    return _moved(detector, _of_version(rules, own.since), _of_version(rules, until[-1].versions.since))


def _of_version(rules: list[Detector], since: str) -> Detector:
    """Return the first of the presets whose rules hold since a version."""
    for rule in rules:
        if number_of(rule.versions.since) == number_of(since):
            return rule
    known = ", ".join(dict.fromkeys(rule.versions.since for rule in rules))
    raise AnchorauditError(
        f"no rules of {rules[0].versions.package} begin with version {since}",
        remedy=f"In [versions], write since as one of {known}; or omit --framework-version.",
    )


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
    found = [one for name in preset_names() if (one := preset(name)).versions.rule == rule]
    return sorted(
        found, key=lambda one: (number_of(one.versions.since), not one.name.startswith(rule), one.name)
    )


def versions_of(rule: str) -> list[str]:
    """Return the versions since which each set of rules of a detector holds, the oldest first.

    rule: what its presets have in common, as in `Versions`.

    Examples
    --------
    >>> versions_of("ultralytics-yolo11")[-1]
    '8.4.128'
    """
    return list(dict.fromkeys(one.versions.since for one in _of_rule(rule)))


def _packages() -> str:
    """Return the packages whose versions are known."""
    found = {preset(name).versions.package for name in preset_names()} - {""}
    return " or ".join(sorted(found)) or "a framework whose versions are known"
