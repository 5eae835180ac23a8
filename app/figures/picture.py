"""One glimpse as a picture: the digit as a dark field, the retina's windows, the trail, the patches."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from app.figures.contrast import text_on
from app.figures.palette import step_colors
from app.look.light import LIGHT
from app.look.scene import Scene

Box = Sequence[float]
Point = Sequence[float]

GREYS = 16
"""Grey levels on a picture, from the field to full ink: few, so that an animation shares them as its palette."""
_RAMP = np.array([LIGHT.dark, (44, 49, 70), LIGHT.ink])  # in between a bluish dusk, at this level:
_DUSK = 3 / 15

# In steps of the grey scale, so that no two of them fall together: paper inside the image, what light
# adds to paper, and the ink of unseen parts.
_PAPER, _GLOW, _UNSEEN = 1 / 15, 2 / 15, int(LIGHT.unseen * 15) / 15
_LARGEST_MARGIN = 0.15  # of the image: beyond that, windows are cut off instead of the digit getting small
_SMOOTH = 4  # round and slanting shapes are drawn this much larger, then averaged


@functools.cache
def grey(level: float) -> str:
    """The grey at `level` (0 field, 1 ink) as #rrggbb."""
    return "#" + bytes(_shades(np.array(level))).hex()


def _shades(levels: npt.NDArray) -> npt.NDArray[np.uint8]:
    steps = np.rint(levels.clip(0, 1) * (GREYS - 1)) / (GREYS - 1)
    channels = [np.interp(steps, (0, _DUSK, 1), channel) for channel in _RAMP.T]
    return np.rint(np.stack(channels, axis=-1)).astype(np.uint8)


@functools.cache
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own typeface, `size` px high."""
    return ImageFont.load_default(size)


def fitting_font(text: str, size: int, width: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The largest font up to `size` px in which the text is at most `width` px wide."""
    while size > 8 and font(size).getlength(text) > width:
        size -= 1
    return font(size)


@dataclasses.dataclass(frozen=True)
class FieldPicture:
    """A scene's image in the middle of a square, pixel-sharp, with a margin for windows beyond its border."""

    scene: Scene
    side: int
    """Side of the square, in px."""
    dot_radius: int
    """Radius of a numbered dot on the trail, in px; with two-digit numbers there are many, and they are smaller."""

    @functools.cached_property
    def zoom(self) -> float:
        """Px to one pixel of the image: a whole number, unless the image is larger than the square.

        The margin has room for the finest windows: coarser ones reach so far that the digit would get small.
        """
        height, width = self.scene.image.shape
        finest = self.scene.corners[:, 0]
        far = finest + self.scene.window_size(0) - [width, height]
        beyond = max(-finest.min(), far.max(), 0) + 0.5
        longest = max(height, width)
        room = self.side / (longest + 2 * min(beyond, _LARGEST_MARGIN * longest))
        return int(room) or room

    @functools.cached_property
    def origin(self) -> tuple[int, int]:
        """(x, y) in px of the image's top-left corner."""
        height, width = self.scene.image.shape
        return int(self.side - width * self.zoom) // 2, int(self.side - height * self.zoom) // 2

    def point(self, step: int) -> Point:
        """(x, y) in px of a step's location."""
        height, width = self.scene.image.shape
        x, y = (self.scene.locations[step].astype(float) + 1) / 2 * [width, height] * self.zoom + self.origin
        return float(x), float(y)

    def window(self, step: int, scale: int) -> Box:
        """Left, top, right and bottom in px of what a step saw at a scale; right and bottom lie outside."""
        left, top = self.scene.corners[step, scale] * self.zoom + self.origin
        side = self.scene.window_size(scale) * self.zoom
        return float(left), float(top), float(left + side), float(top + side)

    def draw(self, step: int, *, way: float = 1.0, shown: float = 1.0) -> Image.Image:
        """The field at one moment of a step.

        Args:
            step: counted from 0.
            way: how far the window has come from the step before, 0 to 1.
            shown: how far what it sees there has lit up, 0 to 1.
        """
        picture = self._digit(step, shown)
        colors = step_colors(self.scene.steps)
        here = _between(self.point(max(step - 1, 0)), self.point(step), way)
        arrived = step + 1 if way >= 1 else step
        self._draw_line(picture, [*map(self.point, range(step)), here])
        for scale in reversed(range(self.scene.patches.shape[1])):
            box = _between(self.window(max(step - 1, 0), scale), self.window(step, scale), way)
            draw_frame(picture, box, colors[step], 3 if scale == 0 else 2)
        # After the frames, which would cut the numbers.
        radius = self.dot_radius if self.scene.steps <= 9 else round(0.8 * self.dot_radius)
        for past in range(arrived):
            _paste_centred(picture, dot(colors[past], radius, str(past + 1)), self.point(past))
        return picture

    def _digit(self, step: int, shown: float) -> Image.Image:
        before, after = self._levels[step], self._levels[step + 1]
        levels = before + (after - before) * shown
        height, width = levels.shape
        size = (max(1, round(width * self.zoom)), max(1, round(height * self.zoom)))
        picture = Image.new("RGB", (self.side, self.side), grey(0))
        picture.paste(Image.fromarray(_shades(levels)).resize(size, Image.Resampling.NEAREST), self.origin)
        return picture

    def _draw_line(self, picture: Image.Image, points: list[Point]) -> None:
        mask = Image.new("L", (self.side * 2, self.side * 2))
        ImageDraw.Draw(mask).line([(2 * x, 2 * y) for x, y in points], fill=255, width=4, joint="curve")
        picture.paste(grey(0.6), mask=mask.reduce(2))

    @functools.cached_property
    def _levels(self) -> npt.NDArray[np.float64]:
        """(G + 1, H, W), how bright each pixel is, from 0 to 1, before the first step and after each.

        What has been seen shows the cells that the sensor averaged, the finest of each pixel. The digit shines
        through, as dim as where nobody has looked: a coarse look leaves a blur, and one still sees which it was.
        """
        scales = self.scene.patches.shape[1]
        by_scale = LIGHT.ink_light
        lights = np.array([by_scale[min(scale, len(by_scale) - 1)] for scale in range(scales)] + [0.0])
        dim = self.scene.image.astype(float) * _UNSEEN
        seen, finest = np.zeros_like(dim), np.full(dim.shape, scales)
        levels = [_PAPER + dim]
        for step in range(self.scene.steps):
            for scale in range(scales):
                self._look(step, scale, seen, finest)
            light = lights[finest]
            levels.append(_PAPER + _GLOW * light + np.maximum(dim, seen * (_UNSEEN + (1 - _UNSEEN) * light)))
        return np.stack(levels)

    def _look(self, step: int, scale: int, seen: npt.NDArray[np.float64], finest: npt.NDArray[np.int64]) -> None:
        """Puts what a step saw at a scale into `seen`, and the scale into `finest`, where nothing finer was seen."""
        left, top = self.scene.corners[step, scale]
        size = self.scene.window_size(scale)
        inside = (slice(max(top, 0), max(top + size, 0)), slice(max(left, 0), max(left + size, 0)))
        rows, columns = (np.arange(axis) for axis in seen.shape)
        patch = self.scene.patches[step, scale]
        cells = patch[np.ix_((rows[inside[0]] - top) >> scale, (columns[inside[1]] - left) >> scale)]
        newer = finest[inside] >= scale
        seen[inside] = np.where(newer, cells, seen[inside])
        finest[inside] = np.where(newer, scale, finest[inside])


