"""Options that several commands share, and the objects they stand for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

from anchoraudit.cli._choice import Choice
from anchoraudit.cli._settings import Settings
from anchoraudit.dataset.conventions import convention_names
from anchoraudit.detectors import (
    NO_DETECTOR,
    Detector,
    load_detector,
    means_file,
    override,
    preset_names,
)
from anchoraudit.errors import AnchorauditError
from anchoraudit.formats import format_names
from anchoraudit.io.steps import step

if TYPE_CHECKING:
    from anchoraudit.auditing.audit import Audit
    from anchoraudit.dataset.columns import Dataset
    from anchoraudit.detectors.classes import Classes
    from anchoraudit.loaders import Loaded
    from anchoraudit.rules import Chosen

    _Text = click.ParamType[str]
else:
    _Text = click.ParamType  # takes no parameter before click 8.4

F = TypeVar("F", bound=Callable[..., Any])


class DetectorName(_Text):
    """A preset's name or a file. Completes the names."""

    name = "NAME|FILE"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """Return the names that begin with the typed letters."""
        from click.shell_completion import CompletionItem

        names = [*preset_names(), NO_DETECTOR]
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


class LoaderName(_Text):
    """A loader profile. Completes the names."""

    name = "NAME"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """Return the names that begin with the typed letters."""
        from click.shell_completion import CompletionItem

        from anchoraudit.loaders import loader_names

        return [CompletionItem(name) for name in loader_names() if name.startswith(incomplete)]


