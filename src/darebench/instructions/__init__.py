"""Read a written workflow back from a question's text: columns, kinds, settings, ranges.

The scripted agent, the audit and curation share this reader.
"""

VERSION = 2
"""Version of the reader's answers, which a store's settings record.

Curation keeps a question only if the reader gets the workflow back from it, so another reader makes
other stores. The version is counted by hand rather than hashed from the source: a rename must not
change stores. A golden file of readings fails its test where the answers change and this does not.
"""
