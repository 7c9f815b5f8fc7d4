"""Inspect AI as the engine of evaluations: its task, models, sandbox and logs are ours here."""
