"""What a model itself does with the boxes that are handed to it, whatever its loader did before."""

from __future__ import annotations

from typing import Literal

from anchoraudit.detectors._block import LARGEST, Block

Outcome = Literal["trains", "no_effect", "dropped", "raises", "nan"]
CountOutcome = Literal["", "raises", "background", "dropped", "drops_image", "no_effect"]

# What happens to a box, from the mildest outcome to the worst.
OUTCOMES = (
    "trains",
    "drawn",
    "no_effect",
    "background",
    "dropped",
    "drops_image",
    "nan",
    "raises",
    "crashes",
)
# The outcomes that end a training run, or make its weights NaN.
FATAL = ("nan", "raises", "crashes")

_SUBJECTS = {
    "not_finite": "a box with a coordinate that is NaN or infinite",
    "inverted": "a box that ends before it starts",
    "zero_side": "a box without width or height",
    "outside": "a box outside its image",
    "least_side": "a box with a side {least}",
    "greatest_aspect": "a box {greatest} times as long as wide{or_more}",
    "most_labels": "more than {labels.most_labels} boxes in an image",
    "id_zero": "a box of class id 0",
    "at_count": "a box of the first class id beyond the model's classes",
    "above_count": "a box of a class id beyond the model's classes",
}
_DOES = {
    "trains": "is trained as it stands",
    "no_effect": "has no effect: the loss is the one without it",
    "background": "is trained as background",
    "dropped": "is dropped by the model",
    "drops_image": "makes the framework leave the whole image out",
    "nan": "makes the loss NaN or infinite",
    "raises": "makes the framework raise an error",
    "crashes": "ends the process",
}
_OF_TOO_MANY = {
    "trains": "are all trained",
    "drawn": "are too many: {labels.most_labels} of them are drawn at random each time",
    "dropped": "are too many: only the first {labels.most_labels} are trained",
    "raises": "make the framework raise an error",
}
_OF_ID_ZERO = {"class": "trains", "background": "background", "reserved": "raises"}
RULES = tuple(_SUBJECTS)
# The rules that a framework's loader may apply in place of its model.
LIMITS = ("least_side", "greatest_aspect", "most_labels")


