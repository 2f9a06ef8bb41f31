from tests.model_cases import Case
from tests.test_from_torchvision import FPN, MOBILE, faster_rcnn, fcos, retinanet

PACKAGE = "torchvision"
_NAMES = (
    "fasterrcnn_resnet50_fpn", "fasterrcnn_mobilenet_v3_large_320_fpn", "retinanet_resnet50_fpn",
)  # fmt: skip


def stand_ins():
    small = faster_rcnn(MOBILE, short=(320,), longest=640)
    return [
        Case("faster", faster_rcnn(FPN), "torchvision-fasterrcnn_resnet50_fpn"),
        Case("mobile", small, "torchvision-fasterrcnn_mobilenet_v3_large_320_fpn"),
        Case("retinanet", retinanet(), "torchvision-retinanet_resnet50_fpn"),
        Case("fcos", fcos(), "torchvision-fcos_resnet50_fpn"),
        Case("no strides", faster_rcnn(((16,),)), says="strides of 1 levels"),
    ]


def real():
    from torchvision.models import detection

    made = {
        name: getattr(detection, name)(weights=None, weights_backbone=None, num_classes=3) for name in _NAMES
    }
    return [Case(name, model, f"torchvision-{name}") for name, model in made.items()]
