"""What runs in the caller's process: spare processes, one call's streams and files."""
