"""What learners drag: the latent explorer, sliders over a picture, a film of pictures. All are panels (kit.py)."""

from aeutils.panels.explorer import explore
from aeutils.panels.panel import Panel
from aeutils.panels.sliders import film, slider_figure, slider_picture

__all__ = ["Panel", "explore", "film", "slider_figure", "slider_picture"]
