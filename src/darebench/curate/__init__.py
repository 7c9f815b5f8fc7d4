"""Any table in, verified tasks out: sources, profile, design, post-processing, questions, audit."""
