"""Words for what people want to know, and for what is only ever known beside it."""

from __future__ import annotations

import re

OUTCOME_NAMES = frozenset(
    (
        "target", "outcome", "response", "resp", "label", "labels", "churn", "default", "fraud",
        "survived", "survival", "died", "death", "dead", "deceased", "mortality", "attrition",
        "diagnosis", "event", "relapse", "recurrence", "recur", "approved", "denied", "deny",
        "admitted", "hired", "y", "classification", "choice", "vote", "cured",
        "infected", "occurrence", "counterfeit", "success", "fail", "failure", "status", "alive",
        "remission", "readmitted", "converted", "subscribed", "purchased", "bought", "won", "win",
        "accepted", "passed", "cens", "spam", "decision", "defaulted", "disease", "stance", "lifespan", "longevity",
    )
)  # fmt: skip
"""Names, or words of names, of what somebody decides, suffers or is sorted into."""
CLASS_NAMES = frozenset(
    (
        "class",
        "classes",
        "species",
        "type",
        "category",
        "label",
        "group",
        "quality",
        "kind",
        "grade",
    )
)
"""Names of what rows are sorted into, in the last column of a table."""
OUTCOME = re.compile(
    r"\b(?:surviv|died|dead\b|deaths?\b|mortality|alive|fatal|relapse|recurren|churn|default(?:ed)?\b|"
    r"fraud|diagnos(?:is|ed)\b(?! year)|denied|accepted|approved|appli\w+ for|rejected|admitted|outcome|"
    r"respon(?:se|ded)|choice|chosen|chose\b|decision|vot(?:e|ed|ing)\b|participat|purchas|bought|hired|"
    r"success|failure|failed|passed|infected|cured|remission|event\b|disposition|promoted|convicted|"
    r"on time|response|prefer\w*|opinion|support\w* for|stance|attitude|approv|disapprov|evaluation|"
    r"classif|censor|has (?:cancer|diabetes|disease|heart)|presence of|infestation|occurrence|"
    r"cancer\b|disease status|made\b.{0,20}\?|agree|belie[fv])",
    re.I,
)
QUANTITY_NAMES = frozenset(
    (
        "price", "prices", "cost", "costs", "charge", "charges", "wage", "wages", "salary",
        "earnings", "earn", "income", "revenue", "sales", "sold", "profit", "yield", "yields",
        "output", "production", "demand", "consumption", "gdp", "growth", "inflation", "return",
        "returns", "score", "scores", "gpa", "rating", "quality", "accuracy", "errors", "count",
        "counts", "accidents", "crashes", "claims", "visits", "fatalities", "crime", "crimes",
        "murders", "murder", "uptake", "mpg", "hours", "expenditure",
        "spending", "rt", "reaction", "latency", "concentration", "conc", "strength", "resistance",
        "hardness", "viscosity", "efficiency", "performance", "satisfaction", "happiness", "amount",
        "births", "biomass", "abundance", "volume", "temp", "temperature", "fare", "rent", "achievement",
        "value", "worth", "bill", "tip", "duration", "points", "grade", "grades",
        "result", "results", "risk", "rate", "bmd", "weight", "wt", "bwt", "bweight", "size",
        "unemployment", "turnout", "views", "occupancy", "close", "interest", "effort",
        "popularity", "lwage", "severity", "loss", "damage", "noise", "flow", "rain",
    )
)  # fmt: skip
"""Names, or words of names, of quantities that somebody measures for their own sake."""
QUANTITY = re.compile(
    r"\b(?:prices?|wages?|salar(?:y|ies)|earnings|income|costs?|charges?|revenues?|sales|profits?|yields?|"
    r"output|production|demand|consumption|gdp|growth|inflation|returns?|scores?|gpa|ratings?|quality|"
    r"accuracy|errors?|accidents?|crash\w*|claims?|visits|fatalit\w+|crimes?|murders?|homicides?|uptake|"
    r"miles per gallon|mpg|lifespan|longevity|hours worked|expenditures?|spending|reaction time|"
    r"latency|concentration|achievement|working hours|hours (?:of work|per (?:week|year))|strength|resistance|hardness|viscosity|efficiency|performance|"
    r"satisfaction|happiness|births?\b|birth ?weight|body weight|biomass|abundance|temperature|fare|"
    r"rent\b|value of|median value|duration|time (?:to|until|taken|from)|emissions?|ozone|nitrogen oxides?|"
    r"percent(?:age)? (?:passing|correct|of (?:correct|success))|number of (?:migrants|drinks|deaths|"
    r"cases|species|visits|days|defects|awards|articles|insects|eggs|offspring|bikes|riders|customers|"
    r"passengers|points|goals|wins|words|errors)|bone mineral|blood pressure|cholesterol|glucose|"
    r"counts? of|rate per|per 100,?000|acceleration|response time|unemployment rate|approval|"
    r"popularity|turnout|damage|severity|loss(?:es)?\b|body fat|likes?\b|summary score)",
    re.I,
)
DEMOGRAPHIC_NAMES = frozenset(
    (
        "sex", "gender", "male", "female", "age", "ages", "agecat", "agegroup", "race", "ethnicity",
        "eth", "ethnic", "black", "white", "hisp", "hispanic", "nonwhite", "nwhite", "married",
        "marital", "marr", "single", "kids", "children", "siblings", "sibs", "religion", "birth",
        "born", "birthyear", "yob", "dob", "nationality", "foreign", "citizen", "immigrant", "language", "lang",
        "education", "educ", "edu", "school", "schooling", "degree", "hhsize", "famsize", "urban",
        "rural", "veteran", "handedness", "maritalstatus", "generation", "sx", "afam", "gndr",
        "agea", "occupation", "profession", "caste", "parity", "smsa",
    )
)  # fmt: skip
DEMOGRAPHIC = re.compile(
    r"^(?:\w+'s )?(?:(?:the )?(?:respondent|patient|subject|person|student|individual|mother|father|"
    r"participant|head|child|wife|husband|contestant|partner|teacher|victim|driver|worker|"
    r"employee|applicant|baby|animal)'?s? )?(?:current |reported |chronological |biological )?"
    r"(?:ages?\b(?! of (?:the )?(?:car|house|building|vehicle|law|firm|machine|abalone))|sex\b|gender|"
    r"race\b|ethnic|marital status|nationality|religio|years? of (?:formal )?(?:education|schooling|"
    r"birth)|education\b|educational|highest (?:degree|level|grade)|level of education|date of birth|birth (?:year|date|quarter|order)|"
    r"number of (?:young(?:er)? |older |dependent )?(?:children|kids|siblings|persons|people|dependents)|"
    r"household size|family size|socio-?economic|citizen|mother tongue|male\b|female\b|occupation\b)"
    r"|whether .{0,25}(?:married|male|female|citizen|hispanic|black|white)\b|"
    r"\b(?:african[- ]american|hispanic or not|lives? in (?:an? )?(?:smsa|urban|rural|city|the south))\b|"
    r"=\s*1 if (?:male|female|black|white|hispanic|married|nonwhite|single)\b|"
    r"^(?:m|male|f|female)(?:\s*[=/,]|\s+or\b)",
    re.I,
)
DESIGN_NAMES = frozenset(
    (
        "treatment", "treat", "treated", "trt", "trt1", "arm", "dose", "dosage", "block", "blocks", "rep",
        "replicate", "plot", "condition", "cond", "trial", "batch", "run", "order", "sequence",
        "period", "visit", "site", "center", "centre", "fold", "variety", "cultivar", "genotype",
        "lot", "position", "row", "col", "column", "wave", "cluster", "stratum", "strata", "psu",
        "weights", "wgt", "pweight", "seq", "instar", "task", "item", "stimulus", "session",
        "intervention", "control", "randomized", "rx", "drug", "diet", "fertilizer", "supplement",
        "split", "set", "subset", "study", "indicator", "measure", "variable", "question", "rater", "judge", "operator", "observer", "lab", "assay",
        "experiment", "expt", "litter", "supp", "herbicide", "round", "unit", "units",
        "feed", "spray", "method", "version", "tx", "station", "transect", "quadrat", "interval",
    )
)  # fmt: skip
DESIGN = re.compile(
    r"^(?:the )?(?:treatment|doses?\b|dosage|block|replicat|experimental (?:condition|group|unit)|study "
    r"(?:group|arm|number|center)|arm\b|trial\b|plot\b|batch|sampling weight|survey weight|"
    r"stratum|cluster\b|assignment|site\b|laboratory|diet\b|fertili[sz]er|condition\b|group assignment|"
    r"group\b|grouping|rater|judge\b|amount of (?:fertilizer|drug)|order of|weights? (?:for|to|used)|"
    r"supplement type|type of (?:treatment|feed|diet|spray)|variety|order in|position (?:of|in))"
    r"|\brandom(?:ly|i[sz]ed|i[sz]ation)\b|\btreatment (?:group|arm|indicator|assign\w*|received|code)|"
    r"\bassigned to|\ballocat(?:ed|ion)|\b(?:control|placebo) (?:group|vs)|sample size|number of respondents|\bplacebo\b|\bdose "
    r"values|\bdose of|enrolled \(|\bgrouping\b|\bdenoting the group",
    re.I,
)
ID_NAME = re.compile(
    r"index|(?:.*[ _.])?(?:id|ids|key|code|codes|uuid|serial|obs|nr|no|num|idnum|zip|zipcode|postcode|"
    r"fips|phone|email|name|names|abb|abbr|iso|isbn|url|link|title|subject|subj|patient|person|case)s?\d*|"
    r"[a-z]+(?:id|fips|code)|rownames|rank|ranking|subj\w{0,3}",
    re.I,
)
ID_CAMEL = re.compile(r".*[a-z](?:Id|ID|No|Nr|Code|Name)|X")
ID = re.compile(
    r"\b(?:identif(?:ier|ication)|ident(?:ity)? (?:number|code)|id\b(?! of)|(?:country|state|district|"
    r"school|postal|zip|fips|region|residence|industry|occupation\w*|census|county|firm|area|iso|"
    r"ISO\d?|product|item|airport) (?:\w+ )?codes?\b|fips\b|row number|sequence from 1|observation number|case number|serial "
    r"number|registration number|code (?:of|for) (?:the )?(?:state|country|district|subject|patient)|"
    r"jersey number|identifying (?:the )?(?:subject|patient|individual|person|school|unit|plant|animal|"
    r"rat|child|student)|\bindex of (?:the )?(?:row|observation|subject)|coded to identify|"
    r"(?:(?:sur|last|first|full)?name|abbreviation) of|link to|url\b|of residence code|"
    r"(?:factor|number|variable) (?:identifying|indicating) (?:the )?(?:subject|patient|person))|"
    r"^(?:person|subject|patient|student|teacher|school|player|team|first|last|country|firm|company|"
    r"household|family|district|county|state)\s*(?:identifier|id|number|no|name|names|code)?\.?$|"
    r"^(?:name|label|title|id|code)s?\.?$",
    re.I,
)
PLACE_NAMES = frozenset(
    (
        "lat", "lon", "long", "lng", "latitude", "longitude", "address", "city", "state", "country",
        "region", "county", "province", "zone", "district", "area", "location", "easting",
        "northing", "coord", "xcoord", "ycoord", "continent", "town", "neighborhood", "elevation",
        "altitude", "utm",
    )
)  # fmt: skip
CALENDAR = re.compile(
    r"(?:.*[ _.])?(?:year|yr|month|mon|quarter|qtr|week|weekday|day|hour|minute|date|dates|time|doy|"
    r"season|decade|timestamp)s?\d*|(?:birth|diag|dx|on)?(?:year|yr)\w{0,5}|[a-z]+(?:date|year|yr)|"
    r"(?:start|end)?(?:date|day|month|year)|.+(?:Date|Year|Day|Month)|calendar_\w+",
    re.I,
)
LENGTHS = re.compile(r"(?:.*[ _.])?(?:hours|days|weeks|minutes|months|years)", re.I)
"""Names of numbers of hours or days, which a description tells from parts of dates."""
MOMENT = re.compile(
    r"^(?:the )?(?:calendar |starting |model |school |season |election )?(?:year|month|day|date|quarter|week|"
    r"hour|time of day|decade|season)\b(?! (?:earnings|income|of (?:the )?(?:education|schooling)))|"
    r"^(?:year|date|month|day|time) (?:of|in|when|at)\b|^(?:years?|days?|time|hours?|minutes?) since\b|"
    r"^number of day\b|^age-\d",
    re.I,
)
MONTH_OR_YEAR = re.compile(
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*|[xy]?(?:1[6-9]|20)\d\d(?:\D.*)?",
    re.I,
)
AT_A_TIME = re.compile(
    r"\b(?:at|since|before|prior to|until|till|to|from|years? of|date of|after)\s+(?:the )?(?:\w+ ){0,2}?"
    r"(?:diagnosis|death|surgery|birth|entry|event|admission|onset|transplant\w*)\b.*",
    re.I,
)
"""That a description says when, by an event that others have as their outcome."""
SURROUNDINGS = re.compile(
    r"^(?:state|county|region\w*|national|local|city|district|area|country'?s?|industry'?s?|father'?s?|"
    r"mother'?s?|husband'?s?|wife'?s?|spouse'?s?|partner'?s?|parents?'?s?|family|household)\b|"
    r"\bby (?:the )?(?:partner|spouse)\b|\bin the (?:applicant|respondent|person)'s\b",
    re.I,
)
"""Descriptions of what surrounds a person, or of another person."""
NEGATED = re.compile(r"\b(?:did not|do not|not|without|non)\b(?! known)", re.I)
SHARE = re.compile(r"share|proportion|percent|ratio|per unit", re.I)
UNTIL_NOW = re.compile(r"\bor (?:current|present) age\b|\bat last (?:follow|contact|visit)", re.I)
WHOLE = re.compile(r"\b(?:total(?! number)|overall|combined?|final|composite|entire|whole)\b", re.I)
EARLIER = re.compile(
    r"\b(?:previous|prior|baseline|initial|initially|lag(?:ged|s)?|history of|before|last (?:year|"
    r"period)|pre-?test|pretreatment|pre-?experiment|at entry|high school gpa|predicted|fitted|expected)\b|\[_n-1\]",
    re.I,
)
INDICATOR = re.compile(
    r"^=\s*1\b|\bdummy\b|^1 if\b|^indicator (?:for|of|variable)|^binary indicator", re.I
)
COMPOSITION = re.compile(
    r"^(?:the )?(?:average |mean |median )?(?:percent(?:age)?|proportion|share|fraction|% ?)\b(?! "
    r"(?:passing|correct|success|dead|died|surviv))|\bper capita\b|\bratio\b|^population|^total "
    r"population|\bpopulation (?:of|in|density)|^number of (?:rooms|children|kids|bedrooms)|^size of|\benrol",
    re.I,
)
DURATION_NAME = re.compile(
    r"(?:.*[ _.])?(?:time|futime|fu|stop|exit|days|surv\w*time|survtime|survival|survt|tstop|"
    r"follow_?up|os|dfs|rfs|ttr|duration|lifetime|endtime|end|tte|tt\w{1,3}|time\d|t\d?|dtime|obstime)"
    r"|.*(?:Time|time|Days|days)|[tT]ime\w+",
)
DURATION = re.compile(
    r"\b(?:survival|follow[- ]?up|on[- ]study|disease[- ]free|failure|censoring|waiting|event) times?|"
    r"\b(?:time|days|months|years|weeks)\b.{0,25}?\b(?:to|until|till|from .{2,60}? (?:to|until))\b|\bage "
    r"at (?:death|last|exit|end|event)|end of follow|\bor current age\b|\bdate of (?:death|last)|"
    r"\bexit time|\binterval end|intervals of time|\btime of (?:event|death|censoring)|lifetime|survival in",
    re.I,
)
EVENT = re.compile(
    r"\b(?:death|dead|died|alive|censor\w*|relapse\w*|recurren\w*|event\b|status|surviv\w*|fail(?:ure|ed)?|"
    r"progression|remission|transplant\w*|disposition|deceased|cause of death)\b",
    re.I,
)
EVENT_NAME = re.compile(
    r"(?:.*[ _.])?(?:event|status|cens\w*|death|dead|died|delta|d\d|delta\d|fail\w*|surv\w*|relapse\w*|"
    r"recur\w*|vital\w*|fustat|cod|evnt\w*|vstat|outcome|alive|ind\w*)\d?",
    re.I,
)
