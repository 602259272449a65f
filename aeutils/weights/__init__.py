"""Trained weights with the recipes that made them: saving, loading, packing, and the sets of the course."""
