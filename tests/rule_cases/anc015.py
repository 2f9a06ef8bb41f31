from tests.rule_cases import Case, Threshold, coco

YOLO11 = "ultralytics-yolo11-8.3"
# At an input of 640 px, and images of 640 px: of 3x3 px between the points at 100 and 108, and around 100.
BETWEEN, AROUND, LARGE = (102, 142, 3, 3), (99, 139, 3, 3), (200, 200, 100, 100)

CASE = Case(
    coco(BETWEEN, LARGE, AROUND),
    [("a.json", "", "1 of 3 boxes is never trained, in images that train: 1 has no point of ")],
    coco(AROUND, LARGE, AROUND),
    detector=YOLO11,
)
THRESHOLD = Threshold(
    coco(BETWEEN, *((200 + i, 200, 100, 100) for i in range(3))), {"share": 0.3}, 1, 0, YOLO11
)
