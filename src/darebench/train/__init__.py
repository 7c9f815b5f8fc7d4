"""Rewards, and the glue between attempts and the libraries that train on them."""
