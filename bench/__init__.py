"""Measures segmentary beside the limit of the machine: `make bench`; README.md says how to read it.

__main__.py     options and the order of things       workload.py     WORKLOADS: what is measured, against which limit
database.py     a database of our own, filled         served.py       segmentary, or a constant, behind Granian
load.py         wrk, driven by wrk.lua                limit.py        pgbench, and the bare driver as a process
driver.py       that process                          processes.py    processor time and memory, from /proc
report.py       the table and the JSON file           sql/            the statements of the limit, one file a workload
"""
