"""What learners drag, train or answer: the explorer, training in the page, sliders over a picture, films, predictions.

panel      what is dragged: controls and pictures, drawn by panel.js in the browser
explorer   `explore`: a point on the map of the codes, and what the decoder draws there
network    takes a network to the browser; engine/ computes it there, forward and backward; png writes pictures
bundle     the modules of a panel as one script, for a page that has no other files
sliders    `slider_picture`, `slider_figure`, `film`
train      `train_live`: an autoencoder that learns in the page; live/ trains and draws, in a worker
draw       `draw`: a drawing through encoder and decoder; pad/ draws and computes, placing and precision make it small
embedded   what all of them are: a widget that a page without a kernel holds, too
predict    `predict`: a question before the cell that answers it; predict.js draws it

What a file names in its `__all__` is in `aeutils`.
"""
