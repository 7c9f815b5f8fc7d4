"""What to make of a table: targets, features, splits, and what there is to win."""
