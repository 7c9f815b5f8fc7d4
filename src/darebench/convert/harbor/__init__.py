"""Tasks of a store as task folders of Harbor (schema 1.4), which grade themselves."""
