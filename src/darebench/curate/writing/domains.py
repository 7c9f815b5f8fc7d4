"""Finds what a table is about: one of the paper's domains, by the words of its page and columns.

Each domain has word stems of two weights. A stem counts by where it stands (the title before the
page's opening, the columns' meanings and their names) and grows with the logarithm of its count, so
that a word in forty columns does not outvote a title. Sources and references are left out: a
journal's name says nothing of the table.
"""

from __future__ import annotations

import math
import re
from collections import Counter

from darebench.curate.records import Table

OTHER = "other"
_STRONG, _WEAK = 3.0, 1.0
_TITLE, _OPENING, _MEANINGS, _PAGE, _NAMES = 4.0, 2.0, 1.5, 0.6, 0.8
"""How much a word counts by where it stands."""
_OPENING_LENGTH = 400
_LEAST = 6.0
"""Points under which a table is about nothing that has a name."""
_STEMS = {
    "finance": (
        "financ loan credit mortgage invest$ investing investment investor inflation econom gdp "
        "gnp bond$ bonds dividend portfolio wage salar earning income interest$ macroeconom "
        "unemploy labor$ labour$ fiscal monetar currenc exchange$ tax$ taxes taxa$ commodit "
        "gold$ oil$ bank banks banking stock$ stocks price prices pricing debt wealth pension "
        "trade$ tariff workinghours welfare$ subsid housing homes$ owner-occupied real-estate "
        "rent$ rents rental asset treasur futures savings",
        "market cost$ costs dollar usd$ euro insurance$ house$ home$ yield$ option$ consumption "
        "expenditure budget money$ return$ returns premium per-capita capital job$ jobs worked "
        "value rate$",
    ),
    "health": (
        "health patient disease medic clinic cancer tumor tumour hospital blood drug$ drugs "
        "mortal diabet infant newborn birthweight bwght birth$ births pregnan surviv transplant "
        "surg symptom diagnos therap epidemi cholera virus infect vaccin hiv aids$ heart$ "
        "stroke cardi liver kidney bladder lung leukemia leukaemia lymphoma marrow lesion ulcer "
        "gastro intestin pharmac placebo physician doctor nurse smok alcohol drinking drinks "
        "obes cholesterol hypertens depress$ anxiety asthma epilep malignan carcinoma biopsy "
        "dental pulse plasma prenat mammogra neuro brain$ dementia alzheimer protein$ genes$ "
        "genom chromosom weightloss weight-loss youth-risk serum gammopathy hearing randomised$ "
        "randomized$ arthritis mental$ sleep nutrition calor",
        "treatment$ trial dose death$ deaths died risk$ weeks$ mother$ censor glucose body$ bmi "
        "weight$ pain$ age$ gender$ recurrence subject$",
    ),
    "business": (
        "customer retail marketing restaurant burger hotel sales$ advertis brand consumer shop "
        "store$ supermarket airline$ diamond compan$ company companies manufactur industr "
        "employee producer entrepreneur franchise churn purchase merchand startup",
        "firm$ firms product$ products business$ service$ quality order$ orders demand profit "
        "revenue electricity",
    ),
    "environment": (
        "species plant$ plants animal climat weather temperature pollut ozone soil forest rain "
        "snow bird fish$ fishes fishing fisher$ perch tree$ trees river earthquake ocean sea$ "
        "lake wind$ ecolog wildlife crop wheat$ barley corn$ yield$ agricult farm cow$ cows "
        "cattle milk$ sheep chick chicks flower leaf leaves insect fruitfl fly$ flies beetle "
        "spider spruce pine$ habitat marine seal$ seals whale beaver penguin mammal carbon$ co2 "
        "emission$ atmospher solar$ sunspot el-nino oscillation microorganism micro-organism "
        "sewage toxicity aquatic volcano seismic richter hurricane$ storm$ tornado tide$ "
        "glacier sulfur$ sulphur$ nitrogen$ herbicide pesticide fungicide lemna algae lizard "
        "frog toad deer wolf bear$ bears squid crab crabs oyster moth$ butterfly garden seed$ "
        "seeds global-warming warming drought flood geyser eruption mineral",
        "water$ air$ growth$ variety block$ plot$ plots field$ depth altitude latitude "
        "precipitation humidity diet$ ph$",
    ),
    "automotive": (
        "car$ cars vehicle automobil motorcycl mpg mileage horsepower odometer traffic$ driver "
        "seatbelt$ seat-belt accident collision highway$ speed-limit engine$ carburet truck "
        "sedan fuel$ transmission ethanol$",
        "crash cylinder miles$ speed$ road$ gasoline driving fatalit",
    ),
    "technology": (
        "software computer$ computers internet network$ email e-mail spam website web$ "
        "smartphone ssd$ disk$ memory$ phone$ phones device$ server$ program$ algorithm laptop "
        "digital semiconductor chip$ solder$ soldering processor cpu$ online-$ app$ apps "
        "download pixel robot",
        "data-mining code$ user$ users image$ signal",
    ),
    "education": (
        "school education student teacher college$ exam$ exams gpa$ colgpa classroom class-size "
        "test-score lsat$ sat$ act$ literacy kindergarten tutor academic lecture$ undergraduate "
        "graduate math$ mathematics achievement$ lawsch",
        "grade$ grades reading$ score$ scores teach learning$ faculty enroll enrol$",
    ),
    OTHER: (
        "election vote voter voting votes poll$ polls polling$ party$ parties political$ "
        "politic congress senate president presidential parliament governor minister democrat "
        "republican crime murder homicide prison incarcerat arrest execution$ police victim "
        "titanic passenger$ sport baseball basketball football soccer golf putt putts player$ "
        "players team$ teams league season$ olympic nba nfl ncaa tournament movie film$ music "
        "song artist artwork artworks gallery novel game$ show$ contestant baker bakers episode "
        "personality psycholog attitude religio war$ wars conflict$ militar refugee migration "
        "census country$ countries iso$ language$ ideology flight$ flights airport aircraft "
        "aviation simulated fake artificial racial firefighter judg court air-crash airplane "
        "runner running$ lawsuit letters astronom star$ stars planet chess poker lottery "
        "television approval satisfaction probabilities estimate$",
        "community opinion people$ person$ population survey$ book$ race$ gender$ history "
        "historical marriage divorce",
    ),
}
"""Domain -> stems that say much, and stems that say little; one with `$` is a whole word."""
DOMAINS = tuple(name for name in _STEMS if name != OTHER)
_OTHER_MEANINGS = re.compile(
    r"world bank|data bank|bank of questions|of course|in the course|course of|for example|"
    r"search engine|table of contents|power plants?|home page|web ?(?:site|page)s?|"
    r"data ?frame|class(?:es)? `|of class\b|oak park|network of|birth ?dates?|date of birth|"
    r"interest(?:ed|ing) in|of interest|student's (?=\(|t\b|sleep)|"
    r"food commodity|blue book|text ?book|"
    r"years? of (?:formal )?(?:education|schooling)|"
    r"number of observations|_observation_|_country_|university of \w+|\w+ university|"
    r"stata|r package|package|in cases? of|values? of|the order|in order|stock[- ]?photo",
    re.IGNORECASE,
)
"""Phrases that hold a domain's word in another meaning."""
_LEFT_OUT = re.compile(
    r"^(?:source|references?|examples?|see also|author\(?s?\)?|notes?|usage)\s*$.*?"
    r"(?=^(?:description|format|details|value)\s*$|\Z)",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)
