from tests.loader_cases import NAN, NO_BOX, Box, Picture, case, data


def cases():
    hostile = data(Box(*NO_BOX), Box(-5, 50, 5, 5, crowd=True), images=(Picture(NAN, NAN), Picture()))
    yield case("none", hostile, [0, 1], [0, 1])
    yield case("none", data(Box(0, 0, 9, 9, difficult=True), format="voc"), [0], [0])
