"""What people write about themselves: names, Korean telephone numbers, Korean addresses. Cleaned, or refused in words.

Every function takes what was typed and returns what is kept; ValidationError has a sentence that says what to do.
"""

import re
import unicodedata

from django.core.exceptions import ValidationError

# Scripts that Koreans and their guests write names and addresses in; letters of others may look like these.
SCRIPTS = ("LATIN", "HANGUL", "CJK")
KOREA = 82
# Lines on which a person is called back, and nobody pays for it more than for a call; names of PhoneNumberType.
LINES = ("MOBILE", "FIXED_LINE", "FIXED_LINE_OR_MOBILE", "VOIP", "UAN", "TOLL_FREE", "PERSONAL_NUMBER")
# The first two digits of postcodes by province (Korea Post, in force since August 2015), and how each is written.
PROVINCES = (
    (range(1, 10), "Seoul", ("서울", "seoul")),
    (range(10, 21), "Gyeonggi", ("경기", "gyeonggi")),
    (range(21, 24), "Incheon", ("인천", "incheon")),
    (range(24, 27), "Gangwon", ("강원", "gangwon")),
    (range(27, 30), "North Chungcheong", ("충북", "충청북", "chungcheongbuk", "chungbuk")),
    (range(30, 31), "Sejong", ("세종", "sejong")),
    (range(31, 34), "South Chungcheong", ("충남", "충청남", "chungcheongnam", "chungnam")),
    (range(34, 36), "Daejeon", ("대전", "daejeon")),
    (range(36, 41), "North Gyeongsang", ("경북", "경상북", "gyeongsangbuk", "gyeongbuk")),
    (range(41, 44), "Daegu", ("대구", "daegu")),
    (range(44, 46), "Ulsan", ("울산", "ulsan")),
    (range(46, 50), "Busan", ("부산", "busan")),
    (range(50, 54), "South Gyeongsang", ("경남", "경상남", "gyeongsangnam", "gyeongnam")),
    (range(54, 57), "North Jeolla", ("전북", "전라북", "jeollabuk", "jeonbuk")),
    (range(57, 61), "South Jeolla", ("전남", "전라남", "jeollanam", "jeonnam")),
    (range(61, 63), "Gwangju", ("광주", "gwangju")),
    (range(63, 64), "Jeju", ("제주", "jeju")),
)


def clean_line(text):
    """The text in composed letters, on one line, with single blanks."""
    return _plain(re.sub(r"[ \u00a0\u3000]+", " ", text or "").strip(), "Write it in one line.")


def clean_lines(text):
    """The text in composed letters with plain line breaks."""
    lines = (text or "").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(_plain(line.rstrip().replace("\t", " "), "Write it without control characters.") for line in lines)


def _plain(text, said):
    text = unicodedata.normalize("NFC", text)
    # Control characters begin lines of a mail's head; format characters are not seen, or turn words round.
    if any(unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for letter in text):
        raise ValidationError(said)
    if re.search(r"[<>]", text):
        raise ValidationError("Write it without the signs < and >.")
    for letter in text:
        if letter.isalpha() and not unicodedata.name(letter, "").startswith((*SCRIPTS, "MODIFIER", "FULLWIDTH")):
            raise ValidationError(f"Write it in Hangul, Hanja or Latin letters: “{letter}” is none of them.")
    return text


def clean_name(text):
    """The name of a person or a house: letters, and the signs that stand in names."""
    name = clean_line(text)
    if not any(letter.isalpha() for letter in name) or re.search(r"[@/\\{}|^~]|https?:", name):
        raise ValidationError("Write the name with letters: it cannot have signs like @ and /.")
    return name


def clean_telephone(text):
    """A Korean number in E.164: +821012345678. Mobile, area code, 070, 1588 and the like, also written with +82."""
    import phonenumbers  # 2 MB, which a web worker without an order does without

    typed = unicodedata.normalize("NFKC", text or "").strip()
    typed = re.sub(r"[\u2010-\u2015\u2212]", "-", typed)
    sentence = "Write a Korean telephone number: 010-1234-5678, 02-312-3456, 1588-1234 or +82 10 1234 5678."
    if not re.fullmatch(r"[+0-9 ().-]{7,24}", typed):
        raise ValidationError(sentence)
    try:
        number = phonenumbers.parse(typed, "KR")
    except phonenumbers.NumberParseException:
        raise ValidationError(sentence) from None
    if number.country_code != KOREA:
        raise ValidationError("Write a number in Korea, where the paper is delivered and the desk calls back.")
    lines = {getattr(phonenumbers.PhoneNumberType, name) for name in LINES}
    if not phonenumbers.is_valid_number(number) or phonenumbers.number_type(number) not in lines:
        raise ValidationError(sentence)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def telephone_words(number):
    """A kept number as Koreans write it: 010-1234-5678."""
    if not number:
        return ""
    import phonenumbers

    try:
        return phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.NATIONAL)
    except phonenumbers.NumberParseException:
        return number


def clean_postcode(text):
    """The five digits of a postcode that a province has."""
    code = unicodedata.normalize("NFKC", text or "").strip()
    if not re.fullmatch(r"[0-9]{5}", code, re.ASCII):
        raise ValidationError("Write the postcode with its five digits, like 03925.")
    if province_of(code) is None:
        raise ValidationError(f"There is no postcode {code}: look at it again, they run from 01 to 63.")
    return code


def province_of(postcode):
    """The name of the province of a postcode; None without one."""
    first = int(postcode[:2])
    return next((name for codes, name, _ in PROVINCES if first in codes), None)


def clean_road_address(text):
    """A road address with its number: “21 Naru-ro, Mapo-gu, Seoul” or “서울 마포구 나루로 21”."""
    address = clean_line(text)
    letters = sum(letter.isalpha() for letter in address)
    if letters < 3 or not re.search(r"[0-9]", address) or re.search(r"[@\\{}|^~]|https?:", address):
        raise ValidationError("Write street, number, district and city, like 21 Naru-ro, Mapo-gu, Seoul.")
    return address


def check_place(postcode, address):
    """Refuses an address that names another province than its postcode has."""
    named, coded = _named(address), province_of(postcode)
    # Gyeonggi has a city of the same name as the metropolis in the south-west.
    if named and named != coded and (named, coded) != ("Gwangju", "Gyeonggi"):
        raise ValidationError(
            f"The postcode {postcode} is in {coded}, and the address says {named}: look at both again."
        )


def _named(address):
    """The province that begins an address in Hangul or ends one in Latin letters; None where neither is told."""
    is_korean = re.match(r"[가-힣]", address)
    word = address.split()[0] if is_korean else address.rpartition(",")[2].strip().lower()
    if re.search(r"(\s|ro|gil|로|길)$|\s", word):
        return None
    return next((name for _, name, spellings in PROVINCES if word.startswith(spellings)), None)
