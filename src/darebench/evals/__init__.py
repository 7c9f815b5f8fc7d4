"""Many attempts, scored, on disk: evaluation on Inspect AI."""
