"""Judge whether anybody would ask for a target: an opinion of its own beside the designer's.

`page` reads the title, the text and the descriptions from what an agent is given; `evidence`
collects what speaks for a column and against it; `verdicts` weighs it. `words` holds the
vocabulary.

Nothing here is shared with curation's designer, so that an audit is not the designer's own opinion
repeated, and nothing needs more than a written task, so that any store can be judged.
"""
