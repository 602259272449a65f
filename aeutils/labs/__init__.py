"""The exercises of the labs, one file a lab, named after its subject: `ae.lab(2)`."""

import importlib

SUBJECTS = ("kl_divergence", "undercomplete", "sparse_and_contractive", "denoising", "context_encoder", "vae")


def lab(number: int):
    """The exercises of a lab (`exercises.lab.Lab`), 1 to 6. ValueError for another number."""
    if number not in range(1, len(SUBJECTS) + 1):
        raise ValueError(f"there is no lab {number!r}; expected a number from 1 to {len(SUBJECTS)}")
    return importlib.import_module(f"aeutils.labs.{SUBJECTS[number - 1]}").lab
