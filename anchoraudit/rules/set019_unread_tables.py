"""SET019: tables beside the data set that were not read."""

from __future__ import annotations

from anchoraudit.dataset.findings import Finding
from anchoraudit.errors import printable
from anchoraudit.rules._context import Context
from anchoraudit.rules._rule import Rule


def check(context: Context) -> list[Finding]:
    """Report the folders with tables that were not read."""
    return [
        Finding(
            "SET019",
            f"{count:,} Parquet file{'s' * (count > 1)} in this folder not read",
            str(first.parent),
            evidence=f"{printable(first.name)}{', ...' * (count > 1)}",
            thing=f"folder {first.parent.name}",
        )
        for first, count in context.dataset.unread
    ]


RULE = Rule(
    code="SET019",
    severity="error",
    title="tables beside the data set that were not read",
    what=(
        "A folder of Parquet files that has more of them, with the columns of boxes, in a folder whose name "
        "is neither that of a split, nor `key=value`, nor ends in `.parquet`. Not looked for where a pattern "
        "names files. At an address, one level of folders is looked into, without those of images."
    ),
    why=(
        "pyarrow and pandas read a folder with all that is below it, Spark does not. If the training reads "
        "these files, their images are in no count of the report."
    ),
    example="shards/part-0.parquet beside shards/more/part-1.parquet",
    remedy=(
        "name what you mean by a pattern in quotes: 'shards/**/*.parquet' for all files, 'shards/*.parquet' "
        "for those in the folder itself"
    ),
    check=check,
    scope="totals",
)
