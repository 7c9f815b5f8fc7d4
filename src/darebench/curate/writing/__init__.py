"""From a draft to the files of a dataset: settings, noise rows, questions, metadata."""
