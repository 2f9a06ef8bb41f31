from tests.rule_cases import Case, coco

QUERIES = """
name = "own"
resize = { kind = "stretch", width = 640, height = 640 }
match = { kind = "queries", queries = 3 }
loss = { normaliser = "batch_positives_or_one" }
"""
BOXES = [(100 * i, 100, 40, 40) for i in range(4)]

CASE = Case(
    coco(*BOXES),
    [("a.json", "images[0]", "4 boxes for 3 queries of own: 1 is lost at every step: image 1")],
    coco(*BOXES[:3]),
    own=QUERIES,
)
