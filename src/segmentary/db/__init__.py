"""The only place that knows SQL: tables made from the catalog, statements made once, transactions that are retried.

engine.py       connections                       statement.py    a statement, compiled once per dialect
dialects.py     where the databases differ        tables.py       catalog -> tables with their constraints
types.py        stored types                      render.py       rule expression -> SQL
session.py      a connection as it is used        violation.py    driver error -> rule
transaction.py  run, read; the one retry loop     outbox.py       event rows
records.py      read and write any record         listing.py      lists of any resource
migrate.py      schema revisions
"""
