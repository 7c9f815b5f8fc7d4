"""Runs and stores in other people's formats: one module a format, files in and files out."""
