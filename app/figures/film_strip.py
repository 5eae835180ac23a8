"""A scene as a film strip to print: all glimpses side by side."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw

from app.figures.palette import step_colors
from app.figures.picture import FieldPicture, dot, fitting_font, font, patch_row
from app.look.scene import Scene
from app.server.one_at_a_time import piecewise, turn

# In px: for white paper, where a cell prints 27 mm wide at 300 dpi.
_CELL, _CELL_HEIGHT, _GAP, _MARGIN, _CELLS_PER_ROW = 320, 556, 24, 32, 8
_FOOT = 84
_PAPER, _INK, _FAINT = "#ffffff", "#14161f", "#5c6070"


def film_strip(scene: Scene) -> bytes:
    """All glimpses side by side as a PNG for white paper, eight in a row, the answer below."""
    columns = min(scene.steps, _CELLS_PER_ROW)
    rows = -(-scene.steps // _CELLS_PER_ROW)
    width = columns * (_CELL + _GAP) - _GAP + 2 * _MARGIN
    picture = Image.new("RGB", (width, rows * (_CELL_HEIGHT + _GAP) + _FOOT + _MARGIN), _PAPER)
    field = FieldPicture(scene, _CELL, dot_radius=13)
    for step, cell in enumerate(piecewise(_cell(field, step) for step in range(scene.steps))):
        row, column = divmod(step, _CELLS_PER_ROW)
        picture.paste(cell, (_MARGIN + column * (_CELL + _GAP), _MARGIN + row * (_CELL_HEIGHT + _GAP)))
    draw, foot = ImageDraw.Draw(picture), picture.height - _MARGIN - 8
    answer = fitting_font(scene.answer, 48, width - 2 * _MARGIN)
    draw.text((_MARGIN, foot), scene.answer, fill=_INK, font=answer, anchor="ls")
    if columns > 2:  # else there is no room beside the answer
        name = " ".join(scene.model.split())  # one line, whatever a file was called
        if scene.own is not None:
            name = f"{scene.own.answer_in_short} · {name}"
        small = fitting_font(name, 28, width - 3 * _MARGIN - round(answer.getlength(scene.answer)))
        draw.text((width - _MARGIN, foot), name, fill=_FAINT, font=small, anchor="rs")
    file = io.BytesIO()
    with turn():
        picture.save(file, "PNG", dpi=(300, 300))
    return file.getvalue()


def _cell(field: FieldPicture, step: int) -> Image.Image:
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
    value = f"{scene.words.value} {scene.values[step]:z.2f}"
    draw.text((centre, 550), value, fill=_FAINT, font=fitting_font(value, 26, _CELL), anchor="ms")
    return picture
