"""What a rule is: code, severity, page and check, in one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._context import Context, Hits
from anchoraudit.rules._totals import Counted

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
FAMILIES = {
    "RUN": "the framework's run",
    "BAT": "batches of a training loop",
    "PAR": "reading",
    "BOX": "boxes",
    "IMG": "images",
    "CLS": "classes",
    "SET": "the set as a whole",
    "ANC": "assignment",
}
Check = Callable[..., Sequence[Finding]]
Scope = Literal["rows", "names", "totals", "whole"]
OF_PARTS = ("rows", "names")  # scopes of rules whose findings in parts are those of the whole


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that can be wrong with a data set: its code, its severity, its page and its check.

    title: a few words. what: when it is reported. why: why it is bad. example: shown as written.
    remedy: what to do about it, as a phrase. check: called as `check(context, **parameters)`; None if the
    code that reads the files reports it. verdict: set if the rule reports all images with this verdict.
    parameters: its thresholds and their defaults; `what` explains each. needs_detector: the rule is about
    what a detector does with the data; without one it does not run. needs_image_files: what it finds follows
    from `context.image_files`, at which other rules of the family IMG may look, too. symptoms: the codes of
    rules whose findings follow from this fault; about the files that have it, they are left out. follow: the
    codes of rules about what a framework makes of it, whose remedy then is this one.

    scope: what the rule needs where a data set is audited in parts, each of some whole images. "rows": a
    finding follows from one image, its boxes and its file, so that the findings of the parts are those of the
    whole. "totals": the check looks at nothing of images and boxes but `context.totals`, and runs once, on
    the sum of the totals of all parts. "names": a finding follows from images of different splits whose files
    have the same name; all of these are in one part. "whole": nothing of these; `needs_whole` says why in a
    few words. count: what the rule itself adds to the totals, by name; called as `check` is, and read with
    `context.totals.of_rule(code)`. tentative: a check
    that finds further boxes or images, which count only where `tentative_if`, called like it, says so by the
    totals.
    """

    code: str
    severity: Severity
    title: str
    what: str
    why: str
    example: str
    remedy: str
    check: Check | None = None
    verdict: str = ""
    parameters: Mapping[str, float] = field(default_factory=dict)
    needs_detector: bool = False
    needs_image_files: bool = False
    symptoms: tuple[str, ...] = ()
    follow: tuple[str, ...] = ()
    scope: Scope = "rows"
    needs_whole: str = ""
    count: Callable[..., Counted] | None = None
    tentative: Callable[..., Hits] | None = None
    tentative_if: Callable[..., bool] | None = None

    def page(self) -> str:
        """Return the rule's page in Markdown. All rules have the same headings."""
        what = self.what
        if self.scope == "whole":
            where = "where a data set is audited in parts (`--engine`, `--memory`)"
            what += f"\n\nNot checked {where}: {self.needs_whole}."
        text = [f"# {self.code}: {self.title}", f"Severity: {self.severity}."]
        text += ["## What it does", what, "## Why it is bad", self.why]
        text += [
            "## Example",
            f"```\n{self.example.strip()}\n```",
            "## What to do instead",
            f"{self.sentence}",
        ]
        if self.parameters:
            rows = [f"- `{name}` = {value:g}" for name, value in self.parameters.items()]
            text += ["## Settings", f"Under `[rules.{self.code}]` of the settings file:", "\n".join(rows)]
        return "\n\n".join(text) + "\n"

    @property
    def sentence(self) -> str:
        """The remedy as a full sentence."""
        return f"{self.remedy[0].upper()}{self.remedy[1:]}."

    def found(self, context: Context, parameters: Mapping[str, float]) -> Sequence[Finding]:
        """Run the check with these thresholds in place of the defaults."""
        values = {**self.parameters, **parameters}
        found = () if self.check is None else self.check(context, **values)
        if self.tentative is None or not self.keeps_tentative(context, parameters):
            return found
        further = self.tentative(context, **values)
        if isinstance(found, Hits):
            return found.together_with(further)
        return found or further

    def found_in_part(self, context: Context, parameters: Mapping[str, float]) -> list[Sequence[Finding]]:
        """Run the check on a part of a data set. What is tentative is in a sequence of its own."""
        values = {**self.parameters, **parameters}
        found: list[Sequence[Finding]] = []
        if self.check is not None and self.scope in OF_PARTS:
            found.append(self.check(context, **values))
        if self.tentative is not None:
            found.append(self.tentative(context, **values).made_tentative())
        return found

    def keeps_tentative(self, context: Context, parameters: Mapping[str, float]) -> bool:
        """Tell whether what is tentative counts, by the totals."""
        return self.tentative_if is not None and self.tentative_if(
            context, **{**self.parameters, **parameters}
        )
