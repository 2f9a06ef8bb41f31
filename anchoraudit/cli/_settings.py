"""Where a run's settings come from: command line over file over last scan over default.

`_settings_file` finds the file. Relative paths in it are relative to the file. The last scan's settings
(never its data) are in `.anchoraudit/last-scan.json` of the working directory. They count only if no data set
is named. A layer that is there and cannot be read is an error: what it holds may make the guard strict.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from anchoraudit.cli._said import say
from anchoraudit.cli._settings_file import is_there, settings_file
from anchoraudit.errors import AnchorauditError, printable, shortened
from anchoraudit.io import json_text
from anchoraudit.io.addresses import is_address, path_of
from anchoraudit.io.documents import read_text
from anchoraudit.io.suggest import did_you_mean

RECORD = Path(".anchoraudit") / "last-scan.json"
# What each key takes, in words; other keys by the type of their value.
_ALLOWED = {
    "classes": "the path of a file that lists the classes, in quotes",
    "fail-on": '"error", "warning", "never"',
    "images": '"none", "header", "decode"',
    "allowed-border": 'pixels, or "off"',
    "input-size": 'pixels, such as 640, or "960x720"',
    "rules": "a table for each rule, such as [rules.BOX012] with iou = 0.9",
}
_ALLOWED_OF_TYPE = {
    "bool": "true or false",
    "list": "a list of texts in quotes",
    "float": "a number",
    "str": "a text in quotes",
}


class Settings(msgspec.Struct, forbid_unknown_fields=True, rename="kebab", omit_defaults=True):
    """Settings that commands share. None means that nobody set it."""

    dataset: str | None = None
    format: str | None = None
    split: list[str] | None = None
    unlisted: bool | None = None
    voc_offset: str | None = None
    box_convention: str | None = None
    box_field: str | None = None
    image_folder: str | None = None
    class_attribute: str | None = None
    columns: str | None = None
    drop_difficult: bool | None = None
    detector: str | None = None
    assume_standard: bool | None = None
    framework_version: str | None = None
    positive_iou: float | None = None
    negative_iou: float | None = None
    allowed_border: str | None = None
    input_size: str | None = None
    anchors: str | None = None
    fail_on: Literal["error", "warning", "never"] | None = None
    allow_blank: bool | None = None
    select: list[str] | None = None
    ignore: list[str] | None = None
    loader: str | None = None
    classes: str | None = None
    class_rules: str | None = None
    images: Literal["none", "header", "decode"] | None = None
    rules: dict[str, dict[str, float | Literal["error", "warning", "info"]]] | None = None


def resolve(given: Mapping[str, Any], *, quiet: bool = False, repeat: bool = False) -> Settings:
    """Merge the layers, and say on stderr which settings came from a file or the last scan.

    repeat: the command is a scan. Then the last scan is repeated only if no data set is named anywhere, so
    that an option tried once does not stay. Raises AnchorauditError if no layer names a data set, or if one
    cannot be read.
    """
    names = Settings.__struct_fields__
    command_line: dict[str, Any] = {name: value for name in names if not _unset(value := given.get(name))}
    for name in ("select", "ignore"):  # codes are separated by commas, or the option is repeated
        if name in command_line:
            command_line[name] = [
                c.strip() for part in command_line[name] for c in part.split(",") if c.strip()
            ]
    if "split" in command_line:
        command_line["split"] = list(command_line["split"])  # click gives a tuple
    file = _from_file(quiet, given)
    layers = [command_line, file]
    if "dataset" not in command_line and not (repeat and "dataset" in file):
        last = _from_last_scan()
        if last and file.get("dataset", last.get("dataset")) == last.get("dataset"):
            layers.append(last)
            if not quiet:
                say(f"using {_described(last, given)}, as in the last scan")
    merged = _merged(layers)
    if "dataset" not in merged:
        raise AnchorauditError(
            "no data set named, and no earlier scan in this directory",
            remedy="Name a folder or a file, for example: anchoraudit scan dataset/",
        )
    return Settings(**merged)


def _merged(layers: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the settings of all layers, the first over the second over the third.

    The version of a framework belongs to the detector of its own layer, or of one below: where a layer above
    names another detector, it is left out.
    """
    merged: dict[str, Any] = {}
    for layer in reversed(layers):
        if layer.get("detector", merged.get("detector")) != merged.get("detector"):
            merged.pop("framework_version", None)
        merged |= layer
    return merged


def record(settings: Settings) -> None:
    """Remember a scan's settings for later commands. If that fails, it only says so."""
    from anchoraudit.io.outputs import make_own_folder, write_text

    try:
        make_own_folder(RECORD.parent)
        # json can write and read file names that are not UTF-8; msgspec cannot.
        text = json.dumps(msgspec.to_builtins(_without_secrets(settings)), indent=2)
        write_text(RECORD, text + "\n", own=True)
    except (OSError, AnchorauditError) as error:
        say(f"note: the last scan could not be recorded: {error}")


def _without_secrets(settings: Settings) -> Settings:
    """Return the settings with the address of the data set as it is shown."""
    named = settings.dataset
    shown = str(path_of(named)) if named is not None and is_address(named) else named
    return msgspec.structs.replace(settings, dataset=shown)


def as_options(settings: Settings) -> list[str]:
    """Write the settings without the data set as command-line words, for commands in reports."""
    words: list[str] = []
    for name, value in msgspec.structs.asdict(settings).items():
        flag = "--" + name.replace("_", "-")
        if name in ("dataset", "rules") or _unset(value) or value is False:
            continue
        for one in value if isinstance(value, list) else [value]:
            words += [flag] if one is True else [flag, f"{one:g}" if isinstance(one, float) else str(one)]
    return words


