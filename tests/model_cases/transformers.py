from tests.model_cases import Case, of

PACKAGE = "transformers"
_NAMES = (
    "Detr", "ConditionalDetr", "DeformableDetr", "DabDetr", "RTDetr", "RTDetrV2", "DFine", "Yolos",
    "TableTransformer", "RfDetr", "LwDetr",
)  # fmt: skip


class Config:
    """As PretrainedConfig: `to_dict` has the defaults too."""

    def __init__(self, model_type, **values):
        self.model_type, self._name_or_path = model_type, ""
        self.values = {"id2label": {0: "LABEL_0", 1: "LABEL_1"}, "num_queries": 300, **values}

    def to_dict(self):
        return {"model_type": self.model_type, **self.values}


def config(model_type, **values):
    kind = type("SomeConfig", (Config,), {"__module__": "transformers.models.some.configuration_some"})
    return kind(model_type, **values)


def model(config, name="SomeForObjectDetection"):
    return of("transformers.models.some.modeling_some", name, "PreTrainedModel", config=config)


def stand_ins():
    detr = config("detr", num_queries=100, id2label={0: "cat", 1: "dog"})
    return [
        Case("detr", model(detr), detr, "The size is that of the image processor"),
        Case("rt-detr", model(config("rt_detr")), config("rt_detr")),
        Case("texts", model(config("owlvit")), says="'owlvit' is not replayed: its classes are texts"),
        Case("queries", config("detr", num_queries="many"), says="SomeConfig, num_queries"),
    ]


def real():
    import tempfile
    from pathlib import Path

    import torch
    import transformers

    cases = []
    for name in _NAMES:
        made = getattr(transformers, f"{name}Config")()
        folder = Path(tempfile.mkdtemp())
        made.save_pretrained(folder)
        with torch.device("meta"):
            network = getattr(transformers, f"{name}ForObjectDetection")(made)
        cases += [Case(name, made, folder / "config.json"), Case(f"{name} built", network, made)]
    return [*cases, Case("owlvit", transformers.OwlViTConfig(), says="its classes are texts")]
