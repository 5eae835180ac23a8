"""The Recurrent Attention Model: one loop over glimpses that forward, rollout and training share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Generator, Tensor, nn

from ram.config import RAMConfig
from ram.model.inputs import Place, as_batch, as_forced, as_locations
from ram.model.networks import (
    ActionNetwork,
    CoreNetwork,
    GlimpseNetwork,
    LocationNetwork,
    LSTMState,
    ValueNetwork,
)
from ram.model.sensor import GlimpseSensor


class Episode(NamedTuple):
    """The record of one pass of the step loop, time first, for losses and read-outs."""

    locations: Float[Tensor, "glimpses batch 2"]
    """Locations of the glimpses, (x, y) in [-1, 1], without gradient; the first is the initial location."""
    location_means: Float[Tensor, "glimpses batch 2"]
    """The policy's mean for each location; for the first, which no policy chose, the location itself."""
    location_log_probs: Float[Tensor, "moves batch"]
    """Log-densities of the unclamped samples; one fewer than glimpses."""
    patches: list[Float[Tensor, "batch scales glimpse glimpse"]]
    """One for each glimpse, not stacked: they are large, and training does not need them."""
    hidden_states: list[Float[Tensor, "batch hidden"]]
    """One for each glimpse, not stacked: training reads the last, and its gradient would pass through the stack."""
    cells: list[Float[Tensor, "batch hidden"]]
    """The LSTM's cell states in the same order; empty for the simple RNN, which has none."""

    def part(self, which: slice) -> Episode:
        """Some episodes of the batch."""
        stacked = (each[:, which] for each in (self.locations, self.location_means, self.location_log_probs))
        listed = ([each[which] for each in steps] for steps in (self.patches, self.hidden_states, self.cells))
        return Episode(*stacked, *listed)  # type: ignore[arg-type]


class Rollout(NamedTuple):
    """Everything that a viewer shows of an episode. For one image the dimension `*batch` is absent."""

    locations: Float[Tensor, "*batch glimpses 2"]
    """Locations of the glimpses, (x, y) in [-1, 1]; the first is the initial location."""
    location_means: Float[Tensor, "*batch glimpses 2"]
    """The policy's mean for each location; for the first, which no policy chose, the location itself."""
    location_log_probs: Float[Tensor, "*batch moves"]
    """Log-densities of the unclamped samples; one fewer than glimpses."""
    patches: Float[Tensor, "*batch glimpses scales glimpse glimpse"]
    """The patches, finest scale first, grey levels in [0, 1]."""
    values: Float[Tensor, "*batch glimpses"]
    """The value network's estimate of the reward after each glimpse."""
    class_probs: Float[Tensor, "*batch glimpses classes"]
    """The action network read after every glimpse; the last row is the answer."""
    logits: Float[Tensor, "*batch classes"]
    """The action network's logits after the last glimpse."""
    action: Int[Tensor, "*batch"]
    """The most probable class after the last glimpse."""
    action_log_prob: Float[Tensor, "*batch"]
    """Log-probability of `action`."""
    hidden_state: Float[Tensor, "*batch hidden"]
    """The final hidden state."""

    def single(self) -> Rollout:
        """The only episode of a batch of one."""
        return Rollout(*(field.squeeze(dim=0) for field in self))


