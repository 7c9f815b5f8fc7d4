"""Encodings are found by the words of a table, however short, or refused by name."""

from __future__ import annotations

import random

import pytest

from darebench.curate.reading.delimited import read_delimited
from darebench.curate.reading.encoding import find_encoding
from darebench.errors import CurationReject

WORDS = {
    "Russian": ("квартира дом лофт Москва гараж", "cp1251 koi8_r cp866 iso8859_5 utf-16 utf-16-le"),
    "short Russian": ("дом лофт квартира", "cp1251 koi8_r cp866"),
    "Russian in capitals": ("МОСКВА ДОМ КВАРТИРА", "cp1251 koi8_r"),
    "Ukrainian": ("будинок квартира Київ їжа", "cp1251"),
    "Chinese": ("公寓 房子 阁楼 上海 北京", "gbk gb18030 utf-16-be"),
    "two Chinese characters": ("男 女", "gbk"),
    "Taiwanese": ("公寓 房子 閣樓 台北 高雄", "big5"),
    "Japanese": ("アパート 一軒家 ロフト 東京都", "shift_jis euc_jp cp932"),
    "Japanese characters alone": ("一軒家 東京 大阪 京都", "shift_jis"),
    "Korean": ("아파트 주택 로프트 서울", "euc_kr cp949"),
    "German": ("Größe Haus Wohnung Straße", "cp1252 latin_1 mac_roman cp850"),
    "French": ("maison château été Île", "cp1252 iso8859_15"),
    "Spanish": ("piso año cañón niño", "cp1252 mac_roman"),
    "Portuguese": ("São opções não maçã", "cp1252"),
    "Italian": ("città più però", "cp1252"),
    "Polish": ("mieszkanie dom łódź źródło", "cp1250 iso8859_2"),
    "Czech": ("byt dům Plzeň Žižkov", "cp1250"),
    "Hungarian": ("lakás ház Győr Szőlő", "cp1250"),
    "Turkish": ("daire İstanbul Şişli Çığ", "cp1254"),
    "Greek": ("διαμέρισμα σπίτι Αθήνα", "cp1253 iso8859_7"),
    "Hebrew": ("דירה בית אביב", "cp1255"),
    "Arabic": ("شقة بيت القاهرة", "cp1256"),
    "Thai": ("บ้าน คอนโด กรุงเทพ", "cp874"),
    "signs alone": ("20°C 5m² 7µm", "cp1252"),
    "quotation marks": ("don’t “yes” it–that", "cp1252"),
    "euro": ("12€ 9€ 7€", "cp1252"),
}


def table(words: str) -> str:
    rng = random.Random(1)
    rows = (
        f"{rng.randint(1, 99)},{rng.choice(words.split())},{rng.random():.3f}" for _ in range(99)
    )
    return "area,kind,price\n" + "\n".join(rows) + "\n"


@pytest.mark.parametrize(
    ("language", "encoding"), [(n, e) for n, (_, known) in WORDS.items() for e in known.split()]
)
def test_words_come_back_in_every_encoding(tmp_path, language, encoding):
    path = tmp_path / "t.csv"
    path.write_bytes(table(WORDS[language][0]).encode(encoding))
    read = read_delimited(path)
    assert set(read.frame["kind"]) == set(WORDS[language][0].split())
    assert list(read.frame.columns) == ["area", "kind", "price"]


def test_two_encodings_in_one_file_are_refused_by_name(tmp_path):
    path = tmp_path / "t.csv"
    text = table("Größe Straße Übung")
    path.write_bytes(text.encode() + text.encode("cp1252"))
    with pytest.raises(CurationReject, match=r"t\.csv mixes UTF-8 with another encoding"):
        find_encoding(path)


def test_bytes_of_no_language_are_refused_by_name(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b"a,b\n" + bytes(random.Random(0).choices(range(128, 256), k=4000)))
    with pytest.raises(CurationReject, match="unknown encoding"):
        find_encoding(path)


def test_a_few_broken_bytes_leave_utf8(tmp_path):
    path = tmp_path / "t.csv"
    words = " ".join(f"größe{n}" for n in range(60))
    path.write_bytes(table(words).encode() + b"1,br\xffoken,2\n")
    assert find_encoding(path).name == "utf-8"
