from tests.rule_cases import Case, Threshold, coco

RTMDET = "mmdet-rtmdet"
# At an input of 640 px, and images of 640 px: of 3x3 px between the points at 104 and 112, and around 104.
BETWEEN, AROUND, LARGE = (106, 138, 3, 3), (103, 143, 3, 3), (200, 200, 100, 100)


def with_areas(*boxes):
    """MMDetection's loader asks for the area of each."""
    return coco(*({"bbox": list(box), "area": box[2] * box[3]} for box in boxes))


CASE = Case(
    with_areas(BETWEEN, LARGE),
    [("a.json", "", "1 of 2 boxes has no point of mmdet-rtmdet inside, and is trained at a point elsewhere")],
    with_areas(AROUND, LARGE),
    detector=RTMDET,
)
THRESHOLD = Threshold(
    with_areas(BETWEEN, *((200 + i, 200, 100, 100) for i in range(3))), {"share": 0.3}, 1, 0, RTMDET
)
