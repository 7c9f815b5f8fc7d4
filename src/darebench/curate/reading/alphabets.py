"""Letters beyond ASCII of the languages that single-byte code pages were made for."""

from __future__ import annotations

_WEST = ("cp1252", "mac_roman", "cp850")
_CENTRAL = ("cp1250", "iso8859_2", "cp852")
_CYRILLIC = ("cp1251", "koi8_r", "cp866", "iso8859_5", "mac_cyrillic")


def _letters(text: str) -> frozenset[str]:
    return frozenset(text.lower())


ALPHABETS: tuple[tuple[str, frozenset[str], tuple[str, ...]], ...] = (
    ("German", _letters("äöüßéè"), _WEST),
    ("French", _letters("éèêëàâçîïôûùüœæÿ"), _WEST),
    ("Spanish", _letters("áéíóúñüºª"), _WEST),
    ("Portuguese", _letters("áâãàçéêíóôúüºª") | {"õe"}, _WEST),
    ("Italian", _letters("àèéìòùî"), _WEST),
    ("Nordic", _letters("åäöæøé"), _WEST),
    ("Dutch", _letters("ëïéèüöó"), _WEST),
    ("Russian", _letters("абвгдеёжзийклмнопрстуфхцчшщъыьэюя"), _CYRILLIC),
    ("Ukrainian", _letters("абвгґдеєжзиіїйклмнопрстуфхцчшщьюя"), ("cp1251", "koi8_u", "cp1125")),
    ("Serbian", _letters("абвгдђежзијклљмнњопрстћуфхцчџш"), ("cp1251", "iso8859_5")),
    ("Polish", _letters("ąćęłńóśźż"), _CENTRAL),
    ("Czech", _letters("áčďéěíňóřšťúůýž"), _CENTRAL),
    ("Slovak", _letters("áäčďéíĺľňóôŕšťúýž"), _CENTRAL),
    ("Hungarian", _letters("áéíóöőúüű"), _CENTRAL),
    ("Romanian", _letters("ăâîşţșț"), (*_CENTRAL, "iso8859_16")),
    ("Croatian", _letters("čćđšž"), _CENTRAL),
    ("Turkish", _letters("çğıöşüâî") | {"i̇"}, ("cp1254",)),
    ("Greek", _letters("αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋΐΰ"), ("cp1253", "iso8859_7", "cp737")),
    ("Hebrew", _letters("אבגדהוזחטיךכלםמןנסעףפץצקרשת"), ("cp1255", "iso8859_8", "cp862")),
    ("Arabic", _letters("ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىي"), ("cp1256", "iso8859_6")),
    ("Lithuanian", _letters("ąčęėįšųūž"), ("cp1257", "iso8859_13")),
    ("Latvian", _letters("āčēģīķļņšūž"), ("cp1257", "iso8859_13")),
    ("Thai", frozenset(map(chr, range(0x0E01, 0x0E5C))), ("cp874",)),
    ("Vietnamese", _letters("ăâđêôơưáàéèíìóòúùý"), ("cp1258",)),
    ("several western languages", _letters("äöüßáâãàåæçéèêëíîïìñóôøòúûùœ"), ("cp1252",)),
    ("several central languages", _letters("áâăäąćčçďđéęěëíîłľńňóôőöřśšşťţúůűüýźžż"), ("cp1250",)),
    ("Icelandic", _letters("áðéíóúýþæö"), _WEST),
)
"""Language, its letters in lower case, and its code pages; equally good ones by their order."""
SYMBOLS = frozenset("€£¥¢°²³µ½¼¾×÷±·«»“”„‘’‚–—…•™®©§¿¡¹ºª№\u00a0")
"""Signs that stand in tables of any language, but not within words."""
LATIN = frozenset("áäâàãåąçčéèêëęíîöóôøõüúşšžı")
"""Letters of which every language that is written in Latin letters has some."""
COMMON = {
    "German": "äöüß", "French": "éèàêçô", "Spanish": "áéíóñú", "Portuguese": "ãçáéíó",
    "Russian": "оеаинтсрвлкм", "Ukrainian": "оаиніетсрвлк", "Serbian": "аоеинртс",
    "Greek": "αοιετσνρηάίόέςυ", "Hebrew": "יוהאלרתבמ", "Arabic": "اليمنرتوبه", "Polish": "łąęóżś",
    "Czech": "áíéěšřž", "Hungarian": "áéöőó", "Turkish": "ıüşçğ", "Thai": "านรกอง",
}  # fmt: skip
"""Language -> its commonest letters, which decide where case alone would not."""
EVERYDAY = frozenset(
    "男女是否有无的一人大中小上下左右东西南北高低年月日时分公司市区省县好坏正常异未已"
)
"""Characters of which Chinese tables are full."""
