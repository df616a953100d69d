"""The stages of a batch, in order: collect, standardise, derive, judge, hold, build, send, receive.

A stage is cut into parts (a source, a record type's bucket, a file). A part leaves its result in one lake transaction that
replaces what an earlier try left, and then a mark in the database; after a crash only parts without a mark are done again.
"""
