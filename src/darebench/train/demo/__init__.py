"""Learning shown from nothing: a small model, tasks curated by us, SFT and GRPO, on a CPU."""
