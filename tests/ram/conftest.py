"""What the tests of `ram` share."""

from collections.abc import Iterator

import jaxtyping
import pytest
import torch

from ram.data import Digits, load_mnist


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
