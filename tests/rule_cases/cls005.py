from tests.rule_cases import Case, named

CASE = Case(
    named("Traffic light", "traffic_light", "TRAFFIC-LIGHT ", "cat"),
    [
        (
            "a.json",
            "",
            "classes 'Traffic light' (1 box) and 'traffic_light' (1 box) and 'TRAFFIC-LIGHT ' (1",
        )
    ],
    named("traffic light", "traffic lights", "sign 1-1", "sign 11", "speed 3 0", "speed 30"),
)
