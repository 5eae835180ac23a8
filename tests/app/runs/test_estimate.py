import pytest

from app.runs.estimate import briefly, in_words, training_seconds
from ram.config import RAMConfig, TrainConfig
from ram.training.run_folder import RunConfig


def config(model: RAMConfig | None = None, **training: int | float) -> RunConfig:
    return RunConfig("mnist", model or RAMConfig(), TrainConfig.of(**training))


def test_time_budget_is_the_estimate() -> None:
    assert training_seconds(config(minutes=2.5)) == 150


def test_more_work_takes_longer() -> None:
    usual = training_seconds(config(epochs=10))
    # The five early measurements come once: twice the epochs are a little less than twice the time.
    assert 1.9 * usual < training_seconds(config(epochs=20)) < 2 * usual
    assert training_seconds(config(epochs=10), with_drawings=True) > 1.3 * usual
    assert training_seconds(config(RAMConfig(num_glimpses=12), epochs=10)) == pytest.approx(2 * usual)
    assert training_seconds(config(RAMConfig(hidden_size=512), epochs=10)) > 2 * usual
    assert training_seconds(config(image_size=100, epochs=10)) > 1.1 * usual


@pytest.mark.parametrize(
    ("seconds", "words", "brief"),
    [
        (1, "1 second", "1 s"),
        (40.4, "40 seconds", "40 s"),
        (300, "5 minutes", "5:00 min"),
        (119.7, "2 minutes", "2:00 min"),
        (3599.8, "60 minutes", "1:00 h"),
        (3700, "62 minutes", "1:02 h"),
        (7199, "2 hours", "2:00 h"),
        (9000, "2.5 hours", "2:30 h"),
    ],
)
def test_durations_are_said_as_one_says_them(seconds: float, words: str, brief: str) -> None:
    assert in_words(seconds) == words
    assert briefly(seconds) == brief
