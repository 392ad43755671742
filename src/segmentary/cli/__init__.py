"""The command line: `main.py` the commands, `server.py` serving HTTP, `database.py` the schema.

`resource.py` makes the commands of each resource from its declaration: `option.py` attributes as options, `target.py`
the service or database they work on, `output.py` tables, JSON, YAML and CSV. `host.py` reports hosts.
`connections.py` hangs up on clients that keep the server waiting.
"""
