from ram.config import RAMConfig
from ram.presets import PRESETS


def test_shipped_model_is_the_specifications() -> None:
    assert PRESETS["mnist"].model == RAMConfig()
    assert PRESETS["mnist"].training.loss.baseline == "rollouts"


def test_every_preset_says_what_it_is() -> None:
    assert all(preset.title and preset.description for preset in PRESETS.values())
