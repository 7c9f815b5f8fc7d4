"""Finds the encoding of a text file by its bytes; what cannot be told is refused by name.

UTF-8 and UTF-16 show themselves. The others are told by the words that are not ASCII alone: in the
right encoding of several bytes a character, nearly all characters are of the half of the standard
that holds the usual ones; in the right code page of single bytes, the letters of all words are of
one language. (Detectors that compare whole texts need longer ones than the words of a table are.)
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from pathlib import Path

from darebench.curate.reading.alphabets import ALPHABETS, COMMON, EVERYDAY, LATIN, SYMBOLS
from darebench.curate.reading.evidence import Encoding
from darebench.errors import CurationReject

BLOCK = 1 << 20
MOST_WORDS = 2_000
"""Distinct words beyond ASCII by which an encoding is told."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_KANA = range(0x3041, 0x30FF)
_HANGUL = range(0xAC00, 0xD7A4)
_MULTIBYTE = ("cp949", "euc_jp", "gb18030", "cp932", "cp950")


def find_encoding(path: Path) -> Encoding:
    """Find the encoding of a text file.

    Raises:
        CurationReject: It is not sure, or there are several.
    """
    with path.open("rb") as stream:
        start = stream.read(1 << 16)
    for mark, name in _MARKS:
        if start.startswith(mark):
            return Encoding(name=name, why="by its first bytes")
    for name, zeros in (("utf-16-le", start[1::2]), ("utf-16-be", start[::2])):
        if len(zeros) > 8 and zeros.count(0) > 0.6 * len(zeros):
            return Encoding(name=name, why="every other byte is zero")
    if _is_utf8(path):
        return Encoding(name="utf-8", why="all of it decodes")
    return _legacy(path)


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as stream:
        try:
            while block := stream.read(BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _legacy(path: Path) -> Encoding:
    words = _words(path)
    utf8 = [word for word in words if _decodes(word, "utf-8")]
    if len(utf8) > 0.95 * len(words) and len(utf8) >= 20:
        return Encoding(name="utf-8", why=f"{len(words) - len(utf8)} words in it are broken")
    if min(len(utf8), len(words) - len(utf8)) > 2 and len(utf8) > 0.3 * len(words):
        raise CurationReject(
            f"{path.name} mixes UTF-8 with another encoding, as in {_shown(words, utf8)}; "
            "save all of it as UTF-8"
        )
    name = _multibyte(words)
    if name:
        return Encoding(name=name, why=f"such as {_texts(words[:3], name)}")
    name, language, share = _single_byte(words)
    if share >= 0.9:
        return Encoding(name=name, why=f"{language}, such as {_texts(words[:3], name)}")
    raise CurationReject(
        f"{path.name} is in an unknown encoding: neither UTF-8 nor surely another "
        f"(nearest is {name}, as in {_texts(words[:3], name)}); save it as UTF-8"
    )


def _words(path: Path) -> list[bytes]:
    """Collect distinct pieces of the text that are not ASCII alone, each between delimiters."""
    found: dict[bytes, None] = {}
    with path.open("rb") as stream:
        for line in stream:
            if line.isascii():
                continue
            pieces = re.split(rb'[,;\t\r\n"\x00 ]+', line[:10_000])
            found |= dict.fromkeys(piece for piece in pieces if not piece.isascii())
            if len(found) >= MOST_WORDS:
                break
    return list(found)


def _decodes(word: bytes, name: str) -> bool:
    try:
        word.decode(name)
    except UnicodeDecodeError:
        return False
    return True


def _multibyte(words: list[bytes]) -> str:
    """Return the encoding of several bytes a character that all words are in; empty for none."""
    best, most = "", 0.75
    for name in _MULTIBYTE:
        fitting = [word.decode(name) for word in words if _decodes(word, name)]
        chars = [char for text in fitting for char in text if char.isalpha()]
        if len(fitting) < 0.95 * len(words) or not chars:
            continue
        if name == "cp949" and _is_chinese(words):
            continue
        if name == "euc_jp" and not any(ord(char) in _KANA for char in chars):
            continue  # without kana, common Chinese and Korean words are common Japanese ones too
        share = sum(_is_common(char, name) for char in chars) / len(chars)
        if share > most:
            best, most = name, share
    return best


def _is_chinese(words: list[bytes]) -> bool:
    """Check whether many characters are everyday Chinese: all Korean text reads as Chinese too."""
    chars = [char for word in words for char in word.decode("gb18030", "replace")]
    return sum(char in EVERYDAY for char in chars) > 0.4 * len(chars)


def _is_common(char: str, name: str) -> bool:
    """Check whether a character is of the half of its standard that holds the usual ones."""
    if name == "cp949":
        return ord(char) in _HANGUL and len(char.encode("euc_kr", "ignore")) == 2
    if name in ("euc_jp", "cp932"):
        code = char.encode("cp932", "ignore")
        return ord(char) in _KANA or (len(code) == 2 and 0x88 <= code[0] <= 0x97)
    code = char.encode("gb2312" if name == "gb18030" else "big5", "ignore")
    low, high = (0xB0, 0xD7) if name == "gb18030" else (0xA4, 0xC6)
    return len(code) == 2 and low <= code[0] <= high


def _single_byte(words: Iterable[bytes]) -> tuple[str, str, float]:
    """Return the code page and language whose alphabet holds most letters, and their share."""
    best, most = ("cp1252", "", 0.0), 0.0
    for language, alphabet, pages in ALPHABETS:
        for page in pages:
            texts = [word.decode(page, "replace") for word in words]
            share = _share(texts, alphabet)
            points = share + 0.05 * _usual(texts, language) - 0.01 * page.startswith("mac")
            points -= 0.06 * language.startswith("several")
            if points > most + 1e-9:
                best, most = (page, language, share), points
    return best


def _share(texts: Iterable[str], alphabet: frozenset[str]) -> float:
    """Return the share of the characters beyond ASCII that fit into words of one alphabet."""
    points = [
        _fit(before, char, after, alphabet)
        for text in texts
        for before, char, after in zip(" " + text, text, text[1:] + " ", strict=False)
        if not char.isascii()
    ]
    return sum(points) / len(points) if points else 0.0


def _fit(before: str, char: str, after: str, alphabet: frozenset[str]) -> float:
    """Rate one character beyond ASCII beside its neighbours."""
    beside = before.isalpha() or after.isalpha()
    if char in SYMBOLS:
        return float(char in "’'–—" or not (before.isalpha() and after.isalpha()))
    if char.lower() not in alphabet and not (char == "õ" and after == "e" and "õe" in alphabet):
        return 0.0
    if before.islower() and char.isupper():
        return 0.0
    is_latin = not alphabet.isdisjoint(LATIN)
    if not is_latin and any(c.isascii() and c.isalpha() for c in (before, after)):
        return 0.0
    return 1.0 if beside else 0.5


def _usual(texts: Iterable[str], language: str) -> float:
    """Return the share of the letters that are among the commonest ones of the language."""
    letters = [char for text in texts for char in text if not char.isascii()]
    common = COMMON.get(language, "")
    return sum(char.lower() in common for char in letters) / len(letters) if letters else 0.0


def _texts(words: Iterable[bytes], name: str) -> str:
    return ", ".join(repr(word.decode(name, "replace")[:30]) for word in words)


def _shown(words: list[bytes], utf8: list[bytes]) -> str:
    other = next(word for word in words if word not in set(utf8))
    return f"{utf8[0].decode()[:30]!r} and {other[:30]!r}"
