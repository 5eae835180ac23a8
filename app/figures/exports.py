"""A scene to take away: an animated GIF, a film strip to print, and every number as JSON."""

from __future__ import annotations

import dataclasses
import io
import json
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from app.figures.contrast import blend
from app.figures.palette import step_colors
from app.figures.picture import GREYS, Field, dot, font, grey, patch_row
from app.look.scene import Scene

FORMAT = "glimpse-scene-1"

# The animation, in px and ms. GIFs count in hundredths of a second.
_SIZE = (640, 360)
_FIELD_SIDE = 360  # the full height: windows that reach far beyond the image end at the canvas's own edge
_PANEL_AT, _PANEL_SIZE = (368, 16), (256, 328)
_FRAME_MS, _LOOK_MS, _END_MS = 50, 500, 2200
_GLIDE_FRAMES, _SETTLE_FRAMES = 8, 4
_COLORS = 32  # one of them transparent: what has not changed

# The film strip, in px: for white paper, where a cell prints 27 mm wide at 300 dpi.
_CELL, _CELL_HEIGHT, _GAP, _MARGIN, _CELLS_PER_ROW = 320, 556, 24, 32, 8
_FOOT = 84
_PAPER, _INK, _FAINT = "#ffffff", "#14161f", "#5c6070"

_FIELDS: Final = {
    "image": "(H, W), grey levels in [0, 1], 0 is paper",
    "locations": "(G, 2), (x, y) in [-1, 1], (-1, -1) is the top-left corner; the first is the initial location",
    "location_means": "(G, 2), the location policy's means, (x, y); for the first the location itself",
    "location_std": "standard deviation the locations were sampled with; 0 if they are the means",
    "corners": "(G, S, 2), (x, y) of each window's top-left pixel, negative beyond the border",
    "patches": "(G, S, glimpse_size, glimpse_size), grey levels in [0, 1], finest scale first",
    "values": "(G,), the value network's estimate of the reward after each glimpse",
    "class_probs": "(G, C), class probabilities after each glimpse, in [0, 1]",
    "model": "name of the checkpoint",
    "settings": "what the look was asked to be; of a larger image also how many pieces of clutter there are, and the "
    "seeds that decide which `pieces` lie where, and on which `spot` the digit (0: where it was drawn)",
    "classes": "names of the C classes; empty where these are their numbers",
    "action": "the most probable class after the last glimpse",
    "answer": "the action in words, with its probability in percent",
}


def rollout_json(scene: Scene) -> bytes:
    """Every number of a scene as strictly valid JSON, in UTF-8; `fields` describes shapes and units.

    Raises:
        ValueError: a number is not finite.
    """
    content: dict[str, Any] = {"format": FORMAT, "fields": _FIELDS}
    for field in dataclasses.fields(scene):
        entry = getattr(scene, field.name)
        content[field.name] = _plain(field.name, entry) if isinstance(entry, np.ndarray) else entry
    content |= {"action": scene.action, "answer": scene.answer}
    return json.dumps(content, allow_nan=False, ensure_ascii=False).encode()


def _plain(name: str, array: npt.NDArray) -> list[Any]:
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds numbers that are not finite: JSON cannot carry them")
    if array.dtype.kind == "i":
        return array.tolist()
    # By way of text: the shortest decimal that means the same float32, 0.1 instead of 0.10000000149011612.
    return array.astype(np.float32).astype(str).astype(float).tolist()


def animated_gif(scene: Scene) -> bytes:
    """The look as an endless animation of 640 x 360 px that explains itself.

    The window glides from glimpse to glimpse, what it sees lights up, the class probabilities follow;
    the answer stands for about two seconds.
    """
    palette = _palette(scene)
    frames, durations = zip(*_frames(scene, palette), strict=True)
    file = io.BytesIO()
    # The whole palette is given, so that no frame brings its own; `optimize` writes what has not changed as
    # transparent, which halves the file.
    frames[0].save(
        file,
        "GIF",
        save_all=True,
        append_images=frames[1:],
        duration=durations,
        loop=0,
        disposal=1,
        palette=bytes(palette.getpalette() or ()),
        transparency=_COLORS - 1,
        optimize=True,
    )
    return file.getvalue()


