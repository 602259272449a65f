"""The way into the notebooks: JupyterLab's start and settings, the set-up cell, the doctor."""
