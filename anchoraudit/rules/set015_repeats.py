"""SET015: annotation file that repeats another one."""

from __future__ import annotations

from anchoraudit.rules._rule import Rule

RULE = Rule(
    code="SET015",
    severity="warning",
    title="annotation file that repeats another one",
    what=(
        "COCO: a file all of whose images are in another file of the same folder, with the same boxes, where "
        "the names do not say that one is for training and the other for evaluation. It is not counted. The "
        "same of JSON of labelling tools: a project beside what was exported from it. MOTChallenge: a "
        "sequence of MOT17 with the same annotations as that of another detector."
    ),
    why="Both are read as splits of one set, so that every image in both would count twice.",
    example="annotations/instances_val.json and annotations/instances_val_50.json, with 50 of its images",
    remedy="name the file that you train with, or choose it with --split; then it is read alone",
    scope="totals",
)
