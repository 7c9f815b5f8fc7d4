"""What a table looks like: cleaned, its columns profiled, its times found."""
