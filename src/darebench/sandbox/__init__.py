"""Runs hostile Python: a program and its limits in, an outcome out."""
