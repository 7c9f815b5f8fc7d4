"""The notebook agent: plans, runs cells in a session, debugs, and drops what turned out wrong.

Its four stages are those of DatawiseAgent (arXiv 2503.07044).
"""
