"""The attacks that the sandbox has to withstand: one registry for the tests and for users.

Layers: attack -> reach, system_calls, resources, results, poison -> run.
"""
