"""Reads one data file: its container, encoding, dialect and header, and what is no row of it."""
