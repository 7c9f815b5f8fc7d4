"""The on-disk format of tasks, in both directions: the public release's layout."""
