"""The audit of a data set under a detector: results, tables, augmentation, losses, risk, baseline."""
