"""What each framework makes of the file by which a data set declares classes: how many, or an exception.

Sources: ultralytics 8.4.190 and 8.3.253 `data/utils.py` `check_det_dataset` and `nn/autobackend.py`
`check_class_names`; yolov5 `utils/general.py` `check_dataset`; yolov7 `train.py` `train` (which asks for
`train` and `val` last); keras-retinanet
`preprocessing/csv_generator.py` `_read_classes` and `num_classes`. Tests hold this to what they answered.
"""

from __future__ import annotations

from dataclasses import dataclass

from anchoraudit.dataset.declared import (
    COUNT_DIFFERS,
    GAPS,
    INDEX_TWICE,
    NO_NAMES,
    NOT_A_LIST,
    ODD_COUNT,
    ODD_INDEX,
    ODD_NAME,
    ODD_ROW,
    DeclaredClasses,
    Fault,
    Stated,
    index_of,
    listed,
    short,
)

_NOT_AN_INTEGER = "int() argument must be a string, a bytes-like object or a real number, not {!r}"
_NO_MATCH = "{} 'names' length {} and 'nc: {}' must match."


@dataclass(frozen=True, slots=True)
class ClassReading:
    """What a framework makes of a declaration of classes.

    refused: its own words, if it stops there; "" if it takes the declaration. line: where the cause is; 0 if
    it is nowhere. because: what the fault is about at which it stops, "" if it lacks a key that others do
    without. count: how many classes the model is built with; where the declaration is refused, the most
    that it may mean. remarks: what the framework takes in silence, although its author means something else,
    each with what follows.
    """

    refused: str = ""
    line: int = 0
    because: str = ""
    count: int | None = None
    remarks: tuple[Fault, ...] = ()


class _RefusedError(Exception):
    """The framework raises. words: its own. line: of the cause. because: as above."""

    def __init__(self, words: str, because: str = "", stated: Stated | None = None) -> None:
        super().__init__(words)
        self.words, self.because, self.line = words, because, 0 if stated is None else stated.line


def read_by_ultralytics(declared: DeclaredClasses, *, checks_types: bool) -> ClassReading | None:
    """Return what `check_det_dataset` makes of a data.yaml; None of other files.

    checks_types: as 8.4 does, which says what is wrong, and takes a text that is a whole number for `nc`.
    """
    if not declared.in_yaml:
        return None
    try:
        count = _ultralytics_count(declared, checks_types=checks_types)
    except _RefusedError as refused:
        return _stopped(declared, refused)
    means = {
        INDEX_TWICE: "the last name counts",
        ODD_NAME: "the class is called that",
        GAPS: "an index without a name has no class",
        NOT_A_LIST: f"each of its {count} letters becomes a class" if count else "there is no class",
    }
    return ClassReading(count=count, remarks=_remarks(declared, means))


def _ultralytics_count(declared: DeclaredClasses, *, checks_types: bool) -> int:
    file, names, nc = declared.path.name, declared.names, declared.count
    value = None if nc is None else nc.value
    # An empty `names:` is there for 8.3, and absent for 8.4.
    given = declared.form != "" or (names is not None and not checks_types)
    if checks_types and declared.form == "value" and names is not None:
        kind = _kind(names)
        raise _RefusedError(f"TypeError: {file} 'names' must be list or dict, not {kind}", NOT_A_LIST, names)
    for key in declared.lacks:
        if key != "val" or not declared.has_validation:
            words = f"{file} '{key}:' key missing. 'train' and 'val' are required in all data YAMLs."
            raise _RefusedError(f"SyntaxError: {words}")
    if not given and nc is None:
        words = f"SyntaxError: {file} key missing. either 'names' or 'nc' are required in all data YAMLs."
        raise _RefusedError(words, NO_NAMES)
    if nc is not None and checks_types and not isinstance(value, int):
        value = declared.whole_count
        if value is None:
            raise _RefusedError(f"SyntaxError: {file} 'nc: {_python(nc)}' must be an integer.", ODD_COUNT, nc)
    if given and nc is not None:
        number = _length(declared)
        if nc.nested or number != value:
            shown = short(str(value)) if checks_types else _python(nc)
            because = COUNT_DIFFERS if declared.whole_count not in (None, number) else ODD_COUNT
            raise _RefusedError(f"SyntaxError: {_NO_MATCH.format(file, number, shown)}", because, nc)
    if given:
        count = _length(declared)
    elif isinstance(value, int):
        count = int(value)
    else:
        kind = "NoneType" if nc is None else _kind(nc)
        raise _RefusedError(f"TypeError: '{kind}' object cannot be interpreted as an integer", ODD_COUNT, nc)
    if given and declared.form == "value":
        return count
    _check_class_names(declared, count if not given else None, checks_types=checks_types)
    return count


