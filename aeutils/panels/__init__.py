"""What learners drag: the latent explorer, sliders over a picture, a film of pictures.

panel      what they all are: controls and pictures, drawn by panel.js in the browser
explorer   `explore`: a point on the map of the codes, and what the decoder draws there
decoder    translates a decoder for panel.js; png writes pictures
sliders    `slider_picture`, `slider_figure`, `film`

What a file names in its `__all__` is in `aeutils`.
"""
