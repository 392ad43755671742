"""The language in which rules and records are declared; it knows nothing about networks.

expression.py  frozen trees that are always true or false      evaluate.py  their meaning in Python
rule.py        what a rule is                                  attribute.py what a record is

A rule is written once and interpreted three times: here on the request (`evaluate`), as a database constraint
(`segmentary.db.render`), and over stored rows.
"""
