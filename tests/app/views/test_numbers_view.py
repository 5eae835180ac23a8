"""What stands below the charts of a look."""

import pytest

from app.views.numbers_view import in_words
from ram.checkpoints import CheckpointInfo
from ram.config import RAMConfig

BARS = " The bars say how sure it would be if it stopped there: the largest class probability."
FORESEES = "The value foresees whether the answer after the last glimpse will be right."


def figure(mean: float) -> dict[str, object]:
    return {"mean": mean, "spread": 0.04, "per_seed": [mean] * 5}


@pytest.mark.parametrize(
    ("results", "gaze", "said"),
    [
        (
            {"test_error_mean": figure(0.43), "validation_error": 9.0},
            "mean",
            " The answer is right for 99.6 of 100 test digits, so there is little to foresee and the value is nearly "
            "flat.",
        ),
        (
            {"test_error_mean": figure(0.43), "test_error_sampled": figure(5.0)},
            "sampled",
            " The answer is right for 95.0 of 100 test digits.",
        ),
        ({"validation_error": 12.34}, "mean", " The answer is right for 87.7 of 100 validation digits."),
        ({"validation_error": 1.0}, "sampled", ""),
        ({}, "mean", ""),
    ],
)
def test_sentence_quotes_the_models_own_accuracy_with_such_a_gaze(
    results: dict[str, object], gaze: str, said: str
) -> None:
    assert in_words(CheckpointInfo(RAMConfig(), 28, {}, results), gaze) == FORESEES + said + BARS


def test_value_of_another_reward_is_not_called_a_probability() -> None:
    text = in_words(CheckpointInfo(RAMConfig(), 28, {"reward": "information"}, {}), "mean")
    assert text.startswith("The value is the expected information: how much of the information about the class")
    assert "This is not how likely the answer is to be right." in text
    assert text.endswith(BARS)
