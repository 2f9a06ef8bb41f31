"""A detector as data, in eleven blocks: resize, anchors, points, border, match, loss, labels, classes,
auto_anchor, loading and versions.

A detector never holds code; `load_detector` reads one from a file. NumPy is imported only in the functions
that make arrays, because a command line is checked before that import.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from anchoraudit.detectors._block import Block, is_default
from anchoraudit.detectors.anchors import Anchors, Level
from anchoraudit.detectors.auto_anchor import AutoAnchor
from anchoraudit.detectors.border import Border
from anchoraudit.detectors.classes import Classes
from anchoraudit.detectors.labels import Labels
from anchoraudit.detectors.loading import Loading
from anchoraudit.detectors.loss import Loss
from anchoraudit.detectors.match import Match
from anchoraudit.detectors.points import Points
from anchoraudit.detectors.resize import Resize
from anchoraudit.detectors.versions import Versions
from anchoraudit.io.plugins import load_module

if TYPE_CHECKING:
    from anchoraudit.arrays import Float

__all__ = [
    "Anchors",
    "AutoAnchor",
    "Border",
    "Classes",
    "Detector",
    "Labels",
    "Level",
    "Loading",
    "Loss",
    "Match",
    "Points",
    "Resize",
    "Versions",
]


class Detector(Block, frozen=True):
    """The rules of one detector that the audit replays.

    Parameters
    ----------
    name : str
        The name that reports show.
    resize : Resize
        How an image becomes the network's input.
    anchors : Anchors
        Which anchors lie on it; without levels for a detector that has none.
    points : Points
        Which points lie on it, for a detector without anchors.
    border : Border
        Which of them count.
    match : Match
        How they are labelled.
    loss : Loss
        How the box loss is averaged.
    labels : Labels
        What the model itself does with odd boxes and class ids.
    classes : Classes
        What the user's configuration says of the classes: names and counts. A preset says nothing.
    auto_anchor : AutoAnchor
        When the framework replaces the anchors before it trains.
    loading : Loading
        What the configuration asks of the framework's own loader. A preset says how its framework's own
        configuration of this detector differs from the base configuration.
    versions : Versions
        The versions of the framework that have these rules.
    framework : str
        The framework that has these rules, with its version.
    loader : str or dict of str
        The framework's own loader, or one for each annotation format of the data: the names of formats, and
        "*" for all others. "": the framework has none.
    class_rules : str
        How the framework makes an index of a class: a name of `anchoraudit.classes`. "": unknown.
    augmentation : str
        The recipe of the framework's own training geometry, which `--augment framework` replays: a name of
        `anchoraudit.auditing.augmentation.frameworks`. "": unknown.
    first_epochs_of : str
        The detector of which this is what the first epochs do, by another rule of matching; "": it is one of
        its own. A comparison of all presets leaves it out.
    sources : tuple of str
        Where each rule was read in the framework's files.
    notes : tuple of str
        What the replay leaves out, such as random augmentation. Reports repeat them.

    Raises
    ------
    ValueError
        If the blocks do not go together.

    Examples
    --------
    >>> detector = load_detector("reference")
    >>> detector.resize.input_size_text, detector.can_end_empty
    ('960x720', True)
    """

    name: str
    resize: Resize
    match: Match
    loss: Loss
    anchors: Anchors = Anchors()
    points: Points = Points()
    border: Border = Border(margin="off")
    labels: Labels = Labels()
    classes: Classes = Classes()
    auto_anchor: AutoAnchor = AutoAnchor()
    loading: Loading = Loading()
    versions: Versions = Versions()
    framework: str = ""
    loader: str | dict[str, str] = ""
    class_rules: str = ""
    augmentation: str = ""
    first_epochs_of: str = ""
    sources: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._check_places()
        if not self.match.takes_border and self.border.pixels is not None:
            raise ValueError(f'{self.match.name} takes no border rule; margin must be "off"')
        if self.auto_anchor.is_used and not (self.match.is_by_shape and self.match.ratio):
            raise ValueError('auto_anchor needs a match of kind "side_ratio"')
        if self.anchors.units == "fractions" and not self.resize.is_fixed_size:
            raise ValueError("shapes in fractions of the canvas need a resize of kind 'stretch'")

        own = self.anchors.competing or any(level.also_above < 1 for level in self.anchors.levels)
        if own and not self.match.takes_most_alike:
            raise ValueError('competing shapes, masks and also_above need a match of kind "shape_iou"')

        if self.anchors.compared_as != "corners" and self.match.kind != "iou":
            raise ValueError(f"compared_as {self.anchors.compared_as!r} needs a match of kind 'iou'")
        centred = all(2 * level.offset == level.stride for level in self.anchors.levels)
        if self.match.cells == "box_centre" and not (centred and self.border.pixels is None):
            raise ValueError('cells "box_centre" needs offsets of half a stride and no border rule')
        if isinstance(self.loader, dict) and not (self.loader and all(self.loader.values())):
            raise ValueError("loader is empty; give one for each format, or omit the key")
        if not (self.loader or is_default(self.loading)):
            raise ValueError("loading needs a loader")

    def _check_places(self) -> None:
        """Raise ValueError unless there are anchors, points or neither, as the kind of matching needs."""
        unit = self.match.unit
        for name, given in (("anchor", bool(self.anchors.levels)), ("point", bool(self.points.strides))):
            if given != (unit == name):
                verb = "needs" if unit == name else "takes no"
                raise ValueError(f"{self.match.name} {verb} {name}s")
        if self.match.ranges and len(self.match.ranges) != len(self.points.strides):
            raise ValueError(
                f"there are {len(self.match.ranges)} ranges for {len(self.points.strides)} levels of points"
            )
        if self.match.kind == "centre_cell" and len(self.points.strides) > 1:
            raise ValueError(f"{self.match.name} takes a single level of points")

    def __hash__(self) -> int:
        # A mapping has no hash of its own. Detectors that differ only in their loaders share one.
        blocks = (self.resize, self.anchors, self.points, self.border, self.match, self.loss, self.labels)
        return hash((self.name, *blocks))

    def loader_for(self, format: str) -> str | None:
        """Return the name of the framework's own loader for data of an annotation format.

        Parameters
        ----------
        format : str
            The format of the data set, such as "voc": `Dataset.format`.

        Returns
        -------
        str or None
            The loader's name; None if the framework has no loader of its own for this format.

        Examples
        --------
        >>> load_detector("mmdet-retinanet_fpn").loader_for("voc")
        'mmdet-voc'
        """
        if isinstance(self.loader, str):
            return self.loader or None
        return self.loader.get(format, self.loader.get("*"))

    def loading_by(self, loader: str) -> Loading:
        """Return what the configuration asks of a loader: nothing of one that is not the framework's own.

        Parameters
        ----------
        loader : str
            The loader's name.

        Returns
        -------
        Loading
            The block, or one without any value.

        Examples
        --------
        >>> dino = load_detector("mmdet-dino")
        >>> dino.loading_by("mmdet-coco").blank, dino.loading_by("detectron2").blank
        ('kept', '')
        """
        own = (self.loader,) if isinstance(self.loader, str) else self.loader.values()
        return self.loading if loader in own else Loading()

    @property
    def strides(self) -> tuple[float, ...]:
        """The strides of all levels of anchors or points, in pixels of the canvas.

        Examples
        --------
        >>> load_detector("yolov5").strides
        (8.0, 16.0, 32.0)
        """
        return self.points.strides or tuple(level.stride for level in self.anchors.levels)

    @property
    def shapes(self) -> Float:
        """All anchor shapes in pixels of the canvas: float64 [K, 2].

        Examples
        --------
        >>> load_detector("yolov5").shapes.shape
        (9, 2)
        """
        if self.anchors.units == "fractions":
            return self.anchors.shapes * (self.resize.width, self.resize.height)
        return self.anchors.shapes

    @property
    def compared(self) -> Float:
        """The shapes that compete for a box, in pixels of the canvas, first wins ties: float64 [M, 2].

        Examples
        --------
        >>> load_detector("yolov5").compared.shape
        (9, 2)
        """
        import numpy as np

        if not self.anchors.competing:
            return self.shapes
        shapes = np.array(self.anchors.competing, dtype=np.float64)
        fractions = self.anchors.units == "fractions"
        return shapes * (self.resize.width, self.resize.height) if fractions else shapes

    @property
    def box_precision(self) -> str:
        """Precision of boxes on the canvas: of fractions that of the resize, else of what boxes meet.

        Examples
        --------
        >>> load_detector("yolov5").box_precision
        'float32'
        """
        if self.match.unit != "anchor":  # corners in float64 keep all bits of a centre and a size
            return "float64" if self.resize.handed == "centre_size" else self.points.precision
        return self.resize.precision if self.match.takes_fractions else self.anchors.kept_precision

    @property
    def empty_when(self) -> str:
        """When an image with usable boxes ends without a positive anchor, as a sentence; "" for never.

        Examples
        --------
        >>> load_detector("reference").empty_when
        'every box has a best IoU below 0.5 among the anchors that count'
        """
        if self.match.narrow_below > min(self.strides, default=0.0):
            return ""  # no side is too short to have a point inside
        if self.match.narrow_below and self.match.narrow_below == self.strides[0]:
            return f"every box has a side of exactly {self.strides[0]:g} px between two points"
        return self.match.empty_when(self.border) or self._empty_by_masks()

    def _empty_by_masks(self) -> str:
        """Say the same of shapes that compete and are on no level: a box may be most like one of them."""
        unit = 100 if self.anchors.units == "fractions" else 1
        left_out = [f"{w * unit:g}x{h * unit:g}{' %' * (unit > 1)}" for w, h in self.anchors.left_out]
        if not left_out:
            return ""
        when = f"every box is most like an anchor that is on no level ({', '.join(left_out)})"
        if not (above := self._also_above()):
            return when
        return f"{when}, and its shape IoU with none of the others is above their level's limit, {above}"

    def _also_above(self) -> str:
        """Return the limits above which more shapes are positive, `0.4/1` if levels differ; "" for none."""
        limits = sorted({level.also_above for level in self.anchors.levels})
        return "/".join(f"{limit:g}" for limit in limits) if limits[0] < 1 else ""

    @property
    def on_empty(self) -> str:
        """The effect of a batch or an image without anything positive, or without a box, as a sentence.

        Examples
        --------
        >>> load_detector("reference").on_empty
        'a batch without a positive anchor gives a box loss of 0/0 = NaN'
        """
        if self.match.no_boxes == "raises":
            return f"{self.loss.on_empty(self.match.unit)}; on an image without boxes the framework raises"
        return self.loss.on_empty(self.match.unit)

    @property
    def can_end_empty(self) -> bool:
        """Tell whether an image with usable boxes can end without a positive anchor.

        Examples
        --------
        >>> load_detector("reference").can_end_empty, load_detector("mmdet-atss").can_end_empty
        (True, True)
        """
        return bool(self.empty_when)

    @staticmethod
    def from_model(
        model: Any, *, assume_standard: bool = False, framework_version: str | None = None
    ) -> Detector:
        """Read the detector of a model or a configuration in memory. Imports no framework.

        What `load_detector` takes is taken here too, and the other way round: both are one function.

        Parameters
        ----------
        model : object
            A model or a configuration of a framework whose detectors can be read (docs/python.md lists them),
            also wrapped by DataParallel, DistributedDataParallel or torch.compile. An object that has one
            such model as an attribute, such as a Lightning module. The name of a preset, the path of a
            detector file, or a `Detector`.
        assume_standard : bool
            A class that the framework does not have keeps the anchors and the matching of the framework's
            class that it replaces.
        framework_version : str, optional
            The version of the framework whose rules hold. By default the one that is loaded.

        Returns
        -------
        Detector
            The detector. `notes` say which model was taken, if it was inside another object.

        Raises
        ------
        AnchorauditError
            If the object is nothing that can be read, if several detection models are inside, or if its
            detector cannot be replayed. The message says what can be read, and what to do.

        Examples
        --------
        >>> from torchvision.models import detection  # doctest: +SKIP
        >>> model = detection.retinanet_resnet50_fpn(weights=None)  # doctest: +SKIP
        >>> audit("sample_data/coco", Detector.from_model(model))  # doctest: +SKIP
        >>> Detector.from_model(3)  # doctest: +IGNORE_EXCEPTION_DETAIL
        Traceback (most recent call last):
            ...
        anchoraudit.errors.AnchorauditError: int is not a detector that can be read
        """
        named = load_module("anchoraudit", "detectors").load_detector
        return cast(
            "Detector", named(model, assume_standard=assume_standard, framework_version=framework_version)
        )

    @staticmethod
    def from_torchvision(model: Any, *, strides: Sequence[float] | None = None) -> Detector:
        """Read the detector from a torchvision detection model in memory. Does not import torch.

        Parameters
        ----------
        model : torch.nn.Module
            A Faster or Mask R-CNN, RetinaNet, FCOS, SSD or SSDlite of torchvision.
        strides : sequence of float, optional
            Pixels of the input per cell of each level. Needed only if they are not torchvision's usual ones.

        Returns
        -------
        Detector
            The detector, with the name of the model's class.

        Raises
        ------
        AnchorauditError
            If the model is not such a detector of torchvision, or its strides are unknown.

        Examples
        --------
        >>> from torchvision.models import detection  # doctest: +SKIP
        >>> model = detection.retinanet_resnet50_fpn(weights=None)  # doctest: +SKIP
        >>> audit("sample_data/coco", Detector.from_torchvision(model))  # doctest: +SKIP
        >>> Detector.from_torchvision(None)  # doctest: +IGNORE_EXCEPTION_DETAIL
        Traceback (most recent call last):
            ...
        anchoraudit.errors.AnchorauditError: NoneType has no anchor_generator
        """
        reader = load_module("anchoraudit.detectors.models", "torchvision")
        return cast("Detector", reader.from_torchvision(model, strides))

    def __repr__(self) -> str:
        return f"<Detector {self}>"

    def __str__(self) -> str:
        """Return the detector in one line."""
        if self.match.unit != "anchor":
            places = [str(self.points)] if self.points.strides else []
            return f"{self.name}: input {', '.join([str(self.resize), *places, str(self.match)])}"
        strides = "/".join(f"{stride:g}" for stride in self.strides)
        left_out = len(self.anchors.left_out)
        more = f" and {left_out} on no level" if left_out else ""
        above = self._also_above()
        also = f" and those above shape IoU {above}" if above else ""
        return (
            f"{self.name}: input {self.resize}, {self.anchors.count} anchor shapes{more}, stride {strides}, "
            f"{self.border}, {self.match}{also}"
        )
