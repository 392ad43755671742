"""JSON <-> records; the only place that knows JSON.

decode.py  bytes -> draft        encode.py  row or record -> JSON
query.py   query string -> list  fault.py   error <-> {"NeutronError": ...}
"""
