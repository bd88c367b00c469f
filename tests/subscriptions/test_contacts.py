"""What people write about themselves: what is taken, how it is kept and shown, and what is refused in words."""

import pytest
from django.core.exceptions import ValidationError

from subscriptions import contacts


@pytest.mark.parametrize(
    ("typed", "kept", "shown"),
    [
        ("010-1234-5678", "+821012345678", "010-1234-5678"),
        ("01012345678", "+821012345678", "010-1234-5678"),
        ("+82 10 1234 5678", "+821012345678", "010-1234-5678"),
        ("+82 (0)10-1234-5678", "+821012345678", "010-1234-5678"),
        ("010–1234–5678", "+821012345678", "010-1234-5678"),
        ("０１０－１２３４－５６７８", "+821012345678", "010-1234-5678"),
        ("011-123-4567", "+82111234567", "011-123-4567"),
        ("016.123.4567", "+82161234567", "016-123-4567"),
        ("02-312-3456", "+8223123456", "02-312-3456"),
        ("(02) 2123-4567", "+82221234567", "02-2123-4567"),
        ("031 123 4567", "+82311234567", "031-123-4567"),
        ("064-712-3456", "+82647123456", "064-712-3456"),
        ("070-1234-5678", "+827012345678", "070-1234-5678"),
        ("1588-1234", "+8215881234", "1588-1234"),
        ("080-123-4567", "+82801234567", "080-123-4567"),
    ],
)
def test_it_keeps_korean_numbers_in_one_form(typed, kept, shown):
    assert contacts.clean_telephone(typed) == kept
    assert contacts.telephone_words(kept) == shown


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "",
            "112",
            "010-123",
            "010-1234-56789",
            "060-700-1234",
            "+1 202 555 0147",
            "1588-FREE",
            "010-1234-5678 ext 3",
        ),
        *("010-1234-5678\r\nBcc: x@example.com", "०१०-१२३४-५६७८", "tel:010-1234-5678", "<b>010-1234-5678</b>", "\0"),
        "9" * 25,
    ],
)
def test_it_refuses_what_is_no_korean_number(typed):
    with pytest.raises(ValidationError):
        contacts.clean_telephone(typed)


@pytest.mark.parametrize("code", ["01000", "03925", "25627", "63644", "０３９２５", " 06236 "])
def test_it_takes_postcodes_of_every_province(code):
    assert contacts.clean_postcode(code).isascii()


@pytest.mark.parametrize(
    "code", ["", "0392", "039255", "00123", "64000", "99999", "abcde", "121-87", "1218７x", "03925\n1"]
)
def test_it_refuses_postcodes_that_do_not_exist(code):
    with pytest.raises(ValidationError):
        contacts.clean_postcode(code)


@pytest.mark.parametrize(
    "address",
    [
        *(
            "21 Naru-ro, Mapo-gu, Seoul",
            "서울특별시 마포구 나루로 21",
            "제주특별자치도 제주시 연북로 7",
            "경기도 성남시 분당구 판교역로 166",
        ),
        "1 Île-ro, Jung-gu, Busan",
    ],
)
def test_it_takes_road_addresses_in_hangul_and_latin_letters(address):
    assert contacts.clean_road_address(f" {address} ") == address


def test_it_composes_hangul_as_macs_send_it():
    assert contacts.clean_name("\u1112\u1161\u11ab") == "한"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "Seoul",
        "21",
        "12 34",
        "21 Naru-ro\nBcc: x",
        "21 <b>Naru-ro</b>",
        "21 Nаru-ro",
        "21 Naru\u202e-ro",
        "21 Naru-ro\0",
    ],
)
def test_it_refuses_what_is_no_road_address(address):
    with pytest.raises(ValidationError):
        contacts.clean_road_address(address)


@pytest.mark.parametrize(
    ("code", "address"),
    [
        ("46241", "21 Naru-ro, Mapo-gu, Seoul"),
        ("46241", "서울 마포구 나루로 21"),
        ("03925", "11 Beomeosa-ro, Geumjeong-gu, Busan"),
        ("03925", "강원특별자치도 강릉시 해변길 3"),
    ],
)
def test_it_says_where_postcode_and_address_differ(code, address):
    with pytest.raises(ValidationError, match="look at both again"):
        contacts.check_place(code, address)


@pytest.mark.parametrize(
    ("code", "address"),
    [
        ("03925", "21 Naru-ro, Mapo-gu, Seoul"),
        ("03925", "서울 마포구 나루로 21"),
        ("12777", "광주시 오포로 3"),
        ("12777", "3 Opo-ro, Gwangju-si"),
        ("06236", "Busan-daero 7"),
        ("04524", "세종대로 110"),
        ("25627", "3 Haebyeon-gil, Gangneung-si, Gangwon-do"),
    ],
)
def test_it_takes_what_fits_or_cannot_be_told(code, address):
    contacts.check_place(code, address)


@pytest.mark.parametrize("name", ["Yoo Bo-mi", "남궁 솔", "金素月", "O’Brien, Siân", "Lee Jae-ho, Ph.D."])
def test_it_takes_names_as_people_have_them(name):
    assert contacts.clean_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *(
            "Bo\r\nBcc: x@example.com",
            "Bo\0",
            "<script>",
            "Bo <b>mi",
            "https://example.com",
            "a@b",
            "123",
            "Yоо",
            "B\u200bo",
        ),
        *("Bo\u2028mi", "\u202eimoB", "{{ name }}"),
    ],
)
def test_it_refuses_names_that_are_something_else(name):
    with pytest.raises(ValidationError):
        contacts.clean_name(name)
