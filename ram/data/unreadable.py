"""Images that are no digit.

A network that has only ever seen digits takes everything for a digit. Trained with a few unreadable images, for which
every class is equally likely, it is unsure about scribbles and letters (after Hendrycks et al. 2019, outlier exposure).
"""

from __future__ import annotations

import functools
from itertools import pairwise

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Generator, Tensor

from ram.data.variants import ONE, draw_stroke

NONE = -1  # the label of an image that is no digit
FEWEST, MOST = 4, 8  # strokes of a scribble; with fewer it could look like a one or a seven

# Letters and symbols that look like no digit, as lines through points in percent of a square, x to the right and y
# down; " / " lifts the pen.
SYMBOLS = """
20,90 50,10 80,90 / 33,60 67,60
25,10 25,90 65,85 72,70 60,52 25,50 60,45 66,28 58,12 25,10
75,20 50,10 25,30 22,60 40,88 75,82
25,10 25,90 60,85 78,60 72,28 25,10
75,10 25,10 25,90 75,90 / 25,50 65,50
75,10 25,10 25,90 / 25,48 65,48
78,22 50,10 24,35 26,75 50,90 78,78 78,55 55,55
22,10 22,90 / 78,10 78,90 / 22,50 78,50
25,10 25,90 / 75,10 25,52 / 38,42 78,90
30,10 30,90 75,90
15,90 20,10 50,65 80,10 85,90
22,90 22,10 78,90 78,10
25,90 25,10 65,14 75,30 62,48 25,50
25,90 25,10 65,14 72,30 60,48 25,50 / 45,50 78,90
15,12 85,12 / 50,12 50,90
22,10 24,70 50,90 76,70 78,10
12,10 30,90 50,35 70,90 88,10
20,10 80,90 / 80,10 20,90
20,10 50,50 80,10 / 50,50 50,90
35,10 35,90 / 35,55 55,42 72,55 72,90
30,45 30,90 / 30,55 48,42 52,55 52,90 / 52,55 70,42 74,55 74,90
50,15 50,85 / 15,50 85,50
15,35 85,35 / 15,65 85,65
35,15 30,85 / 65,15 60,85 / 15,38 85,38 / 12,62 82,62
28,30 36,14 60,12 70,28 52,46 50,62 / 50,80 50,86
10,50 90,50 / 65,25 90,50 65,75
50,90 50,10 / 25,38 50,10 75,38
15,55 40,85 85,15
50,88 14,42 22,18 40,18 50,34 60,18 78,18 86,42 50,88
50,10 28,88 88,38 12,38 72,88 50,10
50,12 90,86 10,86 50,12
18,18 82,18 82,82 18,82 18,18
50,8 88,50 50,92 12,50 50,8
50,8 22,20 10,50 22,80 50,92 78,80 90,50 78,20 50,8 / 35,38 36,40 / 65,38 66,40 / 30,62 50,76 70,62
50,8 22,20 10,50 22,80 50,92 78,80 90,50 78,20 50,8 / 35,38 36,40 / 65,38 66,40 / 30,76 50,62 70,76
20,20 80,80 / 50,10 50,90 / 80,20 20,80 / 10,50 90,50
10,60 26,35 42,60 58,35 74,60 90,35
55,8 25,55 70,50 40,92
80,15 20,50 80,85
60,10 40,20 40,42 25,50 40,58 40,80 60,90
"""


def make_unreadable(
    images: Float[Tensor, "batch height width"], labels: Int[Tensor, " batch"], share: float, generator: Generator
) -> tuple[Float[Tensor, "batch height width"], Int[Tensor, " batch"]]:
    """Makes the last `share` of the images unreadable, and labels them NONE.

    A quarter each are two digits over each other, two side by side, scribbles, and symbols.
    """
    limits = [round(share * len(images) * quarter / 4) for quarter in range(5)]
    if not limits[-1]:
        return images, labels
    crossed, beside, scribbles, symbols = (after - before for before, after in pairwise(limits))
    made = [
        _crossed(images, labels, crossed, generator),
        _side_by_side(images, beside, generator),
        _scribbles(images, scribbles, generator),
        _symbols(images, symbols, generator),
    ]
    kept = len(images) - limits[-1]
    return torch.cat([images[:kept], *made]), torch.cat([labels[:kept], torch.full_like(labels[kept:], NONE)])


