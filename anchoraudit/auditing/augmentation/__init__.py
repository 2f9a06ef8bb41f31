"""The audit under random geometry: how likely an image is to end without foreground when it is augmented.

`spec` says which augmentation, `draws` what chance makes of each image, `sensitivity` what the encoder makes
of that.
"""