def _described(layer: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    """Write the settings of a layer that a command takes as words of a command line; "" for none.

    given: the command's own parameters. Settings that no word can say are listed by name.
    """
    taken = {name: value for name, value in layer.items() if name in given}
    options = as_options(Settings(**taken))
    words = [*([taken["dataset"]] if "dataset" in taken else []), *options]
    said = [shlex.join(words)] if words else []
    said += [f"{name.replace('_', '-')} = false" for name, value in taken.items() if value is False]
    if layer.get("rules") and "select" in given:
        said.append("[rules]")
    return shortened(printable(", ".join(said)))


def _unset(value: Any) -> bool:
    return value is None or value == ()


def _from_last_scan() -> dict[str, Any]:
    if not is_there(RECORD):
        return {}
    try:
        return _given(msgspec.convert(json_text.parse(read_text(RECORD, "record"), RECORD), Settings))
    except (AnchorauditError, ValueError) as error:  # msgspec raises ValueError for broken UTF-8, too
        reason = error.message if isinstance(error, AnchorauditError) else error
        raise AnchorauditError(
            f"not a record of a scan ({reason})", path=RECORD, remedy="Delete it, or name the data set."
        ) from None


def _from_file(quiet: bool, given: Mapping[str, Any]) -> dict[str, Any]:
    if (found := settings_file()) is None:
        return {}
    path, table = found
    values = _checked(table, path)
    if not quiet and (said := _described(values, given)):
        say(f"using {said}, as in {os.path.relpath(path)}")
    return values


def _checked(table: dict[str, Any], path: Path) -> dict[str, Any]:
    known = [field.encode_name for field in msgspec.structs.fields(Settings)]
    written, table = table, {}
    for key, value in written.items():
        if (name := key.replace("_", "-")) in table:
            raise AnchorauditError(
                f"the setting {name} is there twice, with - and with _", path=path, remedy="Keep one of them."
            )
        table[name] = value
    for key in table:
        if key not in known:
            raise AnchorauditError(
                f"unknown setting {key!r}",
                path=path,
                remedy=f"{did_you_mean(key, known)}Allowed: {', '.join(known)}.",
            )
    for key in ("split", "select", "ignore"):
        if isinstance(table.get(key), str):
            table[key] = [table[key]]
    for key in ("allowed-border", "input-size", "voc-offset", "framework-version"):
        if isinstance(table.get(key), int | float) and not isinstance(table[key], bool):
            table[key] = str(table[key])
    try:
        settings = msgspec.convert(table, Settings)
    except msgspec.ValidationError as error:
        raise _of_another_type(str(error), table, path) from None
    _require_known_names(settings, path)
    return _relative_to(path.parent, _given(settings))


def _of_another_type(words: str, table: dict[str, Any], path: Path) -> AnchorauditError:
    """Return the error about a value that its key does not take: the key, the value, what is allowed."""
    found = re.search(r"at `\$\.([\w-]+).*`$", words)
    if found is None:
        return AnchorauditError(words, path=path, remedy="Give a value of that type.")
    key = found[1]
    value = "true" if table[key] is True else "false" if table[key] is False else repr(table[key])
    allowed = _ALLOWED.get(key)
    if allowed is None:
        kind = str(Settings.__annotations__[key.replace("-", "_")])
        allowed = next(text for name, text in _ALLOWED_OF_TYPE.items() if name in kind)
    if key == "rules" and isinstance(table[key], dict):
        key, value, allowed = _of_a_rule(table[key]) or (key, value, allowed)
    return AnchorauditError(
        f"{key} = {shortened(value, 60)} is not allowed", path=path, remedy=f"Allowed: {allowed}."
    )


def _of_a_rule(rules: dict[str, Any]) -> tuple[str, str, str] | None:
    """Return the key, the value, and what is allowed of the first setting that no rule takes."""
    for code, own in rules.items():
        if not isinstance(own, dict):
            return f"rules.{code}", repr(own), _ALLOWED["rules"]
        for name, value in own.items():
            if name == "severity" and value not in ("error", "warning", "info"):
                return f"rules.{code}.severity", repr(value), '"error", "warning", "info"'
            if name != "severity" and (isinstance(value, bool) or not isinstance(value, int | float)):
                return f"rules.{code}.{name}", repr(value), "a number"
    return None


def _require_known_names(settings: Settings, path: Path) -> None:
    """Raise AnchorauditError for the name of a format, a loader or the like that does not exist."""
    from anchoraudit.classes import class_rules_names
    from anchoraudit.formats import format_names
    from anchoraudit.loaders import loader_names

    names: tuple[tuple[str, str | None, Callable[[], Sequence[str]]], ...] = (
        ("format", settings.format, lambda: ["auto", *format_names()]),
        ("loader", settings.loader, loader_names),
        ("class-rules", settings.class_rules, class_rules_names),
    )
    for key, value, known in names:
        if value is not None and value not in known():
            hint = did_you_mean(value, known())
            raise AnchorauditError(
                f"{key} = {value!r} is not allowed", path=path, remedy=f"{hint}Allowed: {', '.join(known())}."
            )


def _given(settings: Settings) -> dict[str, Any]:
    return {name: value for name, value in msgspec.structs.asdict(settings).items() if value is not None}


def _relative_to(folder: Path, values: dict[str, Any]) -> dict[str, Any]:
    """Make the paths of a settings file relative to the working directory."""
    from anchoraudit.detectors import means_file

    for key in ("dataset", "anchors", "detector", "image_folder", "classes"):
        value = values.get(key)
        if value is not None and not is_address(value) and (key != "detector" or means_file(value, folder)):
            values[key] = os.path.relpath(folder / value)
    return values
