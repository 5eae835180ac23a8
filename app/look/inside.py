"""What goes on inside the model during one look: the activations of every layer, glimpse by glimpse."""

from __future__ import annotations

import dataclasses

import numpy as np
import torch

from app.look.force import Place
from app.look.looking import LookRequest, start_of
from app.look.scene import Floats
from ram import RAM
from ram.model import Episode


@dataclasses.dataclass(frozen=True)
class Inside:
    """A look of G glimpses at an image of H x W pixels, from the pixels to what is read from the hidden state."""

    image: Floats
    """(H, W), grey levels in [0, 1]."""
    patches: Floats
    """(G, S, glimpse_size, glimpse_size), finest scale first."""
    corners: Floats
    """(G, S, 2), (x, y) of each window's top-left pixel, negative beyond the border."""
    layers: dict[str, Floats]
    """(G, units) by name: "what" and "where" are the two encoders, then "feature", "hidden" and, with LSTM, "cell"."""
    locations: Floats
    """(G, 2), (x, y) in [-1, 1]."""
    means: Floats
    """(G, 2), the policy's; for the first glimpse the location itself."""
    noise: Floats
    """(G - 1, 2), what was added to the means, also where a glimpse was made to look elsewhere."""
    log_probs: Floats
    """(G - 1,), log-densities of the unclamped samples."""
    values: Floats
    """(G,)."""
    logits: Floats
    """(G, C), read after each glimpse."""
    start: Place | None
    """Where the first glimpse was to fall; None where that was random."""
    forced: tuple[int, ...]
    """Indices of the glimpses, from 0, that were made to look elsewhere."""

    @property
    def steps(self) -> int:
        """Number of glimpses."""
        return len(self.values)

    @property
    def samples(self) -> Floats:
        """(G, 2), the locations before they were clamped."""
        samples = self.locations.copy()
        own = [step for step in range(1, self.steps) if step not in self.forced]
        samples[own] = self.means[own] + self.noise[[step - 1 for step in own]]
        return samples

    @property
    def probs(self) -> Floats:
        """(G, C), the softmax of the logits."""
        odds = np.exp(self.logits - self.logits.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)

    def before(self, layer: str, step: int) -> Floats:
        """What the core remembers, of "hidden" or "cell", when a step begins: at first nothing."""
        states = self.layers[layer]
        return states[step - 1] if step else np.zeros_like(states[0])


@torch.inference_mode()
def look_inside(model: RAM, image: Floats, request: LookRequest) -> Inside:
    """Lets the model look as `app.look.looking.look` does, and keeps what that one throws away."""
    device = next(model.parameters()).device
    images = torch.from_numpy(image).to(device)[None]
    generator = torch.Generator(device).manual_seed(request.seed)
    wanted = start_of(request)
    # In the order of RAM.episode, so that the same seed draws the same numbers.
    start = images.new_tensor([wanted]) if wanted else model.draw_start(1, images, generator)
    std = model.config.location_std
    noise = model.draw_noise(1, images, std if request.gaze == "sampled" else 0.0, generator)
    forced = {index: images.new_tensor([place]) for index, place in request.forced(model.config.num_glimpses).items()}
    row = torch.zeros(1, dtype=torch.long, device=device)
    episode = model.walk(images, row, start, noise, std, forced_locations=forced)
    return Inside(
        image=np.asarray(image, dtype=np.float32),
        patches=torch.cat(episode.patches).cpu().numpy(),
        corners=model.glimpse_sensor.corners(episode.locations[:, 0], *image.shape).cpu().numpy(),
        layers={name: layer[:, 0].cpu().numpy() for name, layer in layers_of(model, episode).items()},
        locations=episode.locations[:, 0].cpu().numpy(),
        means=episode.location_means[:, 0].cpu().numpy(),
        noise=noise[:, 0].cpu().numpy(),
        log_probs=episode.location_log_probs[:, 0].cpu().numpy(),
        values=model.values(episode)[:, 0].cpu().numpy(),
        logits=model.action_network.logits(torch.stack(episode.hidden_states))[:, 0].cpu().numpy(),
        start=wanted,
        forced=tuple(forced),
    )


def layers_of(model: RAM, episode: Episode) -> dict[str, torch.Tensor]:
    """The activations of an episode by layer, each (glimpses, batch, units).

    The step loop keeps what depends on earlier glimpses. The glimpse network depends on none: it is read once more,
    for all glimpses together.
    """
    patches, network = torch.stack(episode.patches).flatten(start_dim=2), model.glimpse_network
    layers = {
        "what": network.glimpse_encoder(patches).relu(),
        "where": network.location_encoder(episode.locations).relu(),
        "feature": network(patches, episode.locations),
        "hidden": torch.stack(episode.hidden_states),
    }
    return layers | ({"cell": torch.stack(episode.cells)} if episode.cells else {})
