"""Reads one data file: its container, encoding, dialect and header, and which rows are not data."""
