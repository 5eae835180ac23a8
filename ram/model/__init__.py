"""The specification: glimpse sensor, networks, and the one step loop."""

from ram.model.ram import RAM, Episode, Rollout
from ram.model.sensor import GlimpseSensor

__all__ = ["RAM", "Episode", "GlimpseSensor", "Rollout"]
