"""Anchors chosen by what the encoder does with them, not by how alike their shapes are to the boxes'.

A box can fit an anchor and still not be matched: for its place on the grid, at the edge, or because its best
IoU stays just below the threshold. So the anchors here minimise, in this order, the images whose foreground
mask ends empty, the boxes that no anchor matches, and 1 - mean IoU, under the detector's own grid, border and
threshold. The search starts from the clustering by IoU and never ends worse.
"""
