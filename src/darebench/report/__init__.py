"""Runs as tables and as one page: summarised first, rendered second."""
