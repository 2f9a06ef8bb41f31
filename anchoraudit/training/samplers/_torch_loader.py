"""What torch's own loader has, whatever its sampler draws from."""

from __future__ import annotations

from anchoraudit.training.samplers._run import Setting

PERSISTENT_WORKERS = Setting(
    "yes or no", False, "yes if the DataLoader has persistent_workers=True and num_workers above 0"
)
