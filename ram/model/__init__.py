"""The specification: glimpse sensor, networks, and the one step loop."""

from ram.model.ram import RAM, Episode, Rollout

__all__ = ["RAM", "Episode", "Rollout"]
