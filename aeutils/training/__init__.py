"""How a model is fitted: the run and its steps, checkpoints, several devices, the history of losses."""