class ConventionName(_Text):
    """A convention of boxes. Completes the names."""

    name = "NAME"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """Return the names that begin with the typed letters."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(name) for name in convention_names() if name.startswith(incomplete)]


def _apply(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


dataset_argument = click.argument("dataset", required=False, type=click.Path())

output_format_option = click.option(
    "--output-format",
    type=Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Form of the report.",
)

csv_safe_option = click.option(
    "--csv-safe",
    is_flag=True,
    help="CSV: put an apostrophe before cells that a spreadsheet would run as a formula.",
)

label_options = _apply(
    click.option(
        "--format",
        type=Choice(["auto", *format_names()]),
        metavar="NAME",
        help="Format of the data set; `anchoraudit formats` lists them.  [default: auto]",
    ),
    click.option("--split", multiple=True, metavar="NAME", help="Read only this split (repeatable)."),
    click.option(
        "--unlisted",
        is_flag=True,
        default=None,
        help="COCO: count images on disk without an entry as blank.",
    ),
    click.option(
        "--voc-offset",
        metavar="PX[,PX,PX,PX]",
        help="VOC: add this to all coordinates, or to x1,y1,x2,y2 (-1, or -1,-1,0,0).  [default: 0]",
    ),
    click.option(
        "--box-convention",
        type=ConventionName(),
        help="How the files write boxes: xywh, xyxy, cxcywh, yxyx, ...; xyxy-fractions.  "
        "[default: the format's own]",
    ),
    click.option(
        "--box-field",
        metavar="NAME",
        help="Which boxes, where there are several: CrowdHuman's vbox or hbox, a field of FiftyOne.  "
        "[default: fbox, ground_truth]",
    ),
    click.option(
        "--image-folder",
        type=click.Path(),
        metavar="DIR",
        help="Where the images are.  [default: usual places]",
    ),
    click.option(
        "--class-attribute",
        metavar="NAME",
        help="VIA: the attribute of regions that holds the class.  [default: the only one, or a usual one]",
    ),
    click.option(
        "--columns",
        metavar="KEY=COLUMN,...",
        help="Tables: what the columns are: image=patientId,x=x,y=y,w=width,h=height,class=Target.  "
        "[default: by their names]",
    ),
    click.option("--drop-difficult", is_flag=True, default=None, help="Drop difficult objects."),
)


class ClassRulesName(_Text):
    """Class rules of a framework. Completes the names."""

    name = "NAME"

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        """Return the names that begin with the typed letters."""
        from click.shell_completion import CompletionItem

        from anchoraudit.classes import class_rules_names

        return [CompletionItem(name) for name in class_rules_names() if name.startswith(incomplete)]


class_rules_option = click.option(
    "--class-rules",
    type=ClassRulesName(),
    help="Number classes as this framework does.  [default: as the loader or the detector]",
)

classes_option = click.option(
    "--classes",
    type=click.Path(),
    metavar="FILE",
    help="The classes of your configuration: a list of names, classes.csv, data.yaml, a config, ...",
)

loader_option = click.option(
    "--loader",
    type=LoaderName(),
    help=(
        "Apply this framework's data loader first; none: use the data as they are.  [default: the "
        "detector's own]"
    ),
)

rule_options = _apply(
    click.option(
        "--select",
        multiple=True,
        metavar="CODE,...",
        help="Run only these rules: codes or prefixes (BOX, BOX00, BOX001).  [default: ALL]",
    ),
    click.option("--ignore", multiple=True, metavar="CODE,...", help="Skip these rules."),
    click.option(
        "--images",
        type=Choice(["none", "header", "decode"]),
        help="How image files are checked.  [default: header]",
    ),
)

assume_option = click.option(
    "--assume-standard",
    is_flag=True,
    default=None,
    help="Framework files: assume that your own classes keep the standard anchors and matching.",
)

version_option = click.option(
    "--framework-version",
    metavar="V",
    help="Use the rules of this version of the framework, e.g. 8.3.120.  [default: installed, else newest]",
)

detector_options = _apply(
    click.option(
        "--detector",
        type=DetectorName(),
        help="Preset, or a file: your own TOML, or your framework's. none: check the data alone.  "
        "[default: reference]",
    ),
    assume_option,
    version_option,
    click.option(
        "--positive-iou", type=float, metavar="F", help="Anchors with at least this IoU are positive."
    ),
    click.option(
        "--negative-iou",
        type=float,
        metavar="F",
        help="Anchors with at most this IoU with every box are negative.",
    ),
    click.option(
        "--allowed-border",
        metavar="PX",
        help="How far anchors may cross the image edge; off: any distance.",
    ),
    click.option(
        "--input-size",
        metavar="N|WxH",
        help="Resize the longer side to N, or stretch to WxH.  [default: detector's]",
    ),
    click.option(
        "--anchors", type=click.Path(), metavar="FILE", help="Anchors file, as written by cluster -o."
    ),
)


def read_dataset(settings: Settings, *, quiet: bool = False) -> Dataset:
    """Read the data set of the settings. A note on stderr says if no image is in the folder that is named."""
    from anchoraudit.formats import read

    assert settings.dataset is not None  # resolve() raises otherwise
    step("reading")
    dataset = read(
        settings.dataset,
        format=settings.format or "auto",
        splits=tuple(settings.split or ()),
        unlisted=bool(settings.unlisted),
        voc_offset=parse_offset(settings.voc_offset or "0"),
        box_convention=settings.box_convention,
        box_field=settings.box_field or "",
        image_folder=settings.image_folder,
        class_attribute=settings.class_attribute or "",
        columns=settings.columns,
    )
    if settings.image_folder is not None and not dataset.has_image_folder:
        from anchoraudit.cli import _output

        names = dataset.images.file_names[:1]
        such = f", such as {names[0]}," if names else ""
        text = f"note: none of the images{such} is in {settings.image_folder}, so no image file is checked"
        _output.remark(text, quiet=quiet)
    return dataset


def classes_of(settings: Settings) -> Classes | None:
    """Return what the file named by `--classes` says; None if none is named."""
    if settings.classes is None:
        return None
    from anchoraudit.classes.readers import read_classes

    return read_classes(settings.classes)


def read_to_use(settings: Settings, *, quiet: bool = False) -> Dataset:
    """Read the data set for a command without findings, which takes the boxes as they are.

    A note on stderr says which of its files are written in another convention of boxes (BOX017).
    """
    from anchoraudit.cli import _output
    from anchoraudit.dataset.readings import misreadings

    dataset = read_dataset(settings, quiet=quiet)
    for one in misreadings(dataset):
        path = dataset.sources[one.source].path
        _output.remark(f"note: the boxes of {path} are likely misread: {one.said}", quiet=quiet)
    return dataset


def read_loaded(settings: Settings, detector: Detector) -> tuple[Dataset, list[str]]:
    """Read the data set as the loader hands it over: the one named, else the detector's own.

    Also returns sentences on what the loader did. Image files are not looked at, and images at which it
    raises are taken as if they were mended.
    """
    from anchoraudit.loaders import PLAIN, load_as

    dataset = read_to_use(settings)
    name = settings.loader or detector.loader_for(dataset.format) or PLAIN
    if name == PLAIN:
        return dataset, []
    loaded = load_as(dataset, name, classes=detector.classes, detector=detector)
    return loaded.as_if_mended(), loaded.sentences()


def loader_notes(loaded: Loaded | None) -> list[str]:
    """Return sentences on what the loader did, none without a loader."""
    return [] if loaded is None else loaded.sentences()


def note_who_judged(result: Audit, settings: Settings) -> None:
    """Note in an audit whether somebody named its detector; if not, also which one the files point to."""
    if settings.detector is not None:
        return
    from anchoraudit.advice.suggested import suggest

    result.detector_chosen = False
    result.suggested = str(suggest(result.dataset) or "")


def rules_of(settings: Settings) -> Chosen:
    """Return the chosen rules. Raises AnchorauditError for one that does not exist."""
    from anchoraudit.rules import Chosen, all_rules

    select, ignore = (map(str.upper, codes or ()) for codes in (settings.select, settings.ignore))
    chosen = Chosen.of_tables(select, ignore, settings.rules or {})
    return chosen.require_known(all_rules())


def detector_or_none(settings: Settings) -> tuple[Detector | None, list[str]]:
    """Return what `detector_of` does, or no detector for `--detector none`.

    Raises AnchorauditError if a value of a detector is to be replaced, and there is none.
    """
    if settings.detector != NO_DETECTOR:
        return detector_of(settings)
    from anchoraudit.cli._settings import as_options

    values = Settings(
        positive_iou=settings.positive_iou,
        negative_iou=settings.negative_iou,
        allowed_border=settings.allowed_border,
        input_size=settings.input_size,
        anchors=settings.anchors,
        assume_standard=settings.assume_standard,
        framework_version=settings.framework_version,
    )
    if given := as_options(values):
        raise AnchorauditError(
            f"these options need a detector, but --detector none was given: {' '.join(given)}",
            remedy="Name a detector, or omit these options.",
        )
    return None, []


def detector_of(settings: Settings) -> tuple[Detector, list[str]]:
    """Return the detector with single values replaced, and remarks about it.

    The classes are those of the file that `--classes` names, else those of the detector's own file.
    """
    notes: list[str] = []
    detector = override(
        load_detector(
            "reference" if settings.detector is None else settings.detector,
            assume_standard=bool(settings.assume_standard),
            framework_version=settings.framework_version,
        ),
        positive_iou=settings.positive_iou,
        negative_iou=settings.negative_iou,
        allowed_border=_border(settings.allowed_border),
        input_size=settings.input_size,
    )
    if settings.detector is not None and means_file(settings.detector):
        _require_known_names(detector, settings.detector)
    if classes := classes_of(settings):
        detector = msgspec.structs.replace(detector, classes=classes)
    if settings.anchors is not None:
        from anchoraudit.anchors.file import read_anchors

        file = read_anchors(Path(settings.anchors))
        own = detector.resize.input_size_text
        if file.input_size and own and file.input_size != own:
            notes.append(
                f"the anchors of {settings.anchors} were clustered at input size {file.input_size}, "
                f"the detector's is {own}"
            )
        try:
            detector = override(detector, shapes=file.anchors)
        except AnchorauditError as error:
            raise error.within(settings.anchors) from None
    return detector, notes


def _require_known_names(detector: Detector, path: str) -> None:
    """Raise AnchorauditError, with a detector's file, if it names a loader or rules that do not exist."""
    from anchoraudit.classes import class_rules
    from anchoraudit.loaders import require_loader

    named = detector.loader
    key = "loader"
    try:
        for loader in filter(None, [named] if isinstance(named, str) else named.values()):
            require_loader(loader)
        key = "class_rules"
        if detector.class_rules:
            class_rules(detector.class_rules)
    except AnchorauditError as error:
        raise error.within(path, key) from None


def parse_offset(text: str) -> tuple[float, float, float, float]:
    """Parse `-1` for all four coordinates, or `-1,-1,0,0`."""
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) == 1:
        numbers *= 4
    if len(numbers) != 4 or not all(abs(number) <= 1000 for number in numbers):
        raise AnchorauditError(
            f"{text!r} is not a VOC offset",
            remedy="Give one number of pixels (-1), or four for x1,y1,x2,y2 (-1,-1,0,0).",
        )
    return numbers[0], numbers[1], numbers[2], numbers[3]


def _border(text: str | None) -> float | str | None:
    if text is None or text == "off":
        return text
    try:
        return float(text)
    except ValueError:
        raise AnchorauditError(
            f"{text!r} is not an allowed border", remedy='Give pixels (0, 16), or "off" for no border rule.'
        ) from None
