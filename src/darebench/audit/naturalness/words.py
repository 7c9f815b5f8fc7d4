"""The vocabulary by which a column is known for what it is.

Lists of names hold whole words of a column's name, patterns are looked for in its description.
"""

from __future__ import annotations

import re


def vocabulary(text: str) -> frozenset[str]:
    """Return the words of a list that is written as one text."""
    return frozenset(text.split())


def _pattern(*parts: str) -> re.Pattern[str]:
    return re.compile("|".join(parts))


CODE_NAMES = vocabulary(
    "id ids uid uuid guid idx code codes ccode cowcode isocode serial "
    "rownames rowname caseid obs observation fips zip zipcode postcode postal phone email "
    "url link address name names firstname lastname title isbn iso iso2c iso3c iata icao ticker "
    "symbol geometry coordinates seq sequence filename "
    "subject respondent patient person household hhid country countries state states county "
    "counties city cities town province district municipality region regions continent village "
    "school hospital firm company club team player brand make model variety author publisher "
    "source remark remarks comment comments notes  permno sid pid"
)
"""Words of which the last one of a name says that it tells rows or entities apart."""
PLACE_NAMES = vocabulary(
    "index key number no nr num row case source note version lat latitude lon lng long longitude x "
    "xcoord ycoord easting northing"
)
"""Whole names that say which row it is, or where."""
CODE_TEXT = _pattern(
    r"\bidentif(?:ier|ication|ying|ies)\b|\bunique (?:\w+ )?(?:id|key|number|code)\b|\bserial\b",
    r"\b(?:id|code|sequen\w+) (?:number|no|for|of)\b|\b(?:\w+ )?id\b$|^id\b|\bfips\b|\biso\b",
    r"\b(?:subject|case|row|observation|record|patient|plant|animal|item) (?:number|index|"
    r"label)\b",
    r"^(?:the )?(?:latitude|longitude|[xy][- ]coordinate|easting|northing)\b|\b(?:zip|"
    r"postal) ?code",
    r"^(?:english )?names? (?:of|for)\b|\bname$|\babbreviat|\bweights? (?:variable|"
    r"for the survey)",
    r"\b(?:sampling|survey|sample|frequency) weights?\b|\bcodes?$|^codes?\b",
)
CALENDAR_NAMES = vocabulary(
    "year years yr month months mon mo day days date dates datetime timestamp time times hour hr "
    "hours minute min second week weeks weekday dow quarter qtr season decade period wave trend "
    "tsq t tt daynum yday doy weekend weekends wkends holiday jan feb mar apr may jun jul aug sep "
    "sept oct nov dec january february march april june july august september october november "
    "december monday tuesday wednesday thursday friday saturday sunday spring summer autumn winter"
)
CALENDAR_TEXT = _pattern(
    r"^(?:the |calendar |survey |census |study |model )*(?:year|month|day|date|week|quarter|hour|"
    r"season)s?\b(?!-)",
    r"\btime trend\b|^=? ?1 (?:if|in|for) (?:month|year|quarter|day)\b|\byear of (?:birth|the)\b",
    r"\bday of (?:the )?(?:week|year|month)\b|\bnumber of days since\b|\bdays? (?:after|since)\b",
    r"^time (?:of|in|since|from|point|stamp)\b(?!.*\b(?:death|relapse|follow|failure|event|censor|"
    r"surviv|recover))|\bwork ?days?\b",
)
DURATION_TEXT = _pattern(
    r"\btime (?:to|until|till|from|spent|taken|on study)\b|\blength of (?:time|stay)\b|"
    r"\bduration\b",
    r"\btime in (?:days|weeks|months|years|hours|minutes|seconds)\b|\b(?:survival|response|"
    r"reaction|"
    r"follow-?up|waiting|failure|reply|running|travel|transit) times?\b",
)
DESIGN_NAMES = vocabulary(
    "treatment treatments treat treated trt trtmt tx rx arm dose dosage placebo control block "
    "blocks rep reps replicate replication plot subplot batch run trial session order visit "
    "randomized randomised assignment assigned condition conditions intervention exposure cohort "
    "stratum strata psu cluster fold split center centre site diet fertilizer fertiliser nitrogen "
    "conc concentration machine operator observer rater judge lab method stimulus group "
    "groups train test"
)
DESIGN_TEXT = _pattern(
    r"\brandomi[sz]|\btreatment (?:group|arm|assign|indicator|condition|or control|1|given|"
    r"factor)",
    r"\bassigned (?:to|treatment)|\btreatments?\b(?: \w+)?$|^treatments?\b|\bplacebo\b|"
    r"\bcontrol group\b",
    r"\bexperimental (?:condition|group|diet|unit|plot|design)|^blocks?\b|\breplicat\w+|"
    r"^dos(?:e|age)\b",
    r"\bdesign (?:variable|factor)\b|\bstudy (?:group|arm|cent)|\bstrat(?:um|a)\b|"
    r"\bconcentrations? of "
    r"(?:the )?(?:drug|dose|treatment)",
)
DEMOGRAPHIC_NAMES = vocabulary(
    "age ages agecat agegroup agegrp sex gender male female males females race races ethnicity "
    "ethnic ethn black white hispanic hisp nonwhite nwhite asian married marital marr single "
    "divorced widowed religion religious denomination nationality nation birthplace native "
    "immigrant foreign educ education schooling school12 degree nodeg college highschool kids "
    "children siblings sibs famsize family parity occupation occ urban rural smsa south north "
    "northeast west east midwest language birth born"
)
DEMOGRAPHIC_TEXT = _pattern(
    r"^(?:\w+'?s? )?(?:age|sex|gender|race|ethnicity|religion|nationality|marital status)\b",
    r"\bage (?:in|of|at)\b|\byears of (?:education|schooling|age)\b|\bmarital\b|\bmarried\b",
    r"\b(?:mother|father|parent|spouse|wife|husband)s?'?s? (?:age|educ\w*|occupation|race|job)\b",
    r"\b(?:years|level|highest) (?:of )?(?:completed )?(?:educ\w*|schooling)\b|\blives? in\b",
    r"^(?:is |whether |=? ?1 if )?(?:\w+ ){0,3}(?:black|white|hispanic|asian|male|female|woman|"
    r"man|"
    r"married|single|urban|rural)\b",
)
OUTCOME_NAMES = vocabulary(
    "target class classes label labels outcome outcomes response result results diagnosis "
    "diagnosed status survived survival survive alive dead death deaths died mortality fatal "
    "fatalities default defaulted churn churned exited fraud fraude attrition approved approval "
    "approve denied deny accepted accept admitted admit passed pass failed failure fail success "
    "made win won wins winner votes vote voted price prices cost costs wage wages salary earnings "
    "income sales sale sold revenue profit value rating ratings score scores grade grades gpa "
    "marks yield demand consumption usage load traffic visits claims claim loss accidents "
    "accident crashes crime crimes murders murder mrdrte murdrate infected disease cancer stroke "
    "relapse recurrence event cens censored delta recovered recovery quality risk severity "
    "bmi weight bwt bwght growth size strength speed mpg emission emissions nox uptake occupancy "
    "return returns rent fare tip total consume level close volume inflation unemployment gdp "
    "lifeexp mood sentiment spam purchased purchase buy bought click clicked subscribed choice "
    "choose participation participate employed lfp inlf hours duration readmitted answer correct "
    "arrivals births count counts freq frequency rate ratio share change diff gain vote pulse "
    "pressure bp density diversity abundance biomass mass drymatter employed employment "
    "unemployed unemploy grad graduated hit hits shot present presence absent absences attendance "
    "injury injured obese obesity takeup agreement attitude affairs citations subs subscriptions "
    "passengers ridership rentals rating reaction rt latency thickness extent output production "
    "exports imports trade vote turnout popularity likes shares comments downloads retention "
    "bp sbp dbp cholesterol glucose hba1c bmd fev fvc psa cd4 viral tumor tumour malignant benign "
    "wait delay arrival late delayed cancelled canceled cancellation repaid repayment loss ltv "
    "bankruptcy bankrupt failed defects defect fault faults breakdown emissions co2 co pm25 ozone "
    "opinion stance support happiness satisfaction stress depression anxiety y flood intrusion "
    "views damage temp temperature rainfall prediction predicted category alignment counterfeit"
)
OUTCOME_TEXT = _pattern(
    r"\b(?:response|outcome|dependent|target|predicted|output)\b|\bto (?:be )?predict|"
    r"\bdiagnos\w+",
    r"^(?:whether|did|does|was the|has the)\b|\bwhether\b|\bstatus\b|\bsurviv\w+",
    r"\b(?:dead|died|death|mortality|fatal\w*|relapse\w*|recurren\w+|censor\w*|failure|"
    r"injur\w+)\b",
    r"\b(?:price|cost|wage|earnings|salary|sales|revenue|profit|expenditure|spending|return)s?\b",
    r"\b(?:score|grade|rating|gpa|yield|performance|quality|success|accepted|denied|"
    r"approv\w+)s?\b",
    r"\b(?:default\w*|churn\w*|fraud\w*|purchas\w+|subscri\w+|voted?|votes|choice|chosen|made)\b",
    r"\bnumber of (?:\w+ ){0,2}(?:visits|claims|accidents|deaths|crimes|murders|goals|sales|"
    r"bikes?|"
    r"rentals|passengers|cases|patents|awards|absences|counts?|strikes|errors|offen[cs]es|"
    r"teams)\b",
    r"\b(?:murders?|crimes?|accidents?|arrests?|homicides?|suicides?)\b|\b(?:market|"
    r"median) value\b",
    r"\b(?:body|birth|dry|fresh|final|live) ?weight\b|\bdemand\b|\bconsumption\b|\bemission\w*",
    r"\b(?:crime|unemployment|inflation|interest|death|birth|growth|murder|survival|saving|"
    r"approval|"
    r"exchange|infection|turnout|t-bill)s? rates?\b|\bgdp\b|\blife expectancy\b|\bacceleration\b",
    r"\b(?:blood pressure|heart rate|pulse|body temperature|reaction time|stay|absen\w+|"
    r"visits?)\b",
    r"\b(?:responded|respon[sc]es?|takeup|graduat\w+|present|obes\w+|employed|employment|"
    r"unemploy\w+|"
    r"admi(?:tted|ssion)|promot\w+|convict\w+|arriv\w+|births|exports|imports|vot(?:e|es|ing))\b",
    r"\b(?:density|abundance|diversity|biomass|dry matter|mass|extent|citations|popularity|"
    r"progress\w*|"
    r"expectancy|tax(?:es)?|production|volume|wealth|assets|stock|closing|recover\w+|cured?)\b",
    r"\b(?:support|opinion|attitude|intend\w*|agree\w*|feel\w*) (?:for|of|about|to|on|toward|"
    r"that)\b",
    r"\b(?:had|developed|got|received|applied for|suffered|contracted)\b|\b(?:concentrations?|"
    r"content|"
    r"level|amount)s? (?:of|\()|\btime to\b|\bmeasured\b|\bobserved\b|\bestimated\b|"
    r"\bhours worked\b|\bexpectancy\b",
)
ASKED_TEXT = _pattern(
    r"predict\w*|forecast\w*|classif\w*|determin(?:e|es|ant|ants|ing)\b|explain\w*|diagnos\w+",
    r"response variable|dependent variable|outcome|target variable|\bmodel(?:l?ing)?\b|regress\w*",
    r"(?:effects?|impact|influence|affect\w*|benefits?) (?:of|on|the)?|relationship between",
    r"interest(?:ed)? (?:is|in|lies)|investigat\w+|estimat\w+|purpose|objective|question (?:is|"
    r"was)",
)
EARLIER_TEXT = _pattern(
    r"\b(?:baseline|initial(?:ly)?|previous(?:ly)?|prior|before|pre-?test|pre-?treatment|"
    r"lagged?|last "
    r"year|at entry|at start|history of|past|former|starting|earlier|on admission)\b"
)
EARLIER_NAMES = vocabulary("baseline base initial init previous prev prior pre pretest lag lagged")
TRANSFORMED_TEXT = _pattern(
    r"^(?:the |natural )*log(?:arithm)?\b|\b(?:log|ln|sqrt) ?\(|\^ ?2|\bsquared?$",
    r"^(?:first )?(?:change|difference) in\b|\blag(?:ged)?\b|^\w+ ?\* ?\w+$|/100$",
)
INDICATOR_TEXT = _pattern(
    r"^=? ?1 if\b|\bdummy\b|^(?:is|has|was|does|lives?|owns?)\b.*\?$|^(?:yes|no)\b",
    r"\(?(?:0|1) ?= ?(?:not|no|yes)?",
)
CONTEXT_TEXT = _pattern(
    r"\b(?:percent|percentage|proportion|share|fraction|ratio)\b|\bdistance\b|\bpopulation\b",
    r"\bsquare (?:feet|metres|meters)\b|\bnumber of\b|\bindex\b|\btype of\b|\bper capita\b",
    r"\b(?:length|width|height|size|area|depth|altitude|elevation|temperature|humidity|"
    r"capacity) of\b",
)
KIN_TEXT = _pattern(
    r"\b(?:mother|father|parent|spouse|wife|husband|partner|sibling|brother|sister|owner|head)\b",
    r"\b(?:mother|father|parent|spouse|wife|husband|partner|sibling|brother|sister)s?'?s?\b",
)
BOILERPLATE = _pattern(
    r"^(?:an? |the )?(?:numeric(?:al)?|integer|character|factor|logical|ordered|double|"
    r"numeric vector|"
    r"dichotomi[sz]ed|categorical|dummy|continuous|binary)?(?: ?(?:vector|factor|variable|column|"
    r"string|value)s?)?(?: (?:giving|of|for|on|with|indicating|containing|"
    r"representing))?[,:.]? (?:the )?",
)