def patch_row(scene: Scene, step: int, *, width: int, height: int, background: str) -> Image.Image:
    """A step's patches side by side, finest first, pixel-sharp in frames of the step's colour.

    Args:
        scene: what to draw.
        step: counted from 0.
        width: room for all of them, in px; the picture is as wide as they need.
        height: of the picture, in px.
        background: #rrggbb between the patches.
    """
    scales, size = scene.patches.shape[1:3]
    gap, line = 10, 3
    room = min(height, (width - gap * (scales - 1)) // scales) - 2 * line
    side = room // size * size or room
    color = step_colors(scene.steps)[step]
    picture = Image.new("RGB", (scales * (side + 2 * line + gap) - gap, height), background)
    for scale, patch in enumerate(scene.patches[step]):
        left, top = line + scale * (side + 2 * line + gap), (height - side) // 2
        levels = _PAPER + _GLOW + patch * (1 - _PAPER - _GLOW)
        large = Image.fromarray(_shades(levels)).resize((side, side), Image.Resampling.NEAREST)
        picture.paste(large, (left, top))
        draw_frame(picture, (left, top, left + side, top + side), color, line)
    return picture


def draw_frame(picture: Image.Image, box: Sequence[float], color: str, width: int) -> None:
    """A frame `width` px wide round the outside of a box; the parts beyond the picture are cut off."""
    left, top, right, bottom = (round(edge) for edge in box)
    outside = (left - width, top - width, right + width - 1, bottom + width - 1)
    ImageDraw.Draw(picture).rectangle(outside, outline=color, width=width)


@functools.lru_cache(maxsize=512)
def dot(color: str, radius: int, text: str = "") -> Image.Image:
    """A smooth disc of `radius` px with a thin dark rim and a text in it, on a transparent ground."""
    large, rim = radius * _SMOOTH, _SMOOTH * 3 // 2
    picture = Image.new("RGBA", (2 * large, 2 * large), grey(0) + "00")
    draw = ImageDraw.Draw(picture)
    draw.ellipse((0, 0, 2 * large - 1, 2 * large - 1), fill=grey(0))
    draw.ellipse((rim, rim, 2 * large - 1 - rim, 2 * large - 1 - rim), fill=color)
    size = round(large * (1.35 if len(text) < 2 else 1.05))
    draw.text((large, large), text, fill=text_on(color), font=font(size), anchor="mm")
    return picture.reduce(_SMOOTH)


def _paste_centred(picture: Image.Image, sprite: Image.Image, centre: Point) -> None:
    picture.paste(sprite, (round(centre[0]) - sprite.width // 2, round(centre[1]) - sprite.height // 2), sprite)


def _between(start: Sequence[float], end: Sequence[float], share: float) -> list[float]:
    return [a + (b - a) * share for a, b in zip(start, end, strict=True)]
