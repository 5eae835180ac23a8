"""What the tests of `ram` share."""

from collections.abc import Iterator

import jaxtyping
import pytest
import torch

from ram.data.mnist import Digits, load_mnist
from ram.training.trainer import Trainer
from tests.ram.short_run import make_trainer, train


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def unchecked_signatures() -> Iterator[None]:
    """Switches the shape checker off, to see the library's own errors as its users do."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture(scope="session")
def training_digits() -> Digits:
    return load_mnist("train")


@pytest.fixture(scope="session")
def digits(training_digits: Digits) -> Digits:
    """A few, for short runs."""
    return training_digits.take(torch.arange(1000))


@pytest.fixture(scope="session")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory, digits: Digits) -> Trainer:
    """A short run from beginning to end."""
    trainer = make_trainer(tmp_path_factory.mktemp("runs") / "whole", digits)
    assert train(trainer) == "finished"
    return trainer
