"""Writes what a prediction is for: what the target means, and the title of its page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from darebench.curate.records import Table
from darebench.curate.writing.column_labels import phrase_of
from darebench.curate.writing.metadata import clean_title
from darebench.curate.writing.vary import draw, listed
from darebench.instructions.reader import read_ranges

_OF_BOTH = (
    "[With it|With that], {meaning} [is|can be] [estimated|told in advance] for [rows|cases] that "
    "[have no value yet|lack it]; the [table|data] is “{title}”.",
    "The [data|table], “{title}”, [serves|is used] here to [estimate|work out] {meaning} from the "
    "other columns.",
    "[The point is|The use of it is|It serves] to know {meaning} where it was not recorded; the "
    "rows are [taken from|part of] “{title}”.",
    "[What is wanted|Wanted] is {meaning}, [as in|for the rows of] “{title}”.",
    "“{title}” is the [source|origin] of the rows, and {meaning} is [what must be "
    "foretold|the quantity of interest|what a user of the model asks for].",
)
_OF_MEANING = (
    "[The point is|The use of it is|It serves] to know {meaning} where it was not recorded.",
    "[What is wanted|Wanted] is {meaning}.",
    "[With it|With that], {meaning} [is|can be] [estimated|told in advance] for [rows|cases] that "
    "[have no value yet|lack it].",
    "{meaning_first} is [what must be foretold|the quantity of interest|what a user of the model "
    "asks for].",
)
_OF_TITLE = (
    "The rows are [taken from|part of] “{title}”.",
    "“{title}” is the [source|origin] of the rows.",
    "The [data|table] is “{title}”, [and the rest of a row is to tell its target|in which the "
    "other columns are to tell the target].",
    "It is [meant|made] for rows [like those|as they are] of “{title}” whose target is unknown.",
)


def write_purpose(table: Table, targets: Sequence[str], rng: np.random.Generator) -> str:
    """Write one sentence on what a prediction of the targets is for.

    Returns:
        A sentence; empty where the page has neither a title nor descriptions of all targets.
    """
    title = clean_title(table.raw.title)
    title = "" if len(title.split()) < 2 or read_ranges(title) else title
    said = Counter(phrase_of(table.describe(str(name))) for name in table.frame.columns)
    phrases = [phrase_of(table.describe(target)) for target in targets]
    is_told = all(phrase and said[phrase] <= 1 for phrase in phrases)
    meaning = listed(phrases) if is_told else ""
    if meaning and not re.match(r"(?:the|whether|how)\b", meaning) and len(phrases) == 1:
        meaning = f"the {meaning}"
    known = {"title": title, "meaning": meaning, "meaning_first": meaning[:1].upper() + meaning[1:]}
    if not meaning:
        return draw(_OF_TITLE, rng, **known) if title else ""
    wordings = _OF_BOTH if title else _OF_MEANING
    if re.match(r"(?:whether|how)\b", meaning):  # a clause, which only a verb can carry
        wordings = [text for text in wordings if re.search(r"know|work out", text)]
    return draw(wordings, rng, **known)
