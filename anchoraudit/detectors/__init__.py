"""Detectors: presets by name, the user's own from a TOML file, single values replaced."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from anchoraudit.detectors.spec import Anchors, Border, Detector, Level, Match, Resize
from anchoraudit.errors import AnchorauditError

__all__ = ["Detector", "load_detector", "override", "parse_input_size", "preset_names"]

_PRESETS = Path(__file__).parent / "presets"


def preset_names() -> list[str]:
    """Names of the presets that come with the package."""
    return sorted(path.stem for path in _PRESETS.glob("*.toml"))


def load_detector(detector: str | Path | Detector = "reference") -> Detector:
    """Load a preset by name, or a detector from a TOML file.

    Raises AnchorauditError if there is no such preset or file, or the file describes no detector.
    """
    if isinstance(detector, Detector):
        return detector
    if (name := str(detector)) in preset_names():
        return _parse((_PRESETS / f"{name}.toml").read_text("utf-8"), f"{name}.toml")
    path = Path(detector)
    if path.suffix.lower() != ".toml":
        near = difflib.get_close_matches(name, preset_names(), n=1)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise AnchorauditError(
            f"no detector {name!r}",
            remedy=f"{hint}Presets: {', '.join(preset_names())}; or name a .toml file of your own.",
        )
    try:
        return _parse(path.read_text("utf-8"), str(path))
    except OSError as error:
        raise AnchorauditError(
            error.strerror or "cannot be read", path=path, remedy="Check the path of the detector file."
        ) from None
    except UnicodeDecodeError as error:
        raise AnchorauditError(
            "not UTF-8 text", path=path, place=f"byte {error.start}", remedy="TOML is UTF-8: save it so."
        ) from None


def _parse(text: str, path: str) -> Detector:
    try:
        return msgspec.convert(tomllib.loads(text), Detector)
    except tomllib.TOMLDecodeError as error:
        raise AnchorauditError(f"not valid TOML: {error}", path=path, remedy="Mend the file there.") from None
    except RecursionError:
        raise AnchorauditError(
            "nested too deeply to be a detector", path=path, remedy="Mend the file."
        ) from None
    except msgspec.ValidationError as error:
        raise _spec_error(str(error), text, path) from None


def _spec_error(message: str, text: str, path: str) -> AnchorauditError:
    """Turn msgspec's message into file, line, and what is allowed."""
    reason, _, where = message.partition(" - at ")
    keys = re.findall(r"[A-Za-z_]+", where.strip("`$"))
    remedy = "See the detector file format in docs/detectors.md."
    if unknown := re.search(r"unknown field `(\w+)`", reason):
        allowed = _fields(keys)
        near = difflib.get_close_matches(unknown[1], allowed, n=1)
        remedy = (f"Did you mean {near[0]}? " if near else "") + f"Allowed here: {', '.join(allowed)}."
        keys = [*keys, unknown[1]]
    line = _line_of(keys[-1], text) if keys else 0
    place = ", ".join(part for part in (f"line {line}" if line else "", ".".join(keys)) if part)
    return AnchorauditError(reason, path=path, place=place, remedy=remedy)


def _fields(keys: Sequence[str]) -> list[str]:
    blocks = {"resize": Resize, "anchors": Anchors, "levels": Level, "border": Border, "match": Match}
    block = next((blocks[key] for key in reversed(keys) if key in blocks), Detector)
    return list(block.__struct_fields__)


def _line_of(key: str, text: str) -> int:
    pattern = re.compile(rf"^\s*(\[+[\w.]*)?\b{re.escape(key)}\b")
    return next((number for number, line in enumerate(text.splitlines(), 1) if pattern.search(line)), 0)


def parse_input_size(text: str) -> Resize:
    """`640` is the longer side, aspect kept; `960x720` is stretched to exactly that.

    Raises AnchorauditError for anything else.
    """
    if match := re.fullmatch(r"(\d{1,6})(?:[xX](\d{1,6}))?", text.strip()):
        first, second = int(match[1]), match[2]
        try:
            if second is None:
                return Resize(kind="longest_side", side=first)
            return Resize(kind="stretch", width=first, height=int(second))
        except ValueError:
            pass
    raise AnchorauditError(
        f"input size {text!r}",
        remedy="Give the longer side (640) or width x height (960x720), 1 to 100000 pixels.",
    )


def override(
    detector: Detector,
    *,
    positive_iou: float | None = None,
    negative_iou: float | None = None,
    allowed_border: float | str | None = None,
    input_size: str | None = None,
    shapes: Sequence[tuple[float, float]] | None = None,
) -> Detector:
    """Replace single values of a detector; None leaves one as it is.

    allowed_border: pixels, or "off". input_size: as in `parse_input_size`. shapes: (width, height) in
    pixels at the network's input, in place of the detector's own. A lowered positive threshold takes
    the negative one with it where the detector's own would end up above it.

    Raises AnchorauditError if a value is out of range, or shapes are given to a detector of several levels.
    """
    try:
        if positive_iou is not None or negative_iou is not None:
            positive = detector.match.positive if positive_iou is None else positive_iou
            negative = min(detector.match.negative, positive) if negative_iou is None else negative_iou
            detector = msgspec.structs.replace(detector, match=Match(positive=positive, negative=negative))
        if allowed_border is not None:
            margin = "off" if allowed_border == "off" else float(allowed_border)
            detector = msgspec.structs.replace(detector, border=Border(margin=margin))  # type: ignore[arg-type]
        if input_size is not None:
            detector = msgspec.structs.replace(detector, resize=parse_input_size(input_size))
        if shapes is not None:
            detector = msgspec.structs.replace(detector, anchors=_with_shapes(detector.anchors, shapes))
    except ValueError as error:
        raise AnchorauditError(str(error), remedy="Give a value in that range.") from None
    return detector


def _with_shapes(anchors: Anchors, shapes: Sequence[tuple[float, float]]) -> Anchors:
    if len(anchors.levels) > 1:
        raise AnchorauditError(
            f"one list of anchor shapes for a detector of {len(anchors.levels)} levels",
            remedy="Write the shapes into a detector file, level by level.",
        )
    pairs = tuple((float(w), float(h)) for w, h in shapes)
    return Anchors(levels=(msgspec.structs.replace(anchors.levels[0], shapes=pairs),))
