"""Sessions: processes at rest, steps that are forked off them, and the files that go with each."""
