"""What a rule is: code, severity, page and check, in one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from anchoraudit.dataset.findings import Finding
from anchoraudit.rules._context import Context

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
FAMILIES = {
    "RUN": "the framework's run",
    "PAR": "reading",
    "BOX": "boxes",
    "IMG": "images",
    "CLS": "classes",
    "SET": "the set as a whole",
    "ANC": "assignment",
}
Check = Callable[..., Sequence[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that can be wrong with a data set: its code, its severity, its page and its check.

    title: a few words. what: when it is reported. why: why it is bad. example: shown as written.
    remedy: what to do about it, as a phrase. check: called as `check(context, **parameters)`; None if the
    code that reads the files reports it. verdict: set if the rule reports all images with this verdict.
    parameters: its thresholds and their defaults; `what` explains each. needs_detector: the rule is about
    what a detector does with the data; without one it does not run. symptoms: the codes of rules whose
    findings follow from this fault; about the files that have it, they are left out. follow: the codes of
    rules about what a framework makes of it, whose remedy then is this one.
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
    symptoms: tuple[str, ...] = ()
    follow: tuple[str, ...] = ()

    def page(self) -> str:
        """Return the rule's page in Markdown. All rules have the same headings."""
        text = [f"# {self.code}: {self.title}", f"Severity: {self.severity}."]
        text += ["## What it does", self.what, "## Why it is bad", self.why]
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
        return () if self.check is None else self.check(context, **{**self.parameters, **parameters})