def _check_class_names(declared: DeclaredClasses, made: int | None, *, checks_types: bool) -> None:
    """Raise as `check_class_names` does. made: how many names were made up, None if they are declared."""
    if made is not None:
        indices = list(range(made))
    elif declared.form == "list":
        indices = declared.positions
    else:
        for key in (entry.key for entry in declared.entries if entry.key is not None):
            _int(key, ODD_INDEX)
        indices = declared.positions
    number = len(indices)
    if not number:
        words = "ValueError: max() arg is an empty sequence"
        if checks_types:
            words = "KeyError: 0-class dataset, at least one class name is required in your dataset YAML."
        because = NO_NAMES if made is None else ODD_COUNT
        raise _RefusedError(words, because, declared.names or declared.count)
    first = declared.entries[0].key if declared.form == "mapping" and declared.entries else None
    if indices[-1] >= number:
        raise _RefusedError(
            f"KeyError: {number}-class dataset requires class indices 0-{number - 1}, but you have invalid "
            f"class indices {short(str(indices[0]))}-{short(str(indices[-1]))} defined in your dataset YAML.",
            GAPS,
            first,
        )
    if 0 not in indices:
        raise _RefusedError("KeyError: 0", GAPS, first)


def read_by_yolov5(declared: DeclaredClasses) -> ClassReading | None:
    """Return what `check_dataset` makes of a data.yaml; None of other files."""
    if not declared.in_yaml:
        return None
    try:
        count = _yolov5_count(declared)
    except _RefusedError as refused:
        return _stopped(declared, refused)
    trains = f"it counts the names, and trains {count:,} class{'es' * (count != 1)}"
    means = {
        COUNT_DIFFERS: trains,
        NO_NAMES: trains,
        NOT_A_LIST: trains,
        INDEX_TWICE: "the last name counts",
        ODD_NAME: "the class is called that",
        GAPS: _outputs(declared, count),
    }
    if declared.count is not None and declared.whole_count is None and declared.count.text:
        means[ODD_COUNT] = trains
    return ClassReading(count=count, remarks=_remarks(declared, means))


def _yolov5_count(declared: DeclaredClasses) -> int:
    names = declared.names
    for split in declared.lacks:
        raise _RefusedError(f"AssertionError: data.yaml '{split}:' field missing")
    if declared.form == "" and names is None:
        because = NO_NAMES if declared.count is None else ""
        raise _RefusedError("AssertionError: data.yaml 'names:' field missing", because, declared.count)
    odd = "AssertionError: data.yaml names keys must be integers, i.e. 2: car"
    if declared.form in ("", "value") and names is not None:
        if not isinstance(names.value, str):
            because = NOT_A_LIST if declared.form else NO_NAMES if declared.count is None else ""
            raise _RefusedError(f"TypeError: '{_kind(names)}' object is not iterable", because, names)
        if names.value:
            raise _RefusedError(odd, NOT_A_LIST, names)
        return 0
    for key in (entry.key for entry in declared.entries if entry.key is not None):
        if not isinstance(key.value, int):
            raise _RefusedError(odd, ODD_INDEX, key)
    return _length(declared)


def read_by_yolov7(declared: DeclaredClasses) -> ClassReading | None:
    """Return what `train.py` makes of a data.yaml; None of other files."""
    if not declared.in_yaml:
        return None
    try:
        count = _yolov7_count(declared)
    except _RefusedError as refused:
        return _stopped(declared, refused)
    means = {
        INDEX_TWICE: "the last name counts",
        ODD_NAME: "the class is called that",
        NOT_A_LIST: f"each of its {count} letters becomes a class",
        ODD_INDEX: "names are looked up by number, and not found",
        GAPS: _outputs(declared, count),
    }
    return ClassReading(count=count, remarks=_remarks(declared, means))


