"""The data set: its columns, findings, label policy, where an entry stands, boxes that stand twice."""
