import math

import pytest
import torch
from torch import Tensor, nn

from ram.averaging import WeightAverage, cycle_at, learning_rate

AT_ONCE = 10**9  # a step so late that the average over steps follows by its decay alone


class One(nn.Module):
    """A model of one weight."""

    def __init__(self, weight: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([weight]))

    def become(self, weight: float) -> None:
        with torch.no_grad():
            self.weight.fill_(weight)


def value(average: WeightAverage) -> float:
    return average.mean()["weight"].item()


def test_learning_rate_rises_linearly_and_falls_as_a_cosine() -> None:
    # Half-way through the first tenth; its end; half-way through the rest; the end
    assert [learning_rate(p, 0.1) for p in (0.0, 0.05, 0.1, 0.55, 1.0)] == pytest.approx([0.0, 0.5, 1.0, 0.5, 0.0])
    assert learning_rate(0.325, 0.1) == pytest.approx(0.5 * (1 + math.cos(math.pi / 4)))  # a quarter of the rest


def test_cycles_after_the_first_share_half_of_the_run_and_rise_half_as_high() -> None:
    # Three cycles: [0, 0.5), [0.5, 0.75), [0.75, 1]
    assert [cycle_at(p, 3) for p in (0.0, 0.25, 0.5, 0.625, 0.75, 1.0)] == [
        (0, 0.0),
        (0, 0.5),
        (1, 0.0),
        (1, 0.5),
        (2, 0.0),
        (2, 1.0),
    ]
    rates = [learning_rate(p, 0.5, 3) for p in (0.25, 0.375, 0.4999999, 0.5, 0.5625, 0.625, 0.6875, 0.875, 1.0)]
    assert rates == pytest.approx([1.0, 0.5, 0.0, 0.0, 0.25, 0.5, 0.25, 0.5, 0.0], abs=1e-6)


def test_single_cycle_takes_the_whole_run() -> None:
    assert [cycle_at(p, 1) for p in (0.0, 0.5, 1.0)] == [(0, 0.0), (0, 0.5), (0, 1.0)]


def test_average_over_steps_follows_quickly_at_first() -> None:
    model = One(11.0)
    average = WeightAverage(model, 0.9, 1)
    model.become(0.0)
    average.update(1, 0.1)  # after step n the average keeps (1 + n) / (10 + n) of itself
    assert value(average) == pytest.approx(11 * 2 / 11)
    model.become(4.0)
    average.update(2, 0.2)
    assert value(average) == pytest.approx(2 * 3 / 12 + 4 * 9 / 12)
    average.update(AT_ONCE, 0.3)
    assert value(average) == pytest.approx(3.5 * 0.9 + 4 * 0.1)


def test_average_over_steps_can_be_switched_off() -> None:
    model = One(1.0)
    average = WeightAverage(model, 0.0, 1)
    model.become(5.0)
    average.update(1, 0.5)
    assert value(average) == 5.0


def test_ends_of_all_cycles_but_the_first_are_averaged() -> None:
    model = One(0.0)
    average = WeightAverage(model, 0.0, 4)  # the later cycles end at 2/3, 5/6 and 1
    means = []
    for progress, weight in ((0.4, 100), (0.6, 1), (0.7, 5), (0.8, 3), (0.9, 2), (1.0, 8)):
        model.become(weight)
        average.update(1, progress)
        means.append(value(average))
    # Ends: 1 at two thirds, 3 at five sixths, 8 at the end; what is on its way counts as its cycle's end.
    assert means == pytest.approx([100, 1, (1 + 5) / 2, (1 + 3) / 2, (1 + 3 + 2) / 3, (1 + 3 + 8) / 3])


def test_average_goes_on_from_where_it_was_saved() -> None:
    model = One(0.0)
    average, restored = WeightAverage(model, 0.5, 4), WeightAverage(model, 0.5, 4)
    for progress, weight in ((0.6, 1), (0.7, 5)):
        model.become(weight)
        average.update(AT_ONCE, progress)
    saved = average.state_dict()
    restored.load_state_dict({name: weight.clone() for name, weight in saved.items()})
    assert value(restored) == value(average)
    for one in (average, restored):
        one.update(AT_ONCE, 0.9)
    assert value(restored) == value(average) != value(WeightAverage(model, 0.5, 4))


@pytest.mark.parametrize("damage", [{}, {"0.weight": torch.zeros(1), "1.other": torch.zeros(1)}])
def test_what_was_not_saved_by_it_is_refused(damage: dict[str, Tensor]) -> None:
    with pytest.raises((KeyError, ValueError)):
        WeightAverage(One(0.0), 0.5, 4).load_state_dict(damage)
