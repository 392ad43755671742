"""Programs for developers; no part of the package.

generate.py   writes or checks what follows from declarations: docs/reference, the SQL of the first schema revision
reference.py, rules_page.py, markdown.py    the pages of docs/reference
"""
