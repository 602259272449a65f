"""How well whole photographs are enlarged, measured as in published comparisons."""

from collections.abc import Sequence
from statistics import mean

from aeutils.checks import checked
from aeutils.checks.measuring import measuring
from aeutils.checks.tensors import Images
from aeutils.data.base import as_float
from aeutils.images.quality import psnr_y
from aeutils.models import EDSR
from aeutils.models.superresolution import resize


@checked
def of_photographs(model: EDSR, photos: Sequence[Images("3 _ _", stored=True)]) -> dict[str, float]:
    """PSNR in dB of Y of whole photographs uint8 [3, H, W], mean over photographs; the rows and columns that a multiple
    of the scale leaves over are cut off, and a border of the scale, as in published comparisons."""
    ours, bicubic, scale = [], [], model.scale
    for photo in photos:
        height, width = (side // scale * scale for side in photo.shape[1:])
        if min(height, width) < 3 * scale:
            raise ValueError(f"a photograph of {list(photo.shape)} is too small for a scale of {scale}; leave it out")
        x = as_float(photo[None, :, :height, :width])
        small = (resize(x, 1 / scale) * 255).round() / 255  # published small pictures are files
        with measuring(model):
            ours.append(psnr_y(model.upscale(small), x, scale))
        bicubic.append(psnr_y(resize(small, scale), x, scale))
    return {
        "psnr_photographs": mean(ours),
        "psnr_photographs_bicubic": mean(bicubic),
    }
