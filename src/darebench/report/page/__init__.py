"""Pages: one self-contained file each, which needs no network and escapes everything hostile."""
