"""darebench: evaluate and train LLM agents on verifiable data-science tasks (arXiv 2602.24288)."""

__version__ = "0.1.0"