_SOURCE_LINE = re.compile(
    r"^\W*(?:\w+ )?source:.*?(?:\n\s*\n|\Z)", re.IGNORECASE | re.M | re.DOTALL
)


def find_domain(table: Table) -> str:
    """Choose the domain whose words the page and the columns use most."""
    raw = table.raw
    names = [str(name) for name in raw.frame.columns]
    return domain_of(raw.title, raw.about, names, list(raw.descriptions.values()), raw.keywords)


def domain_of(
    title: str, about: str, names: list[str], meanings: list[str], keywords: tuple[str, ...] = ()
) -> str:
    """Choose a domain by a page's texts; `OTHER` where none stands out.

    Args:
        title: The page's title.
        about: Its text.
        names: The columns' names.
        meanings: The columns' descriptions.
        keywords: Its keywords.
    """
    page = _SOURCE_LINE.sub(" ", _LEFT_OUT.sub(" ", about))
    parts = (
        (_TITLE, " . ".join([title, *keywords])),
        (_OPENING, page[:_OPENING_LENGTH]),
        (_PAGE, page[_OPENING_LENGTH:]),
        (_MEANINGS, " . ".join(meanings)),
        (_NAMES, " . ".join(names)),
    )
    counts = [(weight, Counter(_words(text))) for weight, text in parts]
    points = {name: _points(name, counts) for name in _STEMS}
    best = max(DOMAINS, key=lambda name: points[name])
    return best if points[best] >= _LEAST and points[best] > points[OTHER] else OTHER


def _words(text: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", _OTHER_MEANINGS.sub(" ", text))
    return re.findall(r"[a-z][a-z0-9'-]*", spaced.lower())


def _points(domain: str, counts: list[tuple[float, Counter[str]]]) -> float:
    total = 0.0
    for stems, much in zip(_STEMS[domain], (_STRONG, _WEAK), strict=True):
        for stem in stems.split():
            for weight, words in counts:
                total += weight * much * math.log1p(_count(stem, words))
    return total


def _count(stem: str, words: Counter[str]) -> int:
    if stem.endswith("$"):
        return words[stem[:-1]]
    return sum(n for word, n in words.items() if word.startswith(stem))
