"""Losses, divergences and likelihoods, and the model of which all of them are known exactly."""
