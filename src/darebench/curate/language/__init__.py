"""Curation with a language model: designs tasks, rewrites questions, reads them back."""
