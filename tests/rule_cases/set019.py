import io

import pandas as pd

from tests.rule_cases import Case


def shard(image):
    columns = {"image": [image], "label": "cat", "x1": 9.0, "y1": 9.0, "x2": 79.0, "y2": 99.0}
    data = io.BytesIO()
    pd.DataFrame({**columns, "width": 960, "height": 720}).to_parquet(data)
    return data.getvalue()


CASE = Case(
    {"0.parquet": shard("a"), "more/1.parquet": shard("b")},
    [("more", "", "1 Parquet file in this folder not read")],
    {"0.parquet": shard("a"), "split=more/1.parquet": shard("b"), "_more/2.parquet": shard("c")},
)
