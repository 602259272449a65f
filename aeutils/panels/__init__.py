"""What learners drag: the latent explorer, sliders over a picture, a film of pictures. All are panels (kit.py)."""

from aeutils.widgets.explorer import explore
from aeutils.widgets.kit import Panel
from aeutils.widgets.sliders import film, slider_figure, slider_picture

__all__ = ["Panel", "explore", "film", "slider_figure", "slider_picture"]
