"""Words that name what several rows belong to, in names of columns and in what is said of them."""

from __future__ import annotations

import re

UNITS = frozenset(
    (
        "subj", "subject", "subjects", "person", "persons", "pers", "people", "individual",
        "indiv", "respondent", "participant", "patient", "pat", "proband", "volunteer", "rater",
        "judge", "reader", "observer", "examiner", "interviewer", "student", "pupil", "teacher",
        "child", "kid", "infant", "baby", "mother", "mom", "parent", "sibling", "twin", "pair",
        "dyad", "couple", "family", "fam", "household", "hh", "hhold", "hhid", "litter", "dam",
        "sire", "animal", "rat", "mouse", "mice", "dog", "cat", "cow", "bull", "pig", "sow",
        "horse", "sheep", "chick", "bird", "fish", "monkey", "ewe", "calf", "plant", "tree",
        "shrub", "nest", "plot", "pen", "cage", "herd", "flock", "farm", "farmer", "field",
        "orchard", "pond", "lake", "stream", "river", "island", "colony", "hive", "school", "sch",
        "schl", "classroom", "class", "district", "distr", "dist", "county", "cnty", "town",
        "village", "vill", "precinct", "tract", "municipality", "parish", "commune", "community",
        "neighborhood", "neighbourhood", "township", "firm", "company", "comp", "corp", "employer",
        "establishment", "establ", "bank", "branch", "store", "shop", "brand", "dealer",
        "hospital", "hosp", "clinic", "ward", "center", "centre", "doctor", "physician", "surgeon",
        "nurse", "practice", "user", "customer", "client", "buyer", "seller", "account", "member",
        "owner", "driver", "player", "team", "club", "athlete", "author", "writer", "artist",
        "painter", "speaker", "actor", "worker", "employee", "manager", "ceo", "country", "cntry",
        "nation", "state", "province", "city", "cluster", "cohort", "batch", "lot", "run", "site",
        "station", "well", "specimen", "sample", "slide", "eye", "tooth", "quake", "earthquake",
        "storm", "event", "ship", "vessel", "aircraft", "id", "ids", "pid", "uid", "sid", "gid",
        "cid", "hid", "ident", "identifier", "idnum", "idno", "caseid", "recid",
    )
)  # fmt: skip
"""What data are collected of, and what their numbers are called."""
PLACES = frozenset(
    (
        "country", "cntry", "nation", "state", "province", "city", "county", "cnty", "town",
        "district", "distr", "dist", "class", "event", "sample", "run", "lot", "site", "station",
        "brand", "team", "center", "centre", "cluster", "plant", "manager", "author",
    )
)  # fmt: skip
"""Units that are plain features as often: something else must say that they name groups."""
TIMES = frozenset(
    (
        "date", "time", "datetime", "timestamp", "year", "month", "week", "day", "quarter",
        "season",
    )
)  # fmt: skip
"""Words of columns that say when."""
SUFFIX = re.compile(r"(ids?|ident|nr|no|num|number|code|cd|key|name|label|index)\d*")
"""Last words of the names of numbers and codes."""
_OWNERS = (
    "subject|person|patient|school|firm|family|household|district|company|student|animal|plant|cow|"
    "rat|mouse|tree|litter|site|hospital|country|county|state"
)
SAID = re.compile(
    r"\b(?:identif(?:ier|ies|ying|ication)|unique (?:id|number|code|label)|"
    r"(?:id|code) (?:number|of|for)|id\b|serial number|"
    rf"(?:{_OWNERS})\W{{0,3}}s?\W?(?:id|ids|number|no\.?|code|identity|label|name)\b)",
    re.I,
)
"""What is said of identifiers."""
SAID_OF_UNIT = re.compile(
    r"\b(?:factor|codes?|label|index|indicating|identifying|giving)\b[^.;]{0,60}"
    r"\b(?:subjects?|persons?|individuals?|patients?|schools?|firms?|compan(?:y|ies)|famil(?:y|ies)|"
    r"households?|students?|animals?|participants?|children|child|rats?|mice|mouse|cows?|trees?|"
    r"litters?|hospitals?|clinics?|villages?|earthquakes?|chicks?|plants?)\b",
    re.I,
)
"""What is said of factors that tell units apart."""
