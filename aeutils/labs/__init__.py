"""The exercises of the labs, one file a lab: `from aeutils.labs.lab1 import lab`."""
