"""Anchors chosen by what the encoder does with them, not by how well their shapes fit the boxes.

A box can fit an anchor and still not be matched: it lies badly on the grid, it lies at the edge, or its best
IoU stays just below the threshold. So the search minimises, in this order, the images without foreground, the
boxes that no anchor matches, and 1 - mean IoU, under the detector's own grid, border and threshold. It starts
from the clustering by IoU and never ends worse.
"""
