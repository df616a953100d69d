"""Operations on what the centre has taken: identifier change, deletion, deletion and correction by segment.

They are records like any other: derived or asked for, pre-checked, sent in files, answered. What sets them apart is that they
change the accepted state instead of adding to it, and that while one is on its way nothing else of its key is sent. All here is
written over the catalogue: a record type that the daily batch derives brings its operations with it.
"""
