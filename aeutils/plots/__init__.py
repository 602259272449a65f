"""Figures in the course's style: images, curves, maps of codes; `describe` shows them with a text."""
