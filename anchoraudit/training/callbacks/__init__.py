"""Callbacks for the training loops of frameworks. One module a framework, thin over `Monitor`.

A module is named after the package that it is for, and imports that package only when its class is asked for:
`from anchoraudit.training.callbacks.lightning import AnchorauditCallback`. Each takes what `Watcher` takes,
judges the batches of training, and none of evaluation; looks at losses before a weight changes, as far as the
framework lets it; and hands the shares of each epoch to the loggers that the framework has.
"""