def _frames(scene: Scene, palette: Image.Image) -> Iterator[tuple[Image.Image, int]]:
    """Every frame with its duration in ms."""
    field = Field(scene, _FIELD_SIDE, dot_radius=11)
    canvas = Image.new("RGB", _SIZE, grey(0)).quantize(palette=palette, dither=Image.Dither.NONE)

    def show(place: tuple[int, int], picture: Image.Image) -> Image.Image:
        canvas.paste(picture.quantize(palette=palette, dither=Image.Dither.NONE), place)
        return canvas.copy()

    for step in range(scene.steps):
        for frame in range(1, _GLIDE_FRAMES if step else 0):
            yield show((0, 0), field.draw(step, way=_ease(frame / _GLIDE_FRAMES), shown=0)), _FRAME_MS
        for frame in range(1 if step else _SETTLE_FRAMES, _SETTLE_FRAMES + 1):
            shown = frame / _SETTLE_FRAMES
            show((0, 0), field.draw(step, shown=shown))
            yield show(_PANEL_AT, _panel(scene, step, shown)), _FRAME_MS if shown < 1 else _LOOK_MS
    yield show(_PANEL_AT, _panel(scene, scene.steps - 1, 1, answered=True)), _END_MS


def _ease(share: float) -> float:
    """Slow start, slow end."""
    return share * share * (3 - 2 * share)


def _palette(scene: Scene) -> Image.Image:
    """The greys, the steps' colours, and as many of those half faded as there is room for."""
    steps = step_colors(scene.steps)
    room = _COLORS - 1 - GREYS
    if len(steps) > room:
        steps = step_colors(room)
    faded = [blend(grey(0), color, 0.5) for color in steps][: room - len(steps)]
    colors = [grey(level / (GREYS - 1)) for level in range(GREYS)] + steps + faded
    colors += [grey(0)] * (_COLORS - len(colors))
    palette = Image.new("P", (1, 1))
    palette.putpalette(b"".join(bytes.fromhex(color[1:]) for color in colors))
    return palette


def _panel(scene: Scene, step: int, shown: float, *, answered: bool = False) -> Image.Image:
    """What stands beside the field: patches, value, class probabilities, answer."""
    picture = Image.new("RGB", _PANEL_SIZE, grey(0))
    draw = ImageDraw.Draw(picture)
    width, color = _PANEL_SIZE[0], step_colors(scene.steps)[step]
    draw.text((0, 15), f"glimpse {step + 1} of {scene.steps}", fill=grey(0.9), font=font(19), anchor="ls")
    draw.text((width, 15), f"value {scene.values[step]:z.2f}", fill=grey(0.9), font=font(19), anchor="rs")
    patches = patch_row(scene, step, width=width, height=104, background=grey(0))
    picture.paste(patches, (0, 28))
    if width - patches.width >= 120:
        _draw_values(picture, scene, step, (patches.width + 32, 40, width - 8, 120))
    before = scene.class_probs[max(step - 1, 0)]
    draw.text((0, 155), "class probabilities", fill=grey(0.6), font=font(14), anchor="ls")
    probs = before + (scene.class_probs[step] - before) * shown
    _draw_bars(picture, dict(zip(scene.class_names, probs, strict=True)), color, (0, 162, width, 278))
    if answered:
        draw.text((width / 2, 312), scene.answer, fill=grey(1), font=_fitting(scene.answer, 27, width), anchor="mm")
    return picture


def _fitting(text: str, size: int, width: int) -> Any:
    """The largest font up to `size` px in which the text is at most `width` px wide."""
    while size > 8 and font(size).getlength(text) > width:
        size -= 1
    return font(size)


def _draw_values(picture: Image.Image, scene: Scene, step: int, box: tuple[int, int, int, int]) -> None:
    """The values up to a step, as dots from 0 (bottom) to 1 (top)."""
    left, top, right, bottom = box
    draw = ImageDraw.Draw(picture)
    for level, y in ((0, bottom), (1, top)):
        draw.line((left - 6, y, right + 6, y), fill=grey(3 / 15))
        draw.text((left - 10, y), str(level), fill=grey(0.5), font=font(12), anchor="rm")
    apart = (right - left) / max(scene.steps - 1, 1)
    for number, color in enumerate(step_colors(scene.steps)[: step + 1]):
        value = min(max(float(scene.values[number]), -0.1), 1.1)
        sprite = dot(color, 6)
        picture.paste(sprite, (round(left + apart * number) - 6, round(bottom - value * (bottom - top)) - 6), sprite)