def _crossed(
    images: Float[Tensor, "batch height width"], labels: Int[Tensor, " batch"], count: int, generator: Generator
) -> Float[Tensor, "count height width"]:
    """Two digits over each other, the second on its side; without ones, which would bar a seven, or slash a zero."""
    ones = labels == ONE
    others = ones.to(torch.uint8).argsort(stable=True)  # the ones are last
    # The number of the others stays on the device: a GPU would have to be waited for.
    chosen = torch.rand(2, count, generator=generator, device=images.device) * (~ones).sum()
    first, second = images[others[chosen.long()]]
    return torch.maximum(first, second.rot90(dims=(1, 2)))


def _side_by_side(
    images: Float[Tensor, "batch height width"], count: int, generator: Generator
) -> Float[Tensor, "count height width"]:
    """Two digits side by side, each half as wide, in the space of one."""
    side = images.shape[-1]
    pair = images[torch.randint(len(images), (count, 2), generator=generator, device=images.device)]
    halves = F.interpolate(pair, size=(side * 2 // 3, side // 2), mode="bilinear", antialias=True, align_corners=False)
    row = halves.transpose(1, 2).flatten(start_dim=2)
    above = (side - row.shape[1]) // 2
    return F.pad(row, (0, side - row.shape[2], above, side - row.shape[1] - above))


def _scribbles(
    images: Float[Tensor, "batch height width"], count: int, generator: Generator
) -> Float[Tensor, "count height width"]:
    """A line with random turns, about as large and as thick as a digit."""
    device = images.device
    points = 0.15 + 0.7 * torch.rand(count, MOST + 1, 2, generator=generator, device=device)
    strokes = torch.randint(FEWEST, MOST + 1, (count, 1), generator=generator, device=device)
    drawn = torch.arange(MOST, device=device) < strokes
    return _draw(points[:, :-1], points[:, 1:], drawn, images, generator)


def _symbols(
    images: Float[Tensor, "batch height width"], count: int, generator: Generator
) -> Float[Tensor, "count height width"]:
    """One of the SYMBOLS, of any size and slant, its points moved a little."""
    device = images.device
    lines, drawn = _symbol_lines(device)
    which = torch.randint(len(lines), (count,), generator=generator, device=device)
    size = 0.5 + 0.35 * torch.rand(count, 1, 1, 2, generator=generator, device=device)
    slant = 0.3 * (torch.rand(count, 1, 1, generator=generator, device=device) - 0.5)
    jitter = 0.06 * (torch.rand(count, *lines.shape[1:], generator=generator, device=device) - 0.5)
    x, y = ((lines[which] + jitter - 0.5) * size).unbind(dim=-1)
    start, end = (torch.stack([x - slant * y, y], dim=-1) + 0.5).unbind(dim=2)
    return _draw(start, end, drawn[which], images, generator)


@functools.cache
def _symbol_lines(device: torch.device) -> tuple[Float[Tensor, "symbols lines 2 2"], Bool[Tensor, "symbols lines"]]:
    """Both ends of each line of each symbol, and which lines there are."""
    symbols = []
    for symbol in SYMBOLS.strip().splitlines():
        strokes = [[tuple(map(float, point.split(","))) for point in stroke.split()] for stroke in symbol.split(" / ")]
        symbols.append([ends for stroke in strokes for ends in pairwise(stroke)])
    most = max(map(len, symbols))
    lines = torch.tensor([[*symbol, *[symbol[-1]] * (most - len(symbol))] for symbol in symbols], device=device) / 100
    counts = torch.tensor([len(symbol) for symbol in symbols], device=device)
    return lines, torch.arange(most, device=device) < counts[:, None]


def _draw(
    start: Float[Tensor, "count lines 2"],
    end: Float[Tensor, "count lines 2"],
    drawn: Bool[Tensor, "count lines"],
    images: Float[Tensor, "batch height width"],
    generator: Generator,
) -> Float[Tensor, "count height width"]:
    """Draws lines between points in shares of the images' side, about as thick as a digit's."""
    count, lines = drawn.shape
    side = images.shape[-1]
    thickness = (1.5 + 2.5 * torch.rand(count, 1, generator=generator, device=images.device)) * side / 28
    paper = images.new_zeros(count * lines, *images.shape[1:])
    ends = (side * start.flatten(0, 1), side * end.flatten(0, 1))
    strokes = draw_stroke(paper, *ends, thickness.expand(-1, lines).flatten(), drawn.flatten())
    return strokes.unflatten(0, (count, lines)).amax(dim=1)
