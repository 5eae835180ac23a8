import pytest

from ram.config import RAMConfig
from ram.presets import PRESETS, Preset


def test_shipped_model_is_the_specifications() -> None:
    assert PRESETS["mnist"].model == RAMConfig()
    assert PRESETS["mnist"].training.loss.baseline == "rollouts"


def test_every_preset_says_what_it_is() -> None:
    assert all(preset.title and preset.description for preset in PRESETS.values())


@pytest.mark.parametrize("preset", PRESETS.values(), ids=list(PRESETS))
def test_caption_that_promises_a_result_says_about_and_where(preset: Preset) -> None:
    if "of 100" in preset.description or "%" in preset.description:
        assert "about" in preset.description
        assert "cores" in preset.description