def _draw_bars(picture: Image.Image, probs: dict[str, float], color: str, box: tuple[int, int, int, int]) -> None:
    """Class probabilities as upright bars; the highest in the step's colour, with its percentage."""
    left, top, right, bottom = box
    draw = ImageDraw.Draw(picture)
    apart, best = (right - left) / len(probs), max(probs, key=lambda name: probs[name])
    gap, base, tallest = (3 if apart >= 14 else 0.5), bottom - 22, bottom - 22 - (top + 18)
    for number, (name, prob) in enumerate(probs.items()):
        x, height = left + apart * number, max(1, round(float(prob) * tallest))
        bar = (round(x + gap), base - height, max(round(x + apart - gap) - 1, round(x + gap)), base - 1)
        draw.rectangle(bar, fill=color if name == best else grey(6 / 15))
        if apart >= 14 or name == best:
            tone = grey(1 if name == best else 0.6)
            draw.text((x + apart / 2, bottom), name, fill=tone, font=_fitting(name, 17, round(apart) + 8), anchor="ms")
        if name == best:
            middle = min(max(x + apart / 2, left + 22), right - 22)  # the text stays on the picture
            percent = f"{100 * float(prob):.0f} %"
            draw.text((middle, bar[1] - 5), percent, fill=grey(1), font=font(15), anchor="ms")


def film_strip(scene: Scene) -> bytes:
    """All glimpses side by side as a PNG for white paper, eight in a row, the answer below."""
    columns = min(scene.steps, _CELLS_PER_ROW)
    rows = -(-scene.steps // _CELLS_PER_ROW)
    width = columns * (_CELL + _GAP) - _GAP + 2 * _MARGIN
    picture = Image.new("RGB", (width, rows * (_CELL_HEIGHT + _GAP) + _FOOT + _MARGIN), _PAPER)
    field = Field(scene, _CELL, dot_radius=13)
    for step in range(scene.steps):
        row, column = divmod(step, _CELLS_PER_ROW)
        place = (_MARGIN + column * (_CELL + _GAP), _MARGIN + row * (_CELL_HEIGHT + _GAP))
        picture.paste(_cell(field, step), place)
    draw, foot = ImageDraw.Draw(picture), picture.height - _MARGIN - 8
    answer = _fitting(scene.answer, 48, width - 2 * _MARGIN)
    draw.text((_MARGIN, foot), scene.answer, fill=_INK, font=answer, anchor="ls")
    if columns > 2:  # else there is no room beside the answer
        name = " ".join(scene.model.split())  # one line, whatever a file was called
        small = _fitting(name, 28, width - 3 * _MARGIN - round(answer.getlength(scene.answer)))
        draw.text((width - _MARGIN, foot), name, fill=_FAINT, font=small, anchor="rs")
    file = io.BytesIO()
    picture.save(file, "PNG", dpi=(300, 300))
    return file.getvalue()


def _cell(field: Field, step: int) -> Image.Image:
    """One glimpse: its number, the field, the patches, the best class so far and the value."""
    scene, centre = field.scene, _CELL // 2
    picture = Image.new("RGB", (_CELL, _CELL_HEIGHT), _PAPER)
    number = dot(step_colors(scene.steps)[step], 20, str(step + 1))
    picture.paste(number, (centre - 20, 0), number)
    picture.paste(field.draw(step), (0, 52))
    patches = patch_row(scene, step, width=_CELL, height=96, background=_PAPER)
    picture.paste(patches, (centre - patches.width // 2, 52 + _CELL + 10))
    best = int(scene.class_probs[step].argmax())
    belief = f"{scene.class_names[best]} ({100 * float(scene.class_probs[step, best]):.1f} %)"
    draw = ImageDraw.Draw(picture)
    draw.text((centre, 516), belief, fill=_INK, font=font(32), anchor="ms")
    draw.text((centre, 550), f"value {scene.values[step]:z.2f}", fill=_FAINT, font=font(26), anchor="ms")
    return picture
