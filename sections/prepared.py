"""Queries of busy pages, built and compiled once: making SQL of a large query set costs more than running it.

The database plans those with `plan_once` only once for each connection, too; see PREPARE in PostgreSQL's manual.
"""

import copy
import itertools
from datetime import datetime
from types import SimpleNamespace
from weakref import WeakKeyDictionary

from django.db import connections
from django.db.models import BooleanField, Expression, Func
from django.db.models.expressions import RawSQL
from psycopg2.extensions import AsIs


class Place:
    """Where a value goes among the parameters of the SQL."""

    def __init__(self, name):
        self.name = name


class Given(Expression):
    """A value that is given when the query is run."""

    def __init__(self, name, output_field):
        super().__init__(output_field=output_field)
        self.place = Place(name)

    def as_sql(self, compiler, connection):
        """A parameter that holds the place of the value."""
        return "%s", [self.place]


def given_ids(name):
    """Rows of ids that are given as a list, for `pk__in`."""
    return RawSQL("SELECT unnest(%s::bigint[])", [Place(name)])


class AmongIds(Func):
    """Whether a column is one of the ids that are given as a list, written so that PostgreSQL sees which they are."""

    template = "%(expressions)s::bigint[])"
    arg_joiner = " = ANY("
    output_field = BooleanField()


def given_words(name):
    """Rows of texts that are given as a list, for `name__in`."""
    return RawSQL("SELECT unnest(%s::text[])", [Place(name)])


class Prepared:
    """A query set that `build` makes with Given values: `Prepared(...)(name=value, ...)` runs it and gives a list.

    No moment may be fixed while it is built: what asks for the time takes a Given. Of prefetches it knows those of
    rows that belong to the found ones, with `to_attr`; each is one query more. `plan_once` is for rows that are found
    by their keys or along an index, where any values have the same best plan.
    """

    _numbers = itertools.count(1)

    def __init__(self, build, plan_once=False):
        self._build, self._plan_once = build, plan_once
        self._name = f"paper_{next(self._numbers)}"
        self._queryset = None
        self._planned = WeakKeyDictionary()

    def _prepare(self):
        queryset = self._build()
        lookups = queryset._prefetch_related_lookups
        self._parts = [_Part(queryset.model, lookup, self._plan_once) for lookup in lookups]
        compiler = queryset.query.get_compiler(queryset.db)
        sql, parameters = compiler.as_sql()
        if any(isinstance(value, datetime) for value in parameters):
            raise ValueError("A moment is fixed in a prepared query: give it when the query is run.")
        self._sql, self._parameters, self._compiler = sql, parameters, compiler
        self._places = list(dict.fromkeys(value.name for value in parameters if isinstance(value, Place)))
        self._queryset = queryset

    def __call__(self, **values):
        """What the query finds with these values. One query, and one for each prefetch where anything is found."""
        if self._queryset is None:
            self._prepare()
        # A connection belongs to its thread.
        connection = connections[self._queryset.db]
        compiler, query = copy.copy(self._compiler), copy.copy(self._queryset.query)
        compiler.connection = connection
        statement = self._statement(connection, values)
        compiler.as_sql = lambda *args, **kwargs: statement
        query.get_compiler = lambda *args, **kwargs: compiler
        # What an iterable asks of its query set, which would run if it was copied.
        asked = SimpleNamespace(
            db=self._queryset.db, query=query, model=self._queryset.model, _known_related_objects={}, _fields=None
        )
        found = list(self._queryset._iterable_class(asked))
        for part in self._parts if found else ():
            part.give_to(found)
        return found

    def _statement(self, connection, values):
        # What a pooler lends from transaction to transaction remembers nothing.
        if not self._plan_once or connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS"):
            return self._sql, tuple(values[p.name] if isinstance(p, Place) else p for p in self._parameters)
        connection.ensure_connection()
        if connection.connection not in self._planned:
            with connection.wrap_database_errors:
                self._plan(connection.connection)
        given = ", ".join(["%s"] * len(self._places))
        return f"EXECUTE {self._name} ({given})", tuple(values[name] for name in self._places)

    def _plan(self, session):
        numbers = {name: AsIs(f"${number}") for number, name in enumerate(self._places, 1)}
        parameters = [numbers[p.name] if isinstance(p, Place) else p for p in self._parameters]
        with session.cursor() as cursor:
            # Else the database may plan each time, which takes longer than finding the rows.
            cursor.execute("SET plan_cache_mode = force_generic_plan")
            cursor.execute(f"PREPARE {self._name} AS {self._sql}", parameters)
        self._planned[session] = True


class _Part:
    """A Prefetch of rows whose foreign key names the found ones."""

    def __init__(self, model, lookup, plan_once):
        self._key = model._meta.get_field(lookup.prefetch_through).field
        self._attribute = lookup.to_attr
        self._rows = Prepared(lambda: lookup.queryset.filter(**{f"{self._key.name}__in": given_ids("ids")}), plan_once)

    def give_to(self, owners):
        by_id = {owner.pk: owner for owner in owners}
        for owner in owners:
            setattr(owner, self._attribute, [])
        for row in self._rows(ids=list(by_id)):
            owner = by_id[getattr(row, self._key.attname)]
            setattr(row, self._key.name, owner)
            getattr(owner, self._attribute).append(row)
