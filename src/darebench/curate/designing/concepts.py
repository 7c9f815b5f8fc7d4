"""Words for what people want to know, and for what is only ever known beside it."""

from __future__ import annotations

import re

OUTCOME_NAMES = frozenset(
    (
        "target", "outcome", "response", "resp", "label", "labels", "churn", "default", "fraud",
        "survived", "survival", "died", "death", "dead", "deceased", "mortality", "attrition",
        "diagnosis", "event", "relapse", "recurrence", "recur", "approved", "denied", "deny",
        "admitted", "hired", "y", "classification", "choice", "vote", "cured", "infected",
        "occurrence", "counterfeit", "success", "fail", "failure", "status", "alive",
        "remission", "readmitted", "converted", "subscribed", "purchased", "bought", "won",
        "win", "accepted", "passed", "cens", "spam", "decision", "defaulted", "disease",
        "stance", "lifespan", "longevity",
    )
)  # fmt: skip
"""Names, or words of names, of what somebody decides, suffers or is sorted into."""
CLASS_NAMES = frozenset(("class", "classes", "species", "type", "category", "label", "quality"))
"""Names of what rows are sorted into, in the last column of a table."""
OUTCOME = re.compile(
    r"\b(?:surviv|died|dead\b|deaths?\b|mortality|alive|fatal|relapse|recurren|churn|"
    r"default(?:ed)?\b|fraud|diagnos(?:is|ed)\b(?! year)|denied|accepted|approved|appli\w+ for|"
    r"rejected|admitted|outcome|respon(?:se|ded)|choice|chosen|chose\b|decision|vot(?:e|ed|"
    r"ing)\b|participat|purchas|bought|hired|success|failure|failed|passed|infected|cured|"
    r"remission|event\b|disposition|promoted|convicted|on time|response|prefer\w*|opinion|"
    r"support\w* for|stance|attitude|approv|disapprov|evaluation|classif|censor|has (?:cancer|"
    r"diabetes|disease|heart)|presence of|infestation|occurrence|cancer\b|disease status|"
    r"made\b.{0,20}\?|agree|belie[fv])",
    re.I,
)
QUANTITY_NAMES = frozenset(
    (
        "price", "prices", "cost", "costs", "charge", "charges", "wage", "wages", "salary",
        "earnings", "earn", "income", "revenue", "sales", "sold", "profit", "yield", "yields",
        "output", "production", "demand", "consumption", "gdp", "growth", "inflation", "return",
        "returns", "score", "scores", "gpa", "rating", "quality", "accuracy", "errors", "count",
        "counts", "accidents", "crashes", "claims", "visits", "fatalities", "crime", "crimes",
        "murders", "murder", "uptake", "mpg", "hours", "expenditure", "spending", "rt",
        "reaction", "latency", "concentration", "conc", "strength", "resistance", "hardness",
        "viscosity", "efficiency", "performance", "satisfaction", "happiness", "amount",
        "births", "biomass", "abundance", "volume", "temp", "temperature", "fare", "rent",
        "achievement", "value", "worth", "bill", "tip", "duration", "points", "grade", "grades",
        "result", "results", "risk", "rate", "bmd", "weight", "wt", "bwt", "bweight",
        "unemployment", "turnout", "views", "occupancy", "close", "interest", "effort",
        "popularity", "lwage", "severity", "loss", "damage", "noise", "flow", "rain",
    )
)  # fmt: skip
"""Names, or words of names, of quantities that somebody measures for their own sake."""
QUANTITY = re.compile(
    r"\b(?:prices?|wages?|salar(?:y|ies)|earnings|income|costs?|charges?|revenues?|sales|"
    r"profits?|yields?|output|production|demand|consumption|gdp|growth|inflation|returns?|"
    r"scores?|gpa|ratings?|quality|accuracy|errors?|accidents?|crash\w*|claims?|visits|"
    r"fatalit\w+|crimes?|murders?|homicides?|uptake|miles per gallon|mpg|lifespan|longevity|"
    r"hours worked|expenditures?|spending|reaction time|latency|concentration|achievement|"
    r"working hours|hours (?:of work|per (?:week|year))|strength|resistance|hardness|viscosity|"
    r"efficiency|performance|satisfaction|happiness|births?\b|birth ?weight|body weight|"
    r"biomass|abundance|temperature|exchange rate|interest rate|fare|rent\b|value of|"
    r"median value|duration|time (?:to|"
    r"until|taken|from)|emissions?|ozone|nitrogen oxides?|percent(?:age)? (?:passing|correct|"
    r"of (?:correct|success))|number of (?:migrants|drinks|deaths|cases|species|visits|days|"
    r"defects|awards|articles|insects|eggs|offspring|bikes|riders|customers|passengers|points|"
    r"goals|wins|words|errors)|bone mineral|blood pressure|cholesterol|glucose|counts? of|"
    r"rate per|per 100,?000|acceleration|response time|unemployment rate|approval|popularity|"
    r"turnout|damage|severity|loss(?:es)?\b|body fat|likes?\b|summary score)",
    re.I,
)
DEMOGRAPHIC_NAMES = frozenset(
    (
        "sex", "gender", "male", "female", "age", "ages", "agecat", "agegroup", "race",
        "ethnicity", "eth", "ethnic", "black", "white", "hisp", "hispanic", "nonwhite",
        "nwhite", "married", "marital", "marr", "single", "kids", "children", "siblings",
        "sibs", "religion", "birth", "born", "birthyear", "yob", "dob", "nationality",
        "foreign", "citizen", "immigrant", "language", "lang", "education", "educ", "edu",
        "school", "schooling", "degree", "hhsize", "famsize", "urban", "rural", "veteran",
        "handedness", "maritalstatus", "generation", "sx", "afam", "gndr", "agea", "occupation",
        "profession", "caste", "parity", "smsa",
    )
)  # fmt: skip
DEMOGRAPHIC = re.compile(
    r"^(?:\w+'s )?(?:(?:the )?(?:respondent|patient|subject|person|student|individual|mother|"
    r"father|participant|head|child|wife|husband|contestant|partner|teacher|victim|driver|"
    r"worker|employee|applicant|baby|animal)'?s? )?(?:current |reported |chronological |"
    r"biological )?(?:ages?\b(?! of (?:the )?(?:car|house|building|vehicle|law|firm|machine|"
    r"abalone))|sex\b|gender|race\b|ethnic|marital status|nationality|religio|"
    r"years? of (?:formal )?(?:education|schooling|birth)|education\b|educational|"
    r"highest (?:degree|level|grade)|level of education|date of birth|birth (?:year|date|"
    r"quarter|order)|number of (?:young(?:er)? |older |dependent )?(?:children|kids|siblings|"
    r"persons|people|dependents)|household size|family size|socio-?economic|citizen|"
    r"mother tongue|male\b|female\b|occupation\b)|whether .{0,25}(?:married|male|female|"
    r"citizen|hispanic|black|white)\b|\b(?:african[- ]american|hispanic or not|"
    r"lives? in (?:an? )?(?:smsa|urban|rural|city|the south))\b|=\s*1 if (?:male|female|black|"
    r"white|hispanic|married|nonwhite|single)\b|^(?:m|male|f|female)(?:\s*[=/,]|\s+or\b)",
    re.I,
)
DESIGN_NAMES = frozenset(
    (
        "treatment", "treat", "treated", "trt", "trt1", "arm", "dose", "dosage", "block",
        "blocks", "rep", "replicate", "plot", "condition", "cond", "trial", "batch", "run",
        "order", "sequence", "period", "visit", "site", "center", "centre", "fold", "variety",
        "cultivar", "genotype", "lot", "position", "row", "col", "column", "wave", "cluster",
        "stratum", "strata", "psu", "weights", "wgt", "pweight", "seq", "instar", "task",
        "item", "stimulus", "session", "intervention", "control", "randomized", "rx", "drug",
        "diet", "fertilizer", "supplement", "split", "set", "subset", "study", "indicator",
        "measure", "variable", "question", "rater", "judge", "operator", "observer", "lab",
        "assay", "experiment", "expt", "litter", "supp", "herbicide", "round", "unit", "units",
        "feed", "spray", "method", "version", "tx", "station", "transect", "quadrat",
        "interval",
    )
)  # fmt: skip
DESIGN = re.compile(
    r"^(?:the )?(?:treatment|doses?\b|dosage|block|replicat|experimental (?:condition|group|"
    r"unit)|study (?:group|arm|number|center)|arm\b|trial\b|plot\b|batch|sampling weight|"
    r"survey weight|stratum|cluster\b|assignment|site\b|laboratory|diet\b|fertili[sz]er|"
    r"condition\b|group assignment|group\b|grouping|rater|judge\b|amount of (?:fertilizer|"
    r"drug)|order of|weights? (?:for|to|used)|supplement type|type of (?:treatment|feed|diet|"
    r"spray)|variety|order in|position (?:of|in))|\brandom(?:ly|i[sz]ed|i[sz]ation)\b|"
    r"\btreatment (?:group|arm|indicator|assign\w*|received|code)|\bassigned to|\ballocat(?:ed|"
    r"ion)|\b(?:control|placebo) (?:group|vs)|sample size|number of respondents|\bplacebo\b|"
    r"\bdose values|\bdose of|enrolled \(|\bgrouping\b|\bdenoting the group",
    re.I,
)
ID_NAME = re.compile(
    r"index|(?:.*[ _.])?(?:id|ids|key|code|codes|uuid|serial|obs|nr|no|num|idnum|zip|zipcode|"
    r"postcode|fips|phone|email|name|names|abb|abbr|iso|isbn|url|link|title|subject|subj|"
    r"patient|person|case)s?\d*|[a-z]+(?:id|fips|code)|rownames|rank|ranking|subj\w{0,3}",
    re.I,
)
ID_CAMEL = re.compile(r".*[a-z](?:Id|ID|No|Nr|Code|Name)|X")
ID = re.compile(
    r"\b(?:identif(?:ier|ication)|ident(?:ity)? (?:number|code)|id\b(?! of)|(?:country|state|"
    r"district|school|postal|zip|fips|region|residence|industry|occupation\w*|census|county|"
    r"firm|area|iso|ISO\d?|product|item|airport) (?:\w+ )?codes?\b|fips\b|row number|"
    r"sequence from 1|observation number|case number|serial number|registration number|"
    r"code (?:of|for) (?:the )?(?:state|country|district|subject|patient)|jersey number|"
    r"identifying (?:the )?(?:subject|patient|individual|person|school|unit|plant|animal|rat|"
    r"child|student)|\bindex of (?:the )?(?:row|observation|subject)|coded to identify|"
    r"(?:(?:sur|last|first|full)?name|abbreviation) of|link to|url\b|of residence code|"
    r"(?:factor|number|variable) (?:identifying|indicating) (?:the )?(?:subject|patient|"
    r"person))|^(?:person|subject|patient|student|teacher|school|player|team|first|last|"
    r"country|firm|company|household|family|district|county|state)\s*(?:identifier|id|number|"
    r"no|name|names|code)?\.?$|^(?:name|label|title|id|code)s?\.?$",
    re.I,
)
PLACE_NAMES = frozenset(
    (
        "lat", "lon", "long", "lng", "latitude", "longitude", "address", "city", "state",
        "country", "region", "county", "province", "zone", "district", "area", "location",
        "easting", "northing", "coord", "xcoord", "ycoord", "continent", "town", "neighborhood",
        "elevation", "altitude", "utm",
    )
)  # fmt: skip
CALENDAR = re.compile(
    r"(?:.*[ _.])?(?:year|yr|month|mon|quarter|qtr|week|weekday|day|hour|minute|date|dates|"
    r"time|doy|season|decade|timestamp)s?\d*|(?:birth|diag|dx|on)?(?:year|yr)\w{0,5}|"
    r"[a-z]+(?:date|year|yr)|(?:start|end)?(?:date|day|month|year)|.+(?:Date|Year|Day|Month)|"
    r"calendar_\w+",
    re.I,
)
LENGTHS = re.compile(r"(?:.*[ _.])?(?:hours|days|weeks|minutes|months|years)", re.I)
"""Names of numbers of hours or days, which a description tells from parts of dates."""
MOMENT = re.compile(
    r"^(?:the )?(?:calendar |starting |model |school |season |election )?(?:year|month|day|"
    r"date|quarter|week|hour|time of day|decade|season)\b(?! (?:earnings|income|"
    r"of (?:the )?(?:education|schooling)))|^(?:year|date|month|day) (?:of|in|when|at)\b|"
    r"\b(?:weekday|weekend)s?\b|^time (?:of|when|at)\b|"
    r"^(?:years?|days?|time|hours?|minutes?) since\b|^number of day\b|^age-\d",
    re.I,
)
MONTH_OR_YEAR = re.compile(
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*|[xy]?(?:1[6-9]|"
    r"20)\d\d(?:\D.*)?",
    re.I,
)
AT_A_TIME = re.compile(
    r"\b(?:at|since|before|prior to|until|till|to|from|years? of|date of|"
    r"after)\s+(?:the )?(?:\w+ ){0,2}?(?:diagnosis|death|surgery|birth|entry|event|admission|"
    r"onset|transplant\w*)\b.*",
    re.I,
)
"""That a description says when, by an event that others have as their outcome."""
SURROUNDINGS = re.compile(
    r"^(?:state|county|region\w*|national|local|city|district|area|country'?s?|industry'?s?|"
    r"father'?s?|mother'?s?|husband'?s?|wife'?s?|spouse'?s?|partner'?s?|parents?'?s?|family|"
    r"household)\b|\bby (?:the )?(?:partner|spouse)\b|\bin the (?:applicant|respondent|"
    r"person)'s\b",
    re.I,
)
"""Descriptions of what surrounds a person, or of another person."""
NEGATED = re.compile(r"\b(?:did not|do not|not|without|non|controls)\b(?! known)", re.I)
SHARE = re.compile(r"share|proportion|percent|ratio|per unit", re.I)
UNTIL_NOW = re.compile(r"\bor (?:current|present) age\b|\bat last (?:follow|contact|visit)", re.I)
WHOLE = re.compile(r"\b(?:total(?! number)|overall|combined?|final|composite|entire|whole)\b", re.I)
EARLIER = re.compile(
    r"\b(?:previous|prior|baseline|initial|initially|lag(?:ged|s)?|history of|before|"
    r"last (?:year|period)|pre-?test|pretreatment|pre-?experiment|at entry|high school gpa|"
    r"predicted|fitted|expected|forecast(?:ed|s)?|y-?hats?|event (?:type|number))\b|\[_n-1\]",
    re.I,
)
ASKED = re.compile(
    r"\b(?:list|listed|listing|asking|original|retail|ex-?showroom|showroom|sticker|present|new|"
    r"catalogu?e|suggested) (?:retail )?price|\bmsrp\b|\bprice when new\b",
    re.I,
)
"""Prices that are known before a sale."""
INDICATOR = re.compile(
    r"^=\s*1\b|\bdummy\b|^1 if\b|^indicator (?:for|of|variable)|^binary indicator", re.I
)
COMPOSITION = re.compile(
    r"^(?:the )?(?:average |mean |median )?(?:percent(?:age)?|proportion|share|fraction|"
    r"% ?)\b(?! (?:passing|correct|success|dead|died|surviv))|\bper capita\b|\bratio\b|"
    r"^population|^total population|\bpopulation (?:of|in|density)|^number of (?:rooms|"
    r"children|kids|bedrooms)|^size of|\benrol",
    re.I,
)
DURATION_NAME = re.compile(
    r"(?:.*[ _.])?(?:time|futime|fu|stop|exit|days|surv\w*time|survtime|survival|survt|tstop|"
    r"follow_?up|os|dfs|rfs|ttr|duration|lifetime|endtime|end|tte|tt\w{1,3}|time\d|t\d?|dtime|"
    r"obstime)|.*(?:Time|time|Days|days)|[tT]ime\w+",
)
DURATION = re.compile(
    r"\b(?:survival|follow[- ]?up|on[- ]study|disease[- ]free|failure|censoring|waiting|"
    r"event) times?|\bage\b.{0,30}? on (?:death|exit|leaving)|"
    r"\b(?:time|days|months|years|weeks)\b.{0,25}?\b(?:to|until|till|"
    r"from .{2,60}? (?:to|until))\b|\bage at (?:death|last|exit|end|event)|end of follow|"
    r"\bor current age\b|\bdate of (?:death|last)|\bexit time|\binterval end|intervals of time|"
    r"\btime of (?:event|death|censoring)|lifetime|survival in",
    re.I,
)
EVENT = re.compile(
    r"\b(?:death|dead|died|alive|censor\w*|relapse\w*|recurren\w*|event\b|status|surviv\w*|"
    r"fail(?:ure|ed)?|progression|remission|transplant\w*|disposition|deceased|"
    r"cause of death)\b",
    re.I,
)
EVENT_NAME = re.compile(
    r"(?:.*[ _.])?(?:event|status|cens\w*|death|dead|died|delta|d\d|delta\d|fail\w*|surv\w*|"
    r"relapse\w*|recur\w*|vital\w*|fustat|cod|evnt\w*|vstat|outcome|alive|ind\w*)\d?",
    re.I,
)
