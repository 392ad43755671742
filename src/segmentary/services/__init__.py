"""Use cases: a module for each noun, a function for each verb.

Each takes a transaction, the actor and what is asked, and runs inside one transaction; `segmentary.app` calls them.
What they change, they record as events of the same transaction.
"""
