"""The retina: square patches of an image around a location, at one or several scales."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn


class Windows(NamedTuple):
    """Every patch that a batch of images could show."""

    views: list[Float[Tensor, "batch rows columns glimpse glimpse"]]
    """For each scale all patches, indexed by the place of their centre; they are views of one image."""
    middle: Float[Tensor, " 2"]
    """Half the width and half the height of the images, in pixels."""


class GlimpseSensor(nn.Module):
    """Extracts concentric patches around a location (specification 1; paper section 3.1).

    The patch at scale s covers (glimpse_size * 2**s) pixels a side and is averaged down to glimpse_size.
    Patches fall on whole pixels: an even window is centred on the pixel corner nearest to the location,
    an odd one on the pixel that contains it. Beyond the border the image is zero.

    Locations are (x, y) in [-1, 1]: (-1, -1) is the outer corner of the top-left pixel, (1, 1) that of
    the bottom-right one. No gradient flows to a location.
    """

    def __init__(self, glimpse_size: int = 8, num_scales: int = 1) -> None:
        super().__init__()
        self.glimpse_size = glimpse_size
        self.num_scales = num_scales

    def forward(
        self, image: Float[Tensor, "*batch height width"], location: Float[Tensor, "*batch 2"]
    ) -> Float[Tensor, "*batch features"]:
        """Returns the patches of all scales, finest first, each row by row, flattened.

        Raises:
            ValueError: the image and the location do not fit together, or the location is outside [-1, 1].
        """
        if image.dim() not in (2, 3) or location.shape != (*image.shape[:-2], 2):
            raise ValueError(
                f"image {tuple(image.shape)} and location {tuple(location.shape)} do not fit: expected "
                "(H, W) with (2,), or (B, H, W) with (B, 2)"
            )
        if not bool((location.abs() <= 1).all()):
            raise ValueError(f"location is {location.tolist()}: expected (x, y) in [-1, 1]")
        single = image.dim() == 2
        images, locations = (image[None], location[None]) if single else (image, location)
        row = torch.arange(len(images), device=image.device)
        patches = self.look(self.windows(images), row, locations).flatten(start_dim=1)
        return patches.squeeze(dim=0) if single else patches

    def windows(self, images: Float[Tensor, "batch height width"]) -> Windows:
        """Every patch that could be seen.

        Coarser scales are box-averaged here, each from the one before, so that a look only has to index.
        """
        averaged, views = images, []
        for scale in range(self.num_scales):
            cell = 2**scale
            if scale > 0:
                half = cell // 2
                padded = F.pad(averaged, (half,) * 4)
                halves = padded[:, :-half] + padded[:, half:]
                averaged = (halves[..., :-half] + halves[..., half:]) * 0.25
            # `averaged` now holds the means of all squares of cell x cell pixels that touch the image; windows reach
            # further.
            size = self.glimpse_size * cell
            wide = F.pad(averaged, (size // 2 - cell + 1,) * 4)
            reach = size - cell + 1
            views.append(wide.unfold(1, reach, 1).unfold(2, reach, 1)[..., ::cell, ::cell])
        return Windows(views, _middle(images, *images.shape[1:]))

    def look(
        self, windows: Windows, row: Int[Tensor, " batch"], location: Float[Tensor, "batch 2"]
    ) -> Float[Tensor, "batch scales glimpse glimpse"]:
        """The patches that image `row` of `windows` shows at each location."""
        # The padding is half a window wide, so the index of a window is the place of its centre in the image.
        patches = []
        for view, centre in zip(windows.views, self._centres(location, windows.middle), strict=True):
            column, line = centre.unbind(dim=-1)
            patches.append(view[row, line, column])
        return torch.stack(patches, dim=1)

    def corners(self, location: Float[Tensor, "*batch 2"], height: int, width: int) -> Int[Tensor, "*batch scales 2"]:
        """The (x, y) of each window's top-left pixel; negative where the window reaches beyond the image."""
        centres = self._centres(location, _middle(location, height, width))
        sizes = [self.glimpse_size * 2**scale for scale in range(self.num_scales)]
        return torch.stack([centre - size // 2 for centre, size in zip(centres, sizes, strict=True)], dim=-2)

    def _centres(
        self, location: Float[Tensor, "*batch 2"], middle: Float[Tensor, " 2"]
    ) -> list[Int[Tensor, "*batch 2"]]:
        """For each scale the (x, y) of the pixel corner, or of the pixel, that its window is centred on."""
        # Detached: a position on the pixel grid has no useful derivative, and a supervised gradient
        # through the location would bypass the policy (paper section 3.2).
        # A network that has diverged gives no location: what it then sees is the corner, and not an error of an index,
        # which on a GPU would end the process.
        place = torch.addcmul(middle, location.detach(), middle).nan_to_num()
        centres = [(place + 0.5).long()] * self.num_scales
        if self.glimpse_size % 2:  # only the finest window is odd
            # The far border belongs to the last pixel.
            centres[0] = torch.minimum(place.long(), (2 * middle).long() - 1)
        return centres


def _middle(like: Tensor, height: int, width: int) -> Float[Tensor, " 2"]:
    # Filled on the device: a copy from the host could not be recorded for a GPU.
    return torch.stack([torch.full((), side / 2, dtype=like.dtype, device=like.device) for side in (width, height)])
