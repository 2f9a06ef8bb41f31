"""PAR001: file cannot be read."""

from __future__ import annotations

from anchoraudit.rules._rule import Rule

RULE = Rule(
    code="PAR001",
    severity="error",
    title="file cannot be read",
    what=(
        "VOC: an XML file that is empty, truncated or not well-formed (line and column are given). VOC "
        "and YOLO: an annotation or a split list that is a folder, a broken link, not text, or not "
        "readable. Its image counts neither as annotated nor as blank. The same is true of other formats "
        "with a text file for each image, also where a pointer of Git LFS lies in place of the file. Tables: "
        "one of several Parquet files that is none, or has other columns than the first; among them, a link "
        "to nothing, a folder that cannot be listed, and an empty folder `x.parquet/`. JSON of labelling "
        "tools and CVAT: one of several files that is not valid JSON or XML, is a pointer of Git LFS, or a "
        "web page."
    ),
    why="Its images and boxes are missing from the audit, and from training.",
    example="<annotation>\n  <object>\n    <name>cat</na",
    remedy="fix or remove the file, then scan again",
)