class RAM(nn.Module):
    """The Recurrent Attention Model of Mnih et al. (2014), as the specification defines it.

    Args:
        config: the architecture; the specification's defaults when absent.
    """

    def __init__(self, config: RAMConfig | None = None) -> None:
        super().__init__()
        self.config = config = RAMConfig() if config is None else config
        if not isinstance(config, RAMConfig):
            raise TypeError(f"config={config!r} must be a RAMConfig")
        self.glimpse_sensor = GlimpseSensor(config.glimpse_size, config.num_scales)
        self.glimpse_network = GlimpseNetwork(config.patch_features, config.glimpse_hidden_size, config.hidden_size)
        self.core_network = CoreNetwork(config.hidden_size, config.use_lstm)
        self.location_network = LocationNetwork(config.hidden_size, config.location_std)
        self.value_network = ValueNetwork(config.hidden_size)
        self.action_network = ActionNetwork(config.hidden_size, config.num_actions)

    def forward(
        self, images: Float[Tensor, "*batch height width"], *, generator: Generator | None = None
    ) -> dict[str, Tensor]:
        """Runs one sampled episode per image and returns the specification's six keys.

        Args:
            images: one image (H, W) or a batch (B, H, W), floating point, in [0, 1].
            generator: source of the initial locations, the sampled locations and the sampled actions, on
                the images' device; PyTorch's global one when absent.

        Returns:
            For one image, with G glimpses: `actions` (1,), `locations` (G-1, 2), `location_log_probs`
            (G-1,), `action_log_probs` (1,), `values` (G,) and `hidden_state` (hidden_size,). For a
            batch, the same with B in front. As the specification says, the locations are the sampled
            ones, without the initial location, and the action is sampled too; `rollout` gives the most
            probable one.

        Raises:
            ValueError: the images are not of that shape, kind or range.
        """
        batch = as_batch(images, self.value_network.linear.weight.dtype)
        episode = self.episode(batch, generator=generator)
        action = self.action_network(episode.hidden_states[-1], generator)
        output = {
            "actions": action.action[:, None],
            "locations": episode.locations[1:].transpose(0, 1),
            "location_log_probs": episode.location_log_probs.transpose(0, 1),
            "action_log_probs": action.log_prob[:, None],
            "values": self.values(episode).transpose(0, 1),
            "hidden_state": episode.hidden_states[-1],
        }
        if images.dim() == 2:
            return {key: value.squeeze(dim=0) for key, value in output.items()}
        return output

    def rollout(
        self,
        images: Float[Tensor, "*batch height width"],
        *,
        sample_locations: bool = True,
        initial_location: Float[Tensor, "*start 2"] | None = None,
        forced_locations: Mapping[int, Place] | None = None,
        generator: Generator | None = None,
    ) -> Rollout:
        """Records one episode per image with everything a viewer needs.

        Args:
            images: one image (H, W) or a batch (B, H, W), floating point, in [0, 1].
            sample_locations: look at samples of the location policy; if False, at its means.
            initial_location: the first (x, y) in [-1, 1], one for all images (2,) or one each (B, 2);
                uniformly random when absent.
            forced_locations: where glimpses look instead of where the policy would, by their index, from 0: (x, y)
                in [-1, 1], one for all images (2,) or one each (B, 2). `location_means` still says where the
                policy would have looked, and `location_log_probs` how likely it was to look there. What is random
                is drawn as without them.
            generator: as for `forward`.

        Raises:
            ValueError: the images or a location are not of that shape, kind or range, or there is no such glimpse.
        """
        batch = as_batch(images, self.value_network.linear.weight.dtype)
        episode = self.episode(
            batch,
            sample_locations=sample_locations,
            initial_location=None if initial_location is None else as_locations(initial_location, batch),
            forced_locations=as_forced(forced_locations, self.config.num_glimpses, batch),
            generator=generator,
        )
        recorded = self.read_out(episode)
        return recorded.single() if images.dim() == 2 else recorded

    def read_out(self, episode: Episode) -> Rollout:
        """What the networks read in the memory after every glimpse, beside where it looked."""
        class_logits = self.action_network.logits(torch.stack(episode.hidden_states))
        log_probs = torch.log_softmax(class_logits, dim=-1)
        action_log_prob, action = log_probs[-1].max(dim=-1)
        return Rollout(
            locations=episode.locations.transpose(0, 1),
            location_means=episode.location_means.transpose(0, 1),
            location_log_probs=episode.location_log_probs.transpose(0, 1),
            patches=torch.stack(episode.patches, dim=1),
            values=self.values(episode).transpose(0, 1),
            class_probs=log_probs.exp().transpose(0, 1),
            logits=class_logits[-1],
            action=action,
            action_log_prob=action_log_prob,
            hidden_state=episode.hidden_states[-1],
        )

    def episode(
        self,
        images: Float[Tensor, "batch height width"],
        *,
        rollouts: int = 1,
        sample_locations: bool = True,
        initial_location: Float[Tensor, "episodes 2"] | None = None,
        noise: Float[Tensor, "moves episodes 2"] | None = None,
        forced_locations: Mapping[int, Float[Tensor, "episodes 2"]] | None = None,
        location_std: float | None = None,
        generator: Generator | None = None,
    ) -> Episode:
        """Draws everything random that is not given, and walks through all glimpses.

        Unlike forward and rollout, it does not check its input. The episodes of one image stand side by side: episode
        i looks at image i // rollouts. `location_std` replaces the policy's own standard deviation, `noise` is added to
        the policy's means, and `forced_locations` are as for `rollout`, one for each episode.
        """
        episodes = len(images) * rollouts
        std = self.config.location_std if location_std is None else location_std
        if initial_location is None:
            initial_location = self.draw_start(episodes, images, generator)
        if noise is None:
            noise = self.draw_noise(episodes, images, std if sample_locations else 0.0, generator)
        row = torch.arange(episodes, device=images.device) // rollouts
        return self.walk(images, row, initial_location, noise, std, forced_locations=forced_locations)

    def draw_start(
        self, episodes: int, like: Tensor, generator: Generator | None = None
    ) -> Float[Tensor, "episodes 2"]:
        """First locations, uniform in [-1, 1], of the kind and on the device of `like`."""
        return torch.rand(episodes, 2, generator=generator, device=like.device, dtype=like.dtype) * 2 - 1

    def draw_noise(
        self, episodes: int, like: Tensor, std: float, generator: Generator | None = None
    ) -> Float[Tensor, "moves episodes 2"]:
        """What is added to the policy's means; nothing is drawn where `std` is 0."""
        noise = torch.zeros(self.config.num_glimpses - 1, episodes, 2, device=like.device, dtype=like.dtype)
        return noise.normal_(std=std, generator=generator) if std else noise

    def walk(
        self,
        images: Float[Tensor, "batch height width"],
        row: Int[Tensor, " episodes"],
        initial_location: Float[Tensor, "episodes 2"],
        noise: Float[Tensor, "moves episodes 2"],
        location_std: float,
        *,
        forced_locations: Mapping[int, Float[Tensor, "episodes 2"]] | None = None,
    ) -> Episode:
        """The one step loop behind forward, rollout and training: nothing in it is random.

        Episode i looks at image `row[i]`, first at `initial_location[i]`. `noise`, whose standard deviation is
        `location_std`, is added to the policy's means; `forced_locations` replace these sums, by their glimpses' index.
        """
        windows = self.glimpse_sensor.windows(images)
        forced = forced_locations or {}
        location = forced.get(0, initial_location)
        locations, means, samples, patches = [location], [location], [], []
        states: list[Tensor | LSTMState] = []
        for step in range(self.config.num_glimpses):
            if step > 0:
                mean = self.location_network.mean(_hidden(states[-1]))
                # Detached: the policy learns from REINFORCE alone, never through the glimpse it led to.
                sample = forced[step] if step in forced else mean.detach() + noise[step - 1]
                location = sample.clamp(-1, 1)
                locations.append(location)
                means.append(mean)
                samples.append(sample)
            patch = self.glimpse_sensor.look(windows, row, location)
            feature = self.glimpse_network(patch.flatten(start_dim=1), location)
            states.append(self.core_network(feature, states[-1] if states else None))
            patches.append(patch)
        location_means = torch.stack(means)
        unclamped = torch.stack(samples) if samples else noise
        return Episode(
            locations=torch.stack(locations),
            location_means=location_means,
            location_log_probs=self.location_network.log_prob(unclamped, location_means[1:], location_std),
            patches=patches,
            hidden_states=[_hidden(state) for state in states],
            cells=[state.cell for state in states if isinstance(state, LSTMState)],
        )

    def __getstate__(self) -> dict[str, Any]:
        """What copies and pickles get: all but the compiled step loop, which is bound to the weights of this model."""
        return {name: value for name, value in self.__dict__.items() if name != "walk"}

    def compile_walk(self) -> bool:
        """Compiles the step loop with torch.compile, once for each shape; this halves the time of one look.

        Compiles at once for one image of MNIST's size, which takes about half a minute. Copies are not compiled.
        Returns False, and changes nothing, if there is no C++ compiler, or if PyTorch cannot read its own files because
        the locale is another than UTF-8.
        """
        try:
            self.walk = torch.compile(self.walk, dynamic=False)  # type: ignore[method-assign]
            with torch.inference_mode():
                self.episode(torch.zeros(1, 28, 28, device=self.value_network.linear.weight.device))
        except (UnicodeDecodeError, torch._dynamo.exc.BackendCompilerFailed):
            self.__dict__.pop("walk", None)
            return False
        return True

    def values(self, episode: Episode) -> Float[Tensor, "glimpses batch"]:
        """The value network's estimates after each glimpse of an episode."""
        # Detached: the baseline must not shape the core (specification 5: it only reads the hidden state).
        return self.value_network(torch.stack([hidden.detach() for hidden in episode.hidden_states]))


def _hidden(state: Tensor | LSTMState) -> Float[Tensor, "batch hidden"]:
    return state.hidden if isinstance(state, LSTMState) else state
