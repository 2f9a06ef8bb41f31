"""Inside a training run: what a loop hands to its network, judged before, during and after.

`check` and `watch` pass once or several times over a loader without the network. `targets/` has one module
for each form in which frameworks hand over boxes, `samplers/` one for each order in which they hand out
images. torch is never imported here: what a training script hands over is looked at by its attributes.
"""
