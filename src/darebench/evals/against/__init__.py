"""Predictions set against the truth, as plain data for reports; who sees it sees the truth."""
