"""Reading a written workflow back from its text: columns, ranges, kinds, steps."""
