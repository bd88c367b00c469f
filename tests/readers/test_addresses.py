"""One person's address: the same rule in Python and in the database, for accounts and for letters."""

from importlib import import_module

import pytest
from django.apps import apps
from django.core.management import CommandError
from django.db import IntegrityError, connection, transaction
from django.db.models import Value
from hypothesis import example, given
from hypothesis import strategies as st

from newsletters.addresses import clean_address
from readers.accounts import account_of
from readers.addresses import AddressKey, key_of
from readers.models import User

pytestmark = pytest.mark.django_db

PART = st.text("abXY.+@\n\\%_ßÀÖİıåΣ'\"1", max_size=12)
DOMAIN = st.sampled_from(["gmail.com", "GoogleMail.com", "xgmail.com", "gmail.com.kr", "example.org", "gmail.com\n"])
ANY = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"))


def key_in_database(address):
    return User.objects.values_list(AddressKey(Value(address)), flat=True).get()


@given(st.one_of(ANY, PART, st.builds("{}@{}".format, PART, st.one_of(DOMAIN, PART))))
@example("a.b+c@x@GoogleMail.com")
@example("+c@gmail.com")
def test_python_and_the_database_agree(address):
    with transaction.atomic():
        User.objects.create(username="one")
        assert key_in_database(address) == key_of(address)
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("Yuna@Example.org", "yuna@example.org"),
        ("yuna+news+x@example.org", "yuna@example.org"),
        ("yu.na@example.org", "yu.na@example.org"),
        ("Y.u.n.a+x@GoogleMail.com", "yuna@gmail.com"),
        ("+x@example.org", "+x@example.org"),
        ("yuna", "yuna"),
        ("", ""),
    ],
)
def test_what_makes_no_other_person(address, key):
    assert key_of(address) == key


def test_accounts_and_letters_have_the_same_rule():
    for address in ("Yu.Na+x@googlemail.com", "Yu.Na+x@example.org"):
        assert clean_address(address)[1] == key_of(address)


def test_a_person_has_one_account():
    user = User.objects.create(username="one", email="yu.na@gmail.com")
    assert account_of("Yuna+x@googlemail.com") == user
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(username="two", email="yuna@gmail.com")


def test_the_rule_is_kept_by_an_index():
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        plan = User.objects.filter(is_staff=False).exclude(email="").alias(key=AddressKey("email"))
        assert "reader_email_once" in plan.filter(key=key_of("yuna@gmail.com")).explain()


def test_two_accounts_of_one_person_stop_the_migration_with_a_sentence():
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX reader_email_once")
    for name, email in (("one", "yu.na@gmail.com"), ("two", "yuna@gmail.com"), ("three", "other@gmail.com")):
        User.objects.create(username=name, email=email)
    check = import_module("readers.migrations.0010_address_of_one_person").find_persons_with_two_accounts
    with pytest.raises(CommandError, match=r"mailbox: y\S+ and y\S+\. Delete one") as refused:
        check(apps, None)
    assert "other@" not in str(refused.value)
    User.objects.filter(username="two").delete()
    check(apps, None)
