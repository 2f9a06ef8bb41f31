"""PAR005: document type or entity declaration refused."""

from __future__ import annotations

from anchoraudit.rules._rule import Rule

RULE = Rule(
    code="PAR005",
    severity="error",
    title="document type or entity declaration refused",
    what="VOC: an XML file with `<!DOCTYPE ...>`. The file is not read.",
    why="Such declarations can expand without bound or name other files. Annotations need none.",
    example='<!DOCTYPE annotation [<!ENTITY a "aaaaaaaa">]>\n<annotation>&a;</annotation>',
    remedy="remove the `<!DOCTYPE ...>` from the file",
)
