import math

import pytest
import torch
from torch import Generator, Tensor

from ram.calibration import apply_temperature, at_temperature, calibration_error, fit_temperature
from ram.config import RAMConfig
from ram.model import RAM


def answers(*confidences: float) -> Tensor:
    """Log-probabilities of three classes, the first of which is the answer."""
    return torch.tensor([[p, (1 - p) / 2, (1 - p) / 2] for p in confidences]).log()


def test_calibration_error_is_the_mean_gap_between_confidence_and_accuracy() -> None:
    # Bins are 1/15 wide: 0.90 and 0.92 fall into the 14th, 0.70 into the 11th.
    log_probs, labels = answers(0.90, 0.92, 0.92, 0.90, 0.70), torch.tensor([0, 0, 0, 1, 0])
    # The first: stated 0.91 on average, right in 3 of 4: 4 answers off by 0.16. The other: 1 answer off by 0.30.
    assert calibration_error(log_probs, labels) == pytest.approx(100 * (4 * 0.16 + 1 * 0.30) / 5, abs=1e-4)


def test_gaps_of_opposite_sign_cancel_only_within_a_bin() -> None:
    labels = torch.tensor([0, 1])
    assert calibration_error(answers(0.50, 0.50), labels) == pytest.approx(0, abs=1e-4)  # right one time of two
    # 0.40 was right, 0.60 wrong: both are off by 0.60.
    assert calibration_error(answers(0.40, 0.60), labels) == pytest.approx(60, abs=1e-4)


def test_whole_certainty_has_a_bin() -> None:
    certain = torch.tensor([[0.0, -math.inf, -math.inf]])
    assert calibration_error(certain, torch.tensor([0])) == 0
    assert calibration_error(certain, torch.tensor([2])) == 100


def test_temperature_divides_the_logits() -> None:
    # exp(log 4 / 2) = 2, and 2 : 1 are the probabilities 2/3 and 1/3.
    cooler = at_temperature(torch.tensor([[0.8, 0.2]]).log(), 2.0)
    assert cooler.exp().tolist() == [pytest.approx([2 / 3, 1 / 3])]


def test_fitted_temperature_makes_stated_probabilities_true() -> None:
    # It always says 0.9, but is right only in 3 of 4 cases: log 9 has to become log 3, which is half of it.
    log_probs = torch.tensor([[0.9, 0.1]]).log().repeat(4, 1)
    labels = torch.tensor([0, 0, 0, 1])
    temperature = fit_temperature(log_probs, labels)
    assert temperature == pytest.approx(2.0)
    assert calibration_error(log_probs, labels) == pytest.approx(15, abs=1e-4)
    assert calibration_error(at_temperature(log_probs, temperature), labels) == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize("truth", [0.4, 1.0, 2.5])
def test_temperature_of_known_logits_is_found(truth: float) -> None:
    generator = Generator().manual_seed(0)
    log_probs = (3 * torch.randn(20_000, 10, generator=generator)).log_softmax(dim=-1)
    labels = torch.multinomial(log_probs.exp(), 1, generator=generator).squeeze(dim=1)
    assert fit_temperature((log_probs * truth).log_softmax(dim=-1), labels) == pytest.approx(truth, rel=0.03)


def test_fitted_temperature_has_the_greatest_likelihood() -> None:
    generator = Generator().manual_seed(1)
    logits, labels = 5 * torch.randn(200, 4, generator=generator), torch.randint(4, (200,), generator=generator)
    labels[:150] = logits[:150].argmax(dim=-1)
    best = fit_temperature(logits.log_softmax(dim=-1), labels)

    def loss(temperature: float) -> float:
        return float(torch.nn.functional.cross_entropy(logits.double() / temperature, labels))

    assert loss(best) < min(loss(best * 0.99), loss(best * 1.01))


@pytest.mark.parametrize(("label", "end"), [(0, 0.05), (1, 20.0)])
def test_always_right_and_always_wrong_end_at_the_borders(label: int, end: float) -> None:
    assert fit_temperature(answers(0.9, 0.8), torch.tensor([label, label])) == pytest.approx(end)


def test_applied_temperature_reaches_every_probability_and_no_answer() -> None:
    torch.manual_seed(0)
    model = RAM(RAMConfig(num_glimpses=3, hidden_size=16, glimpse_hidden_size=8))
    images, first = torch.rand(20, 28, 28), torch.zeros(2)
    before = model.rollout(images, sample_locations=False, initial_location=first)
    apply_temperature(model, 0.25)
    after = model.rollout(images, sample_locations=False, initial_location=first)
    assert after.class_probs.allclose(at_temperature(before.class_probs.log(), 0.25).exp(), atol=1e-6)
    assert after.action.equal(before.action)
    assert after.locations.equal(before.locations)
    assert after.values.equal(before.values)
    assert after.logits.allclose(4 * before.logits)


@pytest.mark.parametrize("temperature", [0.0, -1.0, math.nan, math.inf])
def test_impossible_temperature_is_named(temperature: float) -> None:
    model = RAM(RAMConfig(num_glimpses=1, hidden_size=2, glimpse_hidden_size=2))
    with pytest.raises(ValueError, match=rf"^temperature={temperature!r} is not possible: it must be a positive"):
        apply_temperature(model, temperature)
