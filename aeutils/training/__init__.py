"""How a model is fitted: its settings, the run, its steps and what runs them, checkpoints, several processes."""
