"""Python packages that ship real tables: a list of them, their files, and their documentation.

Nothing of a package runs: its files are read as files, and its docstrings out of parsed source.
"""
