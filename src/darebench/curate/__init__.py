"""Make verified tasks of any table: sources, profiles, designs, questions, proofs."""
