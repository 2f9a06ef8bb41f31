"""The page: all parts of the report put into its template."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader
from markupsafe import Markup, escape

from anchoraudit.advice.advise import Advice
from anchoraudit.advice.compare import Compared
from anchoraudit.advice.rescue import Rescue
from anchoraudit.advice.trainability import best_known, trainability
from anchoraudit.auditing.audit import Audit
from anchoraudit.detectors import Detector
from anchoraudit.encoding.statuses import STATUSES
from anchoraudit.errors import inert, inert_json
from anchoraudit.loaders import PLAIN
from anchoraudit.report.html.figure import Table
from anchoraudit.report.html.figures import figures
from anchoraudit.report.html.findings import by_rule
from anchoraudit.report.html.gallery import MOST, gallery
from anchoraudit.report.html.head import data_name, head_html
from anchoraudit.report.html.maps import map_of
from anchoraudit.report.html.remedies import comparison, remedies
from anchoraudit.report.text.next_steps import after_scan
from anchoraudit.rules import Findings


@dataclass(frozen=True, slots=True)
class Page:
    """A page, by what is in it; the fields are the arguments of `report_html`."""

    audit: Audit
    options: Sequence[str]
    shown: Findings
    limit: int | None
    detectors: Sequence[Detector] | None
    names: Sequence[str]
    compared: Sequence[Compared]
    advice: Advice | Rescue | None

    def pieces(self) -> Iterator[str]:
        """Return the page in pieces."""
        environment = Environment(
            loader=PackageLoader("anchoraudit.report.html", "templates"),
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=_escaped,
        )
        environment.globals["source"] = lambda name: _source(environment, name)
        audit, options = self.audit, self.options
        drawn = list(figures(audit))
        pictures = gallery(audit, options, MOST if self.limit is None else min(self.limit, MOST))
        table = self._map()
        data: dict[str, Any] = {
            "map": table,
            "images": pictures["images"],
            "plots": [figure.plot() for figure in drawn],
        }
        compared: Table | None = comparison(self.compared) if self.compared else None
        return environment.get_template("report.html").generate(
            name=data_name(audit),
            head=Markup(_without_commands(head_html(audit, self._steps()))),
            judged=audit.replayed is not None,
            map=table,
            compared=compared,
            gallery=pictures,
            statuses=_statuses(pictures["images"]),
            has_anchors=any("best" in box for image in pictures["images"] for box in image["boxes"]),
            has_points=any(image["points"] for image in pictures["images"]),
            figures=drawn,
            findings=by_rule(audit, self.shown),
            remedies=None if self.advice is None else remedies(self.advice, options),
            plotly=Markup(_plotly()),
            data=Markup(script_json(data)),
        )

    def _steps(self) -> list[tuple[str, str]]:
        """Return what to do next; not to ask for the remedies that the report has."""
        steps = after_scan(self.audit, self.options)
        if self.advice is None:
            return steps
        return [(what, command) for what, command in steps if not command.startswith("anchoraudit advise ")]

    def _map(self) -> dict[str, Any]:
        """Return the trainability map; the audit's own detector gets the loader that it had."""
        audit = self.audit
        detectors = best_known(audit.replayed) if self.detectors is None else list(self.detectors)
        present = None if audit.replayed is None else audit.replayed.name
        own = PLAIN if audit.admitted is None else None
        if audit.loaded is not None:
            own = audit.loaded.loader
        found = trainability(
            audit.original,
            detectors,
            loaders=[own if detector.name == present else None for detector in detectors],
            files=audit.image_files,
            drop_difficult="--drop-difficult" in self.options,
        )
        return map_of(found, audit.original, self.options, present, self.names)


def _source(environment: Environment, name: str) -> Markup:
    """Return a file of the templates as it stands: style and script are no templates."""
    assert environment.loader is not None
    return Markup(environment.loader.get_source(environment, name)[0])


def _plotly() -> str:
    """Return Plotly's script, as its package has it."""
    from plotly.offline import get_plotlyjs

    text: str = get_plotlyjs()
    return text


def _statuses(images: Sequence[dict[str, Any]]) -> list[str]:
    """Return the statuses of boxes that occur in the gallery, in the usual order."""
    met = {box["status"] for image in images for box in image["boxes"]}
    return [status for status in (*STATUSES[1:], "usable", "unusable") if status in met]


def _escaped(value: Any) -> Any:
    """Return a text as HTML in which a log reads no command, in case the report is printed to one."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return Markup(_without_commands(str(escape(value))))


def _without_commands(html: str) -> str:
    return inert(html, "&#58;", "&#35;")


def script_json(value: Any) -> str:
    r"""Return a value as JSON that can stand in a `<script>`: nothing in it ends the element.

    Examples
    --------
    >>> script_json("</script>")
    '"\\u003c/script\\u003e"'
    """
    text = inert_json(json.dumps(value, separators=(",", ":"), allow_nan=False))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
