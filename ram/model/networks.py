"""The networks of the specification, one class each. They accept any leading batch dimensions."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor, nn


class GlimpseNetwork(nn.Module):
    """Encodes what was seen, and where, into one feature vector (specification 2; paper section 4)."""

    def __init__(self, patch_features: int = 64, glimpse_hidden_size: int = 128, hidden_size: int = 256) -> None:
        super().__init__()
        self.glimpse_encoder = nn.Linear(patch_features, glimpse_hidden_size)
        self.location_encoder = nn.Linear(2, glimpse_hidden_size)
        self.combine = nn.Linear(2 * glimpse_hidden_size, hidden_size)

    def forward(
        self, glimpse_patch: Float[Tensor, "*batch features"], location: Float[Tensor, "*batch 2"]
    ) -> Float[Tensor, "*batch hidden"]:
        """Returns the non-negative glimpse feature."""
        # In place, here and in the core: memory that was just written is still in the processor's cache.
        what = self.glimpse_encoder(glimpse_patch).relu_()
        where = self.location_encoder(location).relu_()
        return self.combine(torch.cat([what, where], dim=-1)).relu_()


class LSTMState(NamedTuple):
    """The state that an LSTM core carries from glimpse to glimpse."""

    hidden: Float[Tensor, "*batch hidden"]
    cell: Float[Tensor, "*batch hidden"]


class CoreNetwork(nn.Module):
    """Carries the memory from glimpse to glimpse (specification 3).

    The simple core computes h_t = ReLU(Linear(h_{t-1}) + Linear(g_t)). With `use_lstm` it is an
    `nn.LSTM`, and the state is an `LSTMState` instead of a tensor.
    """

    def __init__(self, hidden_size: int = 256, use_lstm: bool = False) -> None:
        super().__init__()
        self.hidden_size = hidden_size
        self.use_lstm = use_lstm
        if use_lstm:
            self.lstm = nn.LSTM(hidden_size, hidden_size)
        else:
            self.hidden_linear = nn.Linear(hidden_size, hidden_size)
            self.input_linear = nn.Linear(hidden_size, hidden_size)

    def forward(
        self, glimpse_feature: Float[Tensor, "*batch hidden"], hidden_state: Tensor | LSTMState | None = None
    ) -> Tensor | LSTMState:
        """Returns the new state; without a previous state the memory starts at zero."""
        if self.use_lstm:
            # nn.LSTM wants one time and one batch dimension; here one call is one step.
            flat = (1, -1, self.hidden_size)
            state = None if hidden_state is None else (hidden_state[0].reshape(flat), hidden_state[1].reshape(flat))
            step = self._cell if glimpse_feature.is_cuda else self.lstm
            _, (hidden, cell) = step(glimpse_feature.reshape(flat), state)
            return LSTMState(hidden.reshape(glimpse_feature.shape), cell.reshape(glimpse_feature.shape))
        if isinstance(hidden_state, LSTMState):
            raise TypeError("hidden_state is an LSTMState, but this core is a simple RNN: pass a tensor")
        new = self.input_linear(glimpse_feature)
        # A linear map of a zero memory is its bias.
        old = self.hidden_linear.bias.to(new.dtype) if hidden_state is None else self.hidden_linear(hidden_state)
        return new.add_(old).relu_()

    def _cell(
        self, feature: Float[Tensor, "1 batch hidden"], state: tuple[Tensor, Tensor] | None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """What `nn.LSTM` computes for one step, without its preparations, which a GPU takes longer for."""
        memory = (torch.zeros_like(feature[0]),) * 2 if state is None else (state[0][0], state[1][0])
        weights = (weight for layer in self.lstm.all_weights for weight in layer)  # to input and hidden, then biases
        hidden, cell = torch.lstm_cell(feature[0], memory, *weights)
        return hidden, (hidden, cell)


class LocationSample(NamedTuple):
    """The next location, and the log-probability with which the policy chose it."""

    location: Float[Tensor, "*batch 2"]
    """(x, y) in [-1, 1], without gradient."""
    log_prob: Float[Tensor, "*batch"]
    """Log-density of the sample before it was clamped."""


class LocationNetwork(nn.Module):
    """The location policy: a Gaussian of fixed standard deviation around a learned mean (specification 4)."""

    def __init__(self, hidden_size: int = 256, location_std: float = 0.2) -> None:
        super().__init__()
        self.location_std = location_std
        self.linear = nn.Linear(hidden_size, 2)

    def forward(
        self, hidden_state: Float[Tensor, "*batch hidden"], generator: Generator | None = None
    ) -> LocationSample:
        """Samples the next location."""
        mean = self.mean(hidden_state)
        noise = torch.randn(mean.shape, generator=generator, device=mean.device, dtype=mean.dtype)
        sample = mean.detach() + self.location_std * noise
        return LocationSample(sample.clamp(-1, 1), self.log_prob(sample, mean))

    def mean(self, hidden_state: Float[Tensor, "*batch hidden"]) -> Float[Tensor, "*batch 2"]:
        """The (x, y) in (-1, 1) around which the policy samples."""
        return torch.tanh(self.linear(hidden_state))

    def log_prob(
        self,
        sample: Float[Tensor, "*batch 2"],
        mean: Float[Tensor, "*batch 2"],
        location_std: float | None = None,
    ) -> Float[Tensor, "*batch"]:
        """Log-density of an unclamped sample; its gradient reaches the mean alone.

        The clamped location would be the wrong thing to score: the density belongs to the value that
        the Gaussian produced, and clamping is part of the environment (paper section 3.2).
        """
        std = self.location_std if location_std is None else location_std
        deviation = (sample.detach() - mean) / std
        return (-0.5 * deviation.square() - math.log(std) - 0.5 * math.log(2 * math.pi)).sum(dim=-1)


class ValueNetwork(nn.Module):
    """Estimates the expected reward from the hidden state: the baseline (specification 5)."""

    def __init__(self, hidden_size: int = 256) -> None:
        super().__init__()
        self.linear = nn.Linear(hidden_size, 1)

    def forward(self, hidden_state: Float[Tensor, "*batch hidden"]) -> Float[Tensor, "*batch"]:
        """Returns the estimate, one number for each hidden state."""
        return self.linear(hidden_state).squeeze(dim=-1)


class ActionSample(NamedTuple):
    """A classification."""

    logits: Float[Tensor, "*batch classes"]
    probs: Float[Tensor, "*batch classes"]
    action: Int[Tensor, "*batch"]
    """The sampled class."""
    log_prob: Float[Tensor, "*batch"]
    """Log-probability of the sampled class."""


class ActionNetwork(nn.Module):
    """Classifies the image from the hidden state (specification 6)."""

    def __init__(self, hidden_size: int = 256, num_actions: int = 10) -> None:
        super().__init__()
        self.linear = nn.Linear(hidden_size, num_actions)

    def forward(self, hidden_state: Float[Tensor, "*batch hidden"], generator: Generator | None = None) -> ActionSample:
        """Reads the class probabilities and samples a class from them."""
        logits = self.logits(hidden_state)
        log_probs = torch.log_softmax(logits, dim=-1)
        probs = log_probs.exp()
        flat = torch.multinomial(probs.reshape(-1, probs.shape[-1]), num_samples=1, generator=generator)
        action = flat.reshape(probs.shape[:-1])
        log_prob = log_probs.gather(-1, action[..., None]).squeeze(dim=-1)
        return ActionSample(logits, probs, action, log_prob)

    def logits(self, hidden_state: Float[Tensor, "*batch hidden"]) -> Float[Tensor, "*batch classes"]:
        """The unnormalised log-probabilities of the classes."""
        return self.linear(hidden_state)
