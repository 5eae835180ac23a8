"""Scenes and colours for tests of pictures."""

import numpy as np

from app.look.scene import Scene

FIELD, UNSEEN_INK, INK = (10, 12, 18), (84, 85, 89), (255, 255, 255)


def rgb(color: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(color[1:]))


def make_scene(
    *, height: int = 32, width: int = 32, glimpse_size: int = 8, scales: int = 1, steps: int = 2, classes: int = 2
) -> Scene:
    """Locations, patches and beliefs from a seed; windows centred as the sensor centres even ones."""
    rng = np.random.default_rng(0)
    locations = rng.uniform(-1, 1, (steps, 2)).astype(np.float32)
    centres = np.rint((locations + 1) / 2 * [width, height]).astype(int)
    sizes = glimpse_size * 2 ** np.arange(scales)
    probs = rng.dirichlet(np.ones(classes), steps).astype(np.float32)
    return Scene(
        image=rng.random((height, width), np.float32),
        locations=locations,
        location_means=locations,
        location_std=0.0,
        corners=centres[:, None] - sizes[:, None] // 2,
        patches=rng.random((steps, scales, glimpse_size, glimpse_size), np.float32),
        values=np.linspace(-0.2, 1.2, steps, dtype=np.float32),
        class_probs=probs,
        model="test",
        settings={"first glimpse": "random", "seed": 3, "noise": 0.5},
    )
