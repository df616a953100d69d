"""The corrections loop: from a finding or a feedback error to the record that the centre has accepted.

A held record has a cause, a suggested way to mend it, an owner, two limits, a history. Nobody closes it by hand: it is closed
when the centre has taken the corrected record or the operation that mends it, or when the source no longer has what it is about.
"""