def _yolov7_count(declared: DeclaredClasses) -> int:
    names, nc = declared.names, declared.count
    if nc is None:
        raise _RefusedError("KeyError: 'nc'", NO_NAMES if not declared.form else "", names)
    count = _int(nc, ODD_COUNT)
    if declared.form == "" and names is None:
        raise _RefusedError("KeyError: 'names'", "", nc)
    number = _length(declared)
    if number != count:
        words = (
            f"AssertionError: {number} names found for nc={short(str(count))} dataset in {declared.path.name}"
        )
        raise _RefusedError(words, COUNT_DIFFERS, nc)
    for split in declared.lacks:
        raise _RefusedError(f"KeyError: '{split}'")
    return count


def read_by_keras_retinanet(declared: DeclaredClasses) -> ClassReading | None:
    """Return what `CSVGenerator` makes of a classes.csv; None of other files."""
    if declared.form != "rows":
        return None
    if declared.broken is not None:
        words = f"ValueError: invalid CSV class file: {declared.path.name}: {declared.broken.words}"
        return _stopped(declared, _RefusedError(words, ODD_ROW, Stated("", declared.broken.line, "")))
    if not declared.entries:
        return _stopped(declared, _RefusedError("ValueError: max() arg is an empty sequence", NO_NAMES))
    count = max(0, declared.positions[-1] + 1)
    means = {
        INDEX_TWICE: "both are one class, which has the second name",
        GAPS: f"the model gets {count:,} classes, the highest id and 1 more",
    }
    if declared.positions[0] < 0:
        means[GAPS] = "an index below 0 counts from the end, where -1 is no class: it is never learned"
    return ClassReading(count=count, remarks=_remarks(declared, means))


def _stopped(declared: DeclaredClasses, refused: _RefusedError) -> ClassReading:
    """Return the reading of a declaration that is refused. What is called otherwise still is when mended."""
    means = {INDEX_TWICE: "the last name counts", ODD_NAME: "the class is called that"}
    if declared.form == "rows":
        means = {}
    remarks = _remarks(declared, means)
    return ClassReading(refused.words, refused.line, refused.because, declared.widest, remarks)


def _remarks(declared: DeclaredClasses, means: dict[str, str]) -> tuple[Fault, ...]:
    """Return the faults about these, each with what follows."""
    return tuple(
        fault._replace(words=f"{fault.words}; {means[fault.about]}")
        for fault in declared.faults()
        if fault.about in means
    )


def _outputs(declared: DeclaredClasses, count: int) -> str:
    """Say what becomes of names whose indices are not those of the outputs, which count from 0."""
    taken = set(declared.positions)
    nameless = [index for index in range(count) if index not in taken]
    beyond = [index for index in declared.positions if index >= count or index < 0]
    said = f"it trains {count:,} classes, 0 to {count - 1}" if count > 1 else "it trains one class, 0"
    parts = [f"{listed(nameless)} without a name"] if nameless else []
    parts += [f"{listed(beyond)} never"] if beyond else []
    return f"{said} ({', '.join(parts)})" if parts else said


def _length(declared: DeclaredClasses) -> int:
    """Return `len(names)` of what YAML makes of the names, where an index that is there twice counts once."""
    names = declared.names
    if declared.form == "mapping":
        keys = [entry.key for entry in declared.entries if entry.key is not None]
        return len({key.text if key.nested else key.value for key in keys})
    if declared.form == "list" or names is None:
        return len(declared.entries)
    if not isinstance(names.value, str):
        because = NOT_A_LIST if declared.form else NO_NAMES if declared.count is None else ""
        raise _RefusedError(f"TypeError: object of type '{_kind(names)}' has no len()", because, names)
    return len(names.value)


def _int(stated: Stated, because: str) -> int:
    """Return `int(value)`, or raise with Python's words."""
    found = index_of(stated)
    if found is not None:
        return found
    if isinstance(stated.value, str) and not stated.nested:
        words = f"ValueError: invalid literal for int() with base 10: {short(stated.value)!r}"
        raise _RefusedError(words, because, stated)
    raise _RefusedError(f"TypeError: {_NOT_AN_INTEGER.format(_kind(stated))}", because, stated)


def _kind(stated: Stated) -> str:
    """Return the name of a value's type in Python."""
    return "list" if stated.nested else type(stated.value).__name__


def _python(stated: Stated) -> str:
    """Return a value as an f-string of Python shows it."""
    return short(stated.text if stated.nested else str(stated.value))
