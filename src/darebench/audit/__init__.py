"""Check whether a task is worth asking: checks of single tasks and of whole stores.

`checks` holds one module a check and the registry of all of them. The modules beside it measure
what the checks judge by: leaks, random walks, headroom, near-duplicates, what a reader understands.
"""
