"""Rulesets: what compliance staff write is read here, and judged by two evaluators that must agree.

`explain` judges one fact and shows why; `sweep` makes the SQL that judges every record of a day at once.
"""
