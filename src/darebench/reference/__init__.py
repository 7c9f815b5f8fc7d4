"""The answer key of IF tasks as a program: computed, cached, and proven to follow from the text."""
