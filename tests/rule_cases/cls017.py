from tests.rule_cases import OWN_DETECTOR, Case, named

OWN = OWN_DETECTOR.format(stride=16, shapes="[[74, 149]]")

CASE = Case(
    named("cat", "dog"),
    [("a.json", "", "own is built with 80 classes, and config.py lists 2 classes; some outputs are never")],
    named("cat", "dog"),
    own=f'{OWN}\n[classes]\nnames = ["cat", "dog"]\ncount = 80\nstated_in = "config.py"\n',
    but=f'{OWN}\n[classes]\nnames = ["cat", "dog"]\ncount = 2\n',
)
