"""A scene as an animation that explains itself, to take away."""

from __future__ import annotations

import io
from collections.abc import Iterator

from PIL import Image, ImageDraw

from app.figures.contrast import blend
from app.figures.palette import step_colors
from app.figures.picture import FieldPicture, dot, fitting_font, font, grey, in_hex, patch_row
from app.look.light import dim, lit
from app.look.scene import Scene

# In px and ms. GIFs count in hundredths of a second.
_SIZE = (640, 360)
_FIELD_SIDE = 360  # the full height: windows that reach far beyond the image end at the canvas's own edge
_PANEL_AT, _PANEL_SIZE = (368, 16), (256, 328)
_FRAME_MS, _LOOK_MS, _END_MS = 50, 500, 2200
_GLIDE_FRAMES, _SETTLE_FRAMES = 8, 4
_MOST_GLIDING = 12  # glimpses; with more, each is one frame: it would take a minute to draw and to watch
_COLORS = 64  # one of them transparent: what has not changed


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
    field = FieldPicture(scene, _FIELD_SIDE, dot_radius=11)
    canvas = Image.new("RGB", _SIZE, grey(0)).quantize(palette=palette, dither=Image.Dither.NONE)

    def show(place: tuple[int, int], picture: Image.Image) -> Image.Image:
        canvas.paste(picture.quantize(palette=palette, dither=Image.Dither.NONE), place)
        return canvas.copy()

    glide, settle = (_GLIDE_FRAMES, _SETTLE_FRAMES) if scene.steps <= _MOST_GLIDING else (1, 1)
    for step in range(scene.steps):
        for frame in range(1, glide if step else 0):
            yield show((0, 0), field.draw(step, way=_ease(frame / glide), shown=0)), _FRAME_MS
        for frame in range(1 if step else settle, settle + 1):
            shown = frame / settle
            show((0, 0), field.draw(step, shown=shown))
            yield show(_PANEL_AT, _panel(scene, step, shown)), _FRAME_MS if shown < 1 else _LOOK_MS
    yield show(_PANEL_AT, _panel(scene, scene.steps - 1, 1, answered=True)), _END_MS


def _ease(share: float) -> float:
    """Slow start, slow end."""
    return share * share * (3 - 2 * share)


def _palette(scene: Scene) -> Image.Image:
    """What is dim, what is lit, the steps' colours, and as many of those half faded as there is room for."""
    tones = [grey(level / 10) for level in range(11)]
    dusk = [in_hex(dim(level)) for level in (0.2, 0.4, 0.6, 0.8)]  # full ink is among the tones
    glow = [in_hex(lit(level / 10, 0)) for level in range(10)]
    papers = [in_hex(lit(0, scale)) for scale in range(1, scene.patches.shape[1])]
    greys = [*tones, *dusk, *glow, *papers]
    room = _COLORS - 1 - len(greys)
    steps = step_colors(min(scene.steps, room))
    faded = [blend(grey(0), color, 0.5) for color in steps][: room - len(steps)]
    colors = greys + steps + faded
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
    _draw_value(draw, scene, step, (width, 15))
    patches = patch_row(scene, step, width=width, height=104, background=grey(0))
    picture.paste(patches, (0, 28))
    if width - patches.width >= 120:
        _draw_values(picture, scene, step, (patches.width + 32, 40, width - 8, 120))
    before = scene.class_probs[max(step - 1, 0)]
    draw.text((0, 155), "class probabilities", fill=grey(0.6), font=font(14), anchor="ls")
    probs = before + (scene.class_probs[step] - before) * shown
    _draw_bars(picture, dict(zip(scene.class_names, probs, strict=True)), color, (0, 162, width, 278))
    if answered:
        middle = 312 if scene.own is None else 298
        font_size = fitting_font(scene.answer, 27, width)
        draw.text((width / 2, middle), scene.answer, fill=grey(1), font=font_size, anchor="mm")
    if answered and scene.own is not None:
        own = scene.own.answer_in_short
        draw.text((width / 2, 319), own, fill=grey(0.6), font=fitting_font(own, 15, width), anchor="mm")
    return picture


def _draw_value(draw: ImageDraw.ImageDraw, scene: Scene, step: int, place: tuple[int, int]) -> None:
    """The value as a number that ends at a place; one that expects another reward than a right answer says so."""
    number = f"{scene.values[step]:z.2f}"
    if scene.reward == "hit":
        draw.text(place, f"value {number}", fill=grey(0.9), font=font(19), anchor="rs")
        return
    first, _, last = scene.words.expected.rpartition(" ")
    draw.text((place[0], place[1] - 12), first, fill=grey(0.9), font=font(13), anchor="rs")
    draw.text((place[0], place[1] + 2), f"{last} {number}", fill=grey(0.9), font=font(13), anchor="rs")


def _draw_values(picture: Image.Image, scene: Scene, step: int, box: tuple[int, int, int, int]) -> None:
    """The values up to a step, as dots from 0 (bottom) to 1 (top)."""
    left, top, right, bottom = box
    draw = ImageDraw.Draw(picture)
    for level, y in ((0, bottom), (1, top)):
        draw.line((left - 6, y, right + 6, y), fill=grey(0.2))
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
        draw.rectangle(bar, fill=color if name == best else grey(0.4))
        if apart >= 14 or name == best:
            tone = grey(1 if name == best else 0.6)
            draw.text(
                (x + apart / 2, bottom), name, fill=tone, font=fitting_font(name, 17, round(apart) + 8), anchor="ms"
            )
        if name == best:
            middle = min(max(x + apart / 2, left + 22), right - 22)  # the text stays on the picture
            percent = f"{100 * float(prob):.0f} %"
            draw.text((middle, bar[1] - 5), percent, fill=grey(1), font=font(15), anchor="ms")
