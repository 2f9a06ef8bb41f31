"""The audit under random geometry: how likely an augmented image is to have no foreground.

`spec` says which augmentation, `draws` applies it to each image at random, `sensitivity` audits the results.
"""
