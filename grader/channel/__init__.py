"""A re-entrant call channel between the judge and a submission: either side may call the other while it waits.

Plain data travels by value, everything else as a reference owned by the side that made it. `frames` is the wire,
`values` says what travels how, `peer` is what both ends share, `trusted` and `student` are the two ends; `exposure` says what
the student may do with our objects, `remote` what we may do with theirs.
"""
