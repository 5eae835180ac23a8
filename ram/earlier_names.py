"""Names that fields had in earlier versions, whose run folders, checkpoints and addresses are still read."""

from __future__ import annotations

from typing import Any

# Earlier names, and today's. The noise once moved from a start to an end: both must have the same value. A field
# without a name of today is gone: it must have been off.
_EARLIER: dict[str, str | None] = {
    "noise_start": "location_noise",
    "noise_end": "location_noise",
    "nonsense": "unreadable",
    "distillation": None,
}


def with_current_names(values: dict[str, Any]) -> dict[str, Any]:
    """Renames the fields that earlier versions called otherwise; leaves those that cannot be expressed today."""
    current = {name: value for name, value in values.items() if name not in _EARLIER}
    for earlier, name in _EARLIER.items():
        if earlier not in values:
            continue
        value = values[earlier]
        expressed = not value if name is None else current.setdefault(name, value) == value
        if not expressed:
            current[earlier] = value
    return current