class Labels(Block, frozen=True):
    """What the model itself does with boxes and class ids that are odd. Its loader may act before it.

    Boxes are ``x1, y1, x2, y2`` in pixels. The words for an outcome:

    - "trains": the model takes the box as it stands.
    - "no_effect": the box can never have a positive anchor; the loss is the one without it.
    - "dropped": the model leaves the box out.
    - "drops_image": the whole image teaches nothing.
    - "raises": the framework raises an error.
    - "nan": the loss becomes NaN or infinite.
    - "crashes": the process ends without an error that Python could catch.

    Parameters
    ----------
    zero_side : {"no_effect", "trains", "dropped", "raises", "nan"}
        A box with ``x2 == x1`` or ``y2 == y1``, and no side below 0.
    inverted : {"no_effect", "trains", "dropped", "raises", "nan"}
        A box with ``x2 < x1`` or ``y2 < y1``.
    not_finite : {"no_effect", "trains", "dropped", "drops_image", "raises", "nan", "crashes"}
        A box with a coordinate that is NaN or infinite, whichever is worse.
    outside : {"no_effect", "trains", "dropped", "raises", "nan"}
        A box of which nothing lies inside its image.
    zero_side_error, inverted_error, not_finite_error, outside_error : str
        The framework's own message, for reports; "" if it is unknown.
    least_side : float
        A box with a smaller side is dropped. 0: no limit.
    least_side_of : {"input", "image", "fraction"}
        `least_side` is in pixels of the network's input, in pixels of the original image, or a fraction of
        the input's width and height.
    least_side_inclusive : bool
        False: a box with a side of exactly that is dropped too.
    greatest_aspect : float
        A box whose longer side is more than so many times the shorter one is dropped. 0: no limit.
    greatest_aspect_inclusive : bool
        False: a box whose longer side is exactly so many times the shorter one is dropped too.
    most_labels : int
        The greatest number of boxes in an image. 0: no limit.
    beyond : {"dropped", "drawn", "raises"}
        Of more boxes, those after the first `most_labels` are dropped; as many are drawn at random each time;
        or the framework raises an error.
    beyond_error : str
        The message of that error.
    limits_by : {"model", "loader"}
        Who drops boxes by these limits: the model, or the framework's own loader. A loader that has resized
        them takes both sides, and their ratio, on the network's input.
    limits_in : {"float32", "float64"}
        Precision in which such a loader takes them.
    id_zero : {"class", "background", "reserved"}
        A box with class id 0 is an ordinary one; it is trained as background; or the framework raises an
        error.
    id_zero_error : str
        The message of that error.
    at_count, above_count : str
        What the model does with the first class id that is beyond its classes (`classes_end`), and with those
        above it: "raises"; trains the box as "background"; the box is "dropped"; "drops_image"; the class has
        "no_effect"; "" if unknown.
    above_count_error : str
        The message of the error for both.
    count_includes_background : bool
        The number of classes that the model is built with counts the background as one.
    types_that_raise, types_of_nan : tuple of str
        Types of numbers of boxes in memory, such as "float64", at which the framework raises an error, or
        its loss becomes NaN. Boxes in files have none.

    Raises
    ------
    ValueError
        If a limit is out of range, or if a key has no effect beside the others.

    Examples
    --------
    >>> labels = Labels(zero_side="nan", id_zero="background", count_includes_background=True)
    >>> labels.outcome("zero_side"), labels.outcome("id_zero"), labels.classes_end(21)
    ('nan', 'background', 21)
    """

    zero_side: Outcome = "no_effect"
    inverted: Outcome = "no_effect"
    not_finite: Literal[Outcome, "drops_image", "crashes"] = "no_effect"
    outside: Outcome = "no_effect"
    zero_side_error: str = ""
    inverted_error: str = ""
    not_finite_error: str = ""
    outside_error: str = ""
    least_side: float = 0.0
    least_side_of: Literal["input", "image", "fraction"] = "input"
    least_side_inclusive: bool = True
    greatest_aspect: float = 0.0
    greatest_aspect_inclusive: bool = True
    most_labels: int = 0
    beyond: Literal["dropped", "drawn", "raises"] = "dropped"
    beyond_error: str = ""
    limits_by: Literal["model", "loader"] = "model"
    limits_in: Literal["float32", "float64"] = "float32"
    id_zero: Literal["class", "background", "reserved"] = "class"
    id_zero_error: str = ""
    at_count: CountOutcome = ""
    above_count: CountOutcome = ""
    above_count_error: str = ""
    count_includes_background: bool = False
    types_that_raise: tuple[str, ...] = ()
    types_of_nan: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._check_limits()
        for name in ("zero_side", "inverted", "not_finite", "outside", "id_zero"):
            if getattr(self, f"{name}_error") and self.outcome(name) not in FATAL:
                raise ValueError(f"{name}_error has no effect: {name} is {getattr(self, name)!r}")
        if self.beyond_error and self.outcome("most_labels") != "raises":
            raise ValueError('beyond_error needs most_labels, and beyond = "raises"')
        if self.above_count_error and "raises" not in (self.at_count, self.above_count):
            raise ValueError('above_count_error needs at_count or above_count = "raises"')

    def _check_limits(self) -> None:
        most = 1 if self.least_side_of == "fraction" else LARGEST
        if not 0 <= self.least_side <= most:
            raise ValueError(f"least_side is {self.least_side:g}; it must be 0 to {most}")
        if self.least_side_of != "input" and not self.least_side:
            raise ValueError("least_side_of needs a least_side above 0")
        if self.least_side_inclusive < (not self.least_side):
            raise ValueError("least_side_inclusive needs a least_side above 0")
        if self.greatest_aspect_inclusive < (not self.greatest_aspect):
            raise ValueError("greatest_aspect_inclusive needs a greatest_aspect")
        if self.limits_by == "loader" and not any(getattr(self, rule) for rule in LIMITS):
            raise ValueError("limits_by needs a least_side, a greatest_aspect or most_labels")
        if self.limits_in != "float32" and self.limits_by != "loader":
            raise ValueError('limits_in needs limits_by = "loader"')
        if self.limits_by == "loader" and self.greatest_aspect and self.least_side_of != "input":
            raise ValueError('a greatest_aspect that the loader has needs least_side_of = "input"')
        if self.greatest_aspect and not 1 <= self.greatest_aspect <= LARGEST:
            raise ValueError(f"greatest_aspect is {self.greatest_aspect:g}; it must be 1 to {LARGEST}, or 0")
        if not 0 <= self.most_labels <= LARGEST:
            raise ValueError(f"most_labels is {self.most_labels}; it must be 0 to {LARGEST}")
        if self.beyond != "dropped" and not self.most_labels:
            raise ValueError("beyond needs most_labels above 0")

    @property
    def is_silent(self) -> bool:
        """Tell whether the block says nothing: every value is its default."""
        return self == Labels()

    def outcome(self, rule: str) -> str:
        """Return what happens to a box under one of `RULES`: one of `OUTCOMES`, "trains" if unknown."""
        if rule == "id_zero":
            return _OF_ID_ZERO[self.id_zero]
        if rule == "most_labels":
            return self.beyond if self.most_labels else "trains"
        if rule in ("least_side", "greatest_aspect"):
            return "dropped" if getattr(self, rule) else "trains"
        return str(getattr(self, rule)) or "trains"

    def error(self, rule: str) -> str:
        """Return the framework's own message for an outcome of `FATAL`; "" if it is unknown."""
        name = {"at_count": "above_count", "most_labels": "beyond"}.get(rule, rule)
        if rule not in RULES or self.outcome(rule) not in FATAL:
            return ""
        return str(getattr(self, f"{name}_error", ""))

    def of_type(self, kind: str) -> str:
        """Return what boxes of a type of numbers, such as "float64", lead to: "raises", "nan", or "trains".

        Examples
        --------
        >>> Labels(types_of_nan=("float16",)).of_type("float16")
        'nan'
        """
        if kind in self.types_that_raise:
            return "raises"
        return "nan" if kind in self.types_of_nan else "trains"

    def sentence(self, rule: str) -> str:
        """Say what the model does under one of `RULES`, with the framework's own message if it is known.

        Such as `a box without width or height makes the loss NaN or infinite`.
        """
        outcome = self.outcome(rule)
        does = (_OF_TOO_MANY if rule == "most_labels" else _DOES)[outcome]
        if rule in LIMITS and self.limits_by == "loader":
            does = does.replace("by the model", "by the loader")
        said = f"{_SUBJECTS[rule]} {does}".format(labels=self, least=self._least, **self._greatest)
        own = self.error(rule)
        if not own:
            return said
        return f"{said}: {own if own.endswith('...') else own.removesuffix('.')}"

    @property
    def _least(self) -> str:
        """The least side in words: `below 1 px of the input`."""
        units = {"input": " px of the input", "image": " px", "fraction": " of the input's"}
        text = f"{self.least_side:g}{units[self.least_side_of]}"
        return f"below {text}" if self.least_side_inclusive else f"of {text} or less"

    @property
    def _greatest(self) -> dict[str, str]:
        """The greatest aspect in words, what stands before and after `times as long as wide`."""
        if self.greatest_aspect_inclusive:
            return {"greatest": f"more than {self.greatest_aspect:g}", "or_more": ""}
        return {"greatest": f"{self.greatest_aspect:g}", "or_more": " or more"}

    def classes_end(self, count: int) -> int:
        """Return the first class id that is beyond the classes of a model.

        count: the number that the model is built with. Ids are those handed to it, so that those of a model
        with `id_zero = "class"` start at 0, and those of any other at 1.
        """
        return count - self.count_includes_background + (self.id_zero != "class")

    def __str__(self) -> str:
        if self.is_silent:
            return "nothing stated"
        said = [rule for rule in RULES if self.outcome(rule) not in ("trains", "no_effect")]
        return "; ".join(self.sentence(rule) for rule in said) or "odd boxes have no effect, or are trained"
