"""The page: all parts of the report put into its template."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from anchoraudit.auditing.audit import Audit
from anchoraudit.encoding.causes import CAUSES
from anchoraudit.encoding.causes import MEANING as CAUSE_MEANING
from anchoraudit.encoding.statuses import STATUSES
from anchoraudit.report.html.figures import figures
from anchoraudit.report.html.findings import by_rule
from anchoraudit.report.html.gallery import MOST, gallery
from anchoraudit.report.html.head import data_name, head_html
from anchoraudit.report.text.next_steps import after_scan
from anchoraudit.rules import Findings


def page(audit: Audit, options: Sequence[str], shown: Findings, limit: int | None) -> Iterator[str]:
    """Return the page in pieces; the arguments are those of `report_html`."""
    environment = Environment(
        loader=PackageLoader("anchoraudit.report.html", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["source"] = lambda name: _source(environment, name)
    drawn = list(figures(audit))
    pictures = gallery(audit, options, MOST if limit is None else min(limit, MOST))
    data: dict[str, Any] = {
        "images": pictures["images"],
        "plots": [figure.plot() for figure in drawn],
    }
    return environment.get_template("report.html").generate(
        name=data_name(audit),
        head=Markup(head_html(audit, after_scan(audit, options))),
        judged=audit.replayed is not None,
        gallery=pictures,
        statuses=_statuses(pictures["images"]),
        causes={cause: CAUSE_MEANING[cause] for cause in CAUSES},
        figures=drawn,
        findings=by_rule(audit, shown),
        plotly=Markup(_plotly()),
        data=Markup(script_json(data)),
    )


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


def script_json(value: Any) -> str:
    r"""Return a value as JSON that can stand in a `<script>`: nothing in it ends the element.

    Examples
    --------
    >>> script_json("</script>")
    '"\\u003c/script\\u003e"'
    """
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
