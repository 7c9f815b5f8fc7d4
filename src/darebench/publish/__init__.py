"""Publishing a store: its documents, and its way to the Hugging Face hub."""
