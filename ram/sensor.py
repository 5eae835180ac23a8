"""The retina: square patches of an image around a location, at one or several scales."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn


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

    def windows(self, images: Float[Tensor, "batch height width"]) -> list[Tensor]:
        """Every patch that could be seen, for each scale a view (batch, rows, columns, glimpse, glimpse).

        Coarser scales are box-averaged once here, each from the one before, so that each look is only an
        indexing.
        """
        averaged, views = images, []
        for scale in range(self.num_scales):
            cell = 2**scale
            if scale > 0:
                half = cell // 2
                padded = F.pad(averaged, (half,) * 4)
                halves = padded[:, :-half] + padded[:, half:]
                averaged = (halves[..., :-half] + halves[..., half:]) * 0.25
            # Now the means of all squares of cell x cell pixels that touch the image. Windows reach further.
            size = self.glimpse_size * cell
            wide = F.pad(averaged, (size // 2 - cell + 1,) * 4)
            reach = size - cell + 1
            views.append(wide.unfold(1, reach, 1).unfold(2, reach, 1)[..., ::cell, ::cell])
        return views

    def look(
        self, windows: list[Tensor], row: Int[Tensor, " batch"], location: Float[Tensor, "batch 2"]
    ) -> Float[Tensor, "batch scales glimpse glimpse"]:
        """The patches that image `row` of `windows` shows at each location."""
        corners = self.corners(location, *self._image_size(windows))
        patches = []
        for scale, view in enumerate(windows):
            # The padding is half a window wide, so a window's place among all windows is its corner's
            # place in the image, counted from where the first one starts.
            left, top = (corners[:, scale] + self.glimpse_size * 2**scale // 2).unbind(dim=-1)
            patches.append(view[row, top, left])
        return torch.stack(patches, dim=1)

    def corners(self, location: Float[Tensor, "*batch 2"], height: int, width: int) -> Int[Tensor, "*batch scales 2"]:
        """The (x, y) of each window's top-left pixel; negative where the window reaches beyond the image."""
        # Detached: a position on the pixel grid has no useful derivative, and a supervised gradient
        # through the location would bypass the policy (paper section 3.2).
        place = (location.detach() + 1) / 2 * location.new_tensor([width, height])
        corners = []
        for scale in range(self.num_scales):
            size = self.glimpse_size * 2**scale
            if size % 2 == 0:
                centre = (place + 0.5).long()
            else:
                # The far border belongs to the last pixel: there is none beyond it.
                centre = torch.minimum(place.long(), torch.tensor([width - 1, height - 1], device=place.device))
            corners.append(centre - size // 2)
        return torch.stack(corners, dim=-2)

    def _image_size(self, windows: list[Tensor]) -> tuple[int, int]:
        """Height and width of the images that the windows were cut from."""
        spare = 1 - self.glimpse_size % 2  # even windows have one place more than there are pixels
        return windows[0].shape[1] - spare, windows[0].shape[2] - spare
