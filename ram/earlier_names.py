"""Names that fields had in earlier versions, whose run folders, checkpoints and addresses are still read."""

from __future__ import annotations

from typing import Any

# Earlier names, and today's. The noise once moved from a start to an end: both must have the same value.
_EARLIER = {"noise_start": "location_noise", "noise_end": "location_noise", "nonsense": "unreadable"}
# Fields that are gone, and the values that switched them off.
_GONE = {"distillation": 0, "finish": 0, "finishes": 1, "finish_spread": 0}


def with_current_names(values: dict[str, Any]) -> dict[str, Any]:
    """Renames the fields that earlier versions called otherwise; leaves those that cannot be expressed today."""
    current = {
        name: value
        for name, value in values.items()
        if name not in _EARLIER and not (name in _GONE and value == _GONE[name])
    }
    for earlier, name in _EARLIER.items():
        if earlier in values and current.setdefault(name, values[earlier]) != values[earlier]:
            current[earlier] = values[earlier]
    return current
