"""Names of months and weekdays in the languages that tables are written in, and their short forms.

A short form is the start of a name, of three letters or more. The words of a column are of one
language: where `mar` could be March or Tuesday, its other words tell.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from functools import cache

_MONTHS = {
    "English": "january february march april may june july august september october november december",
    "German": "januar februar märz|mrz april mai juni juli august september oktober november dezember",
    "French": "janvier février mars avril mai juin juillet août|aout septembre octobre novembre décembre",
    "Spanish": "enero febrero marzo abril mayo junio julio agosto septiembre|setiembre octubre noviembre diciembre",
    "Portuguese": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "Italian": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "Dutch": "januari februari maart|mrt april mei juni juli augustus september oktober november december",
    "Swedish": "januari februari mars april maj juni juli augusti september oktober november december",
    "Danish": "januar februar marts april maj|mai juni juli august september oktober november december|desember",
    "Finnish": "tammikuu helmikuu maaliskuu huhtikuu toukokuu kesäkuu heinäkuu elokuu syyskuu lokakuu marraskuu joulukuu",
    "Polish": "styczeń|stycznia luty|lutego marzec|marca kwiecień|kwietnia maj|maja czerwiec|czerwca lipiec|lipca sierpień|sierpnia wrzesień|września październik|października listopad|listopada grudzień|grudnia",
    "Czech": "leden|ledna únor|února březen|března duben|dubna květen|května červen|června červenec|července srpen|srpna září říjen|října listopad|listopadu prosinec|prosince",
    "Hungarian": "január február március április május június július augusztus szeptember október november december",
    "Romanian": "ianuarie februarie martie aprilie mai iunie iulie august septembrie octombrie noiembrie decembrie",
    "Croatian": "siječanj|siječnja veljača|veljače ožujak|ožujka travanj|travnja svibanj|svibnja lipanj|lipnja srpanj|srpnja kolovoz|kolovoza rujan|rujna listopad|listopada studeni|studenoga prosinac|prosinca",
    "Russian": "январь|января февраль|февраля март|марта апрель|апреля май|мая июнь|июня июль|июля август|августа сентябрь|сентября октябрь|октября ноябрь|ноября декабрь|декабря",
    "Ukrainian": "січень|січня лютий|лютого березень|березня квітень|квітня травень|травня червень|червня липень|липня серпень|серпня вересень|вересня жовтень|жовтня листопад|листопада грудень|грудня",
    "Greek": "ιανουάριος|ιανουαρίου φεβρουάριος|φεβρουαρίου μάρτιος|μαρτίου απρίλιος|απριλίου μάιος|μαΐου ιούνιος|ιουνίου ιούλιος|ιουλίου αύγουστος|αυγούστου σεπτέμβριος|σεπτεμβρίου οκτώβριος|οκτωβρίου νοέμβριος|νοεμβρίου δεκέμβριος|δεκεμβρίου",
    "Turkish": "ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık",
    "Indonesian": "januari februari maret april mei juni juli agustus september oktober november desember",
}  # fmt: skip
_DAYS = (
    "monday|tuesday|wednesday|thursday|friday|saturday|sunday|weds|thurs|tues|"
    "montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag|mo|di|mi|do|fr|sa|so|"
    "lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|lunes|martes|miércoles|jueves|viernes|sábado|"
    "domingo|lunedì|martedì|mercoledì|giovedì|venerdì|sabato|domenica|segunda|terça|quarta|quinta|sexta|"
    "maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag|måndag|tisdag|onsdag|torsdag|fredag|"
    "lördag|söndag|mandag|tirsdag|lørdag|søndag|poniedziałek|wtorek|środa|czwartek|piątek|sobota|niedziela|"
    "понедельник|вторник|среда|четверг|пятница|суббота|воскресенье|пн|вт|ср|чт|пт|сб|вс"
)
LINKS = frozenset(
    ("de", "del", "of", "the", "den", "der", "le", "el", "am", "um", "at", "à", "alle", "om", "uhr")
)
"""Words that stand between the parts of a time and say nothing."""


def months_of(words: Collection[str]) -> dict[str, int]:
    """Number the months that words name, if all of them are of one language; else nothing."""
    folded = {word: _fold(word) for word in words}
    for language in _MONTHS:
        numbers = {word: _month(text, language) for word, text in folded.items()}
        if all(numbers.values()):
            return numbers
    return {}


def is_weekday(word: str) -> bool:
    """Check whether a word is a day of the week, or its short form."""
    text = _fold(word)
    return text in _folded_days() or (
        len(text) in (2, 3, 4)
        and any(day.startswith(text) and len(day) > 4 for day in _folded_days())
    )


@cache
def _folded_days() -> frozenset[str]:
    return frozenset(map(_fold, _DAYS.split("|")))


@cache
def _month(text: str, language: str) -> int:
    """Return the number of a month by its name or the start of it; 0 for another word."""
    found = [
        number
        for number, names in enumerate(_MONTHS[language].split(), 1)
        if any(
            _fold(name) == text or (len(text) >= 3 and _fold(name).startswith(text))
            for name in names.split("|")
        )
    ]
    if len(found) > 1:
        exact = [
            n for n in found if text in map(_fold, _MONTHS[language].split()[n - 1].split("|"))
        ]
        found = exact
    return found[0] if len(found) == 1 else 0


def _fold(word: str) -> str:
    text = unicodedata.normalize("NFKD", word.casefold())
    return re.sub(r"[^\w]", "", "".join(c for c in text if not unicodedata.combining(c)))
