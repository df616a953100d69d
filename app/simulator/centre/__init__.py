"""A pretend credit centre, run as a process of its own.

It exists so that a lender's whole reporting day can be lived through without the real centre: files come in over
SFTP, are opened, judged and kept, and feedback goes out. It judges by code of its own from the interface catalogue
and shares nothing with the platform's rulesets, so that an agreement between the two is evidence and not an echo.
"""
