"""Read a written workflow back from a question's text: columns, kinds, settings, ranges."""

VERSION = 1
"""Version of what the reader makes of a text; a store's settings hold the one it was curated with.

It is counted by hand and not hashed from the source, because what a store depends on is the
reader's answers: a rename must not change stores, and a better reader must not change them unseen.
"""
