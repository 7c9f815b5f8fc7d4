"""Publish a store on the Hugging Face hub, with the documents that describe it."""
