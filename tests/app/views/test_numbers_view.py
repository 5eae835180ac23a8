"""What stands below the charts of a look."""

import dataclasses

import numpy as np
import pytest

from app.look.scene import Scene
from app.views.numbers_view import in_words
from ram.checkpoints import CheckpointInfo
from ram.config import RAMConfig

SCENE = Scene(
    image=np.zeros((28, 28), np.float32),
    locations=np.zeros((1, 2), np.float32),
    location_means=np.zeros((1, 2), np.float32),
    location_std=0.0,
    corners=np.zeros((1, 1, 2), int),
    patches=np.zeros((1, 1, 8, 8), np.float32),
    values=np.array([0.9], np.float32),
    class_probs=np.array([[0.25, 0.75]], np.float32),
    model="test",
    settings={"gaze": "mean"},
)
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
    scene = dataclasses.replace(SCENE, settings={"gaze": gaze})
    assert in_words(scene, CheckpointInfo(RAMConfig(), 28, {}, results)) == FORESEES + said + BARS


def test_without_the_models_file_only_the_definition_is_said() -> None:
    assert in_words(SCENE, None) == FORESEES + BARS


def test_value_of_another_reward_is_not_called_a_probability() -> None:
    text = in_words(dataclasses.replace(SCENE, reward="information"), None)
    assert text.startswith("The value is the expected information: how much of the information about the class")
    assert "This is not how likely the answer is to be right." in text
    assert text.endswith(BARS)
