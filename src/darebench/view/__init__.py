"""The local page: stores, runs, curations, audits and trainings, served to a browser here."""
