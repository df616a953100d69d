"""Exemptions: one subject, one account or one branch is let off one rule of one ruleset until a day.

Asked for by one compliance officer and granted by a second. What applied to a day is kept as it was, sealed and known by a
keyed digest, so that the day can be judged again when exemptions have long ended.
"""
