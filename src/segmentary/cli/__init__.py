"""The command line: `main.py` the commands, `server.py` serving HTTP, `database.py` the schema.

`connections.py` hangs up on clients that keep the server waiting.
"""
