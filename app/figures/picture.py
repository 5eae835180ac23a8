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
from app.look.light import LIGHT, dim, lit, mix
from app.look.scene import Scene

Box = Sequence[float]
Point = Sequence[float]

_LARGEST_MARGIN = 0.15  # of the image: beyond that, windows are cut off instead of the digit getting small
_OWN_WAY = 0.6  # the tone of the model's own way beside the user's
_SMOOTH = 4  # round and slanting shapes are drawn this much larger, then averaged


@functools.cache
def grey(level: float) -> str:
    """The tone at `level` (0 dark field, 1 ink) as #rrggbb."""
    return in_hex(mix(LIGHT.dark, LIGHT.ink, level))


def in_hex(color: npt.NDArray[np.float64]) -> str:
    """One colour (3,), 0 to 255, as #rrggbb."""
    return "#" + bytes(as_bytes(color)).hex()


def as_bytes(colors: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """Colours from 0 to 255 as whole numbers."""
    return np.rint(colors).astype(np.uint8)


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
        self._draw_border(picture)
        if self.own is not None:
            self._draw_own_way(picture, self.own, step, way)
        self._draw_trail(picture, [*map(self.point, range(step)), here], colors)
        for scale in reversed(range(self.scene.patches.shape[1])):
            box = _between(self.window(max(step - 1, 0), scale), self.window(step, scale), way)
            draw_frame(picture, box, colors[step], 3 if scale == 0 else 2)
        # After the frames, which would cut the numbers.
        radius = self.dot_radius if self.scene.steps <= 9 else round(0.8 * self.dot_radius)
        for past in range(arrived):
            if past in self.scene.forced:
                _paste_centred(picture, dot(grey(1), radius + 3), self.point(past))
            _paste_centred(picture, dot(colors[past], radius, str(past + 1)), self.point(past))
        if self.scene.flip is not None and self.scene.flip < arrived:
            x, y = self.point(self.scene.flip)
            _paste_centred(picture, _unequal(radius - 2), (x + 1.3 * radius, y - 1.3 * radius))
        return picture

    @functools.cached_property
    def own(self) -> FieldPicture | None:
        """The model's own way in the same frame, where that is another."""
        if self.scene.own is None:
            return None
        own = FieldPicture(self.scene.own, self.side, self.dot_radius)
        own.__dict__["zoom"] = self.zoom  # where its windows reach, there is room for in this picture or not
        return own

    def _draw_own_way(self, picture: Image.Image, own: FieldPicture, step: int, way: float) -> None:
        """The trail of the model's own accord, thin and pale, from where the two part."""
        parting = max(min(self.scene.forced) - 1, 0)
        if step < parting:
            return
        here = _between(own.point(max(step - 1, parting)), own.point(step), way)
        points = [*map(own.point, range(parting, step)), here]
        mask = Image.new("L", (self.side * 2, self.side * 2))
        ImageDraw.Draw(mask).line([(2 * x, 2 * y) for x, y in points], fill=255, width=4, joint="curve")
        picture.paste(grey(_OWN_WAY), mask=mask.reduce(2))
        first = parting + 1 if self.scene.forced[0] else 0
        for past in range(first, step + 1 if way >= 1 else step):
            _paste_centred(picture, dot(grey(_OWN_WAY), self.dot_radius // 2), own.point(past))

    def _digit(self, step: int, shown: float) -> Image.Image:
        before, after = self._layers[step], self._layers[step + 1]
        colors = before + (after - before) * shown
        height, width = colors.shape[:2]
        size = (max(1, round(width * self.zoom)), max(1, round(height * self.zoom)))
        picture = Image.new("RGB", (self.side, self.side), grey(0))
        left, top = (round(start - self.reach * self.zoom) for start in self.origin)
        picture.paste(Image.fromarray(as_bytes(colors)).resize(size, Image.Resampling.NEAREST), (left, top))
        return picture

    def _draw_border(self, picture: Image.Image) -> None:
        left, top = self.origin
        height, width = self.scene.image.shape
        mask = Image.new("L", picture.size)
        box = (left, top, left + width * self.zoom, top + height * self.zoom)
        draw_frame(mask, box, round(255 * LIGHT.border), 1)
        picture.paste(grey(1), mask=mask)

    def _draw_trail(self, picture: Image.Image, points: list[Point], colors: list[str]) -> None:
        mask = Image.new("L", (self.side * 2, self.side * 2))
        draw = ImageDraw.Draw(mask)
        for start, end, color in zip(points, points[1:], colors[1:], strict=False):
            for tone, width in ((grey(0), 9), (color, 5)):
                draw.rectangle((0, 0, *mask.size), fill=0)
                draw.line([(2 * x, 2 * y) for x, y in (start, end)], fill=255, width=width)
                picture.paste(tone, mask=mask.reduce(2))

    @functools.cached_property
    def reach(self) -> int:
        """Pixels beyond the image that the finest window can see."""
        return -(-self.scene.window_size(0) // 2)

    @functools.cached_property
    def _layers(self) -> npt.NDArray[np.float64]:
        """(G + 1, H + 2 reach, W + 2 reach, 3), the colours of the field before the first step and after each.

        What has been seen shows the cells that the sensor averaged, the finest of each pixel. The digit shines
        through, as dim as where nobody has looked: a coarse look leaves a blur, and one still sees which it was.
        """
        scales = self.scene.patches.shape[1]
        unseen = dim(np.pad(self.scene.image.astype(float), self.reach))
        seen, finest = np.zeros(unseen.shape[:2]), np.full(unseen.shape[:2], scales)
        layers = [unseen]
        for step in range(self.scene.steps):
            for scale in range(scales):
                self._look(step, scale, seen, finest)
            layers.append(np.where((finest < scales)[..., None], np.maximum(lit(seen, finest), unseen), unseen))
        return np.stack(layers)

    def _look(self, step: int, scale: int, seen: npt.NDArray[np.float64], finest: npt.NDArray[np.int64]) -> None:
        """Puts what a step saw at a scale into `seen`, and the scale into `finest`, where nothing finer was seen."""
        left, top = self.scene.corners[step, scale] + self.reach
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
        large = Image.fromarray(as_bytes(lit(patch, 0))).resize((side, side), Image.Resampling.NEAREST)
        picture.paste(large, (left, top))
        draw_frame(picture, (left, top, left + side, top + side), color, line)
    return picture


def draw_frame(picture: Image.Image, box: Sequence[float], color: str | int, width: int) -> None:
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


@functools.cache
def _unequal(radius: int) -> Image.Image:
    """A white disc with a ≠, which Pillow's typeface does not have: from here on the answer is another."""
    picture = dot(grey(1), radius * _SMOOTH).copy()
    draw, centre, arm = ImageDraw.Draw(picture), radius * _SMOOTH, radius * _SMOOTH // 2
    width = max(radius * _SMOOTH // 6, 1)
    for y in (centre - arm // 3, centre + arm // 3):
        draw.line((centre - arm, y, centre + arm, y), fill=grey(0), width=width)
    draw.line((centre - arm // 2, centre + arm, centre + arm // 2, centre - arm), fill=grey(0), width=width)
    return picture.reduce(_SMOOTH)


def _paste_centred(picture: Image.Image, sprite: Image.Image, centre: Point) -> None:
    picture.paste(sprite, (round(centre[0]) - sprite.width // 2, round(centre[1]) - sprite.height // 2), sprite)


def _between(start: Sequence[float], end: Sequence[float], share: float) -> list[float]:
    return [a + (b - a) * share for a, b in zip(start, end, strict=True)]
