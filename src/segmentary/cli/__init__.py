"""The command line: `main.py` the commands, `server.py` serving HTTP, `database.py` the schema."""
