"""PAR006: text in another encoding than declared."""

from __future__ import annotations

from anchoraudit.rules._rule import Rule

RULE = Rule(
    code="PAR006",
    severity="error",
    title="text in another encoding than declared",
    what=(
        "VOC: bytes that do not decode in the file's encoding, or an unknown encoding. Text formats: "
        "labels in UTF-16."
    ),
    why="Its text cannot be read without guessing.",
    example='<?xml version="1.0" encoding="utf-8"?>  (saved as Latin-1, with an umlaut in it)',
    remedy="save the file as UTF-8, or declare its encoding in the first line",
)
