"""Shadows: a candidate runs beside the edition in force on real days, and never touches what becomes of them.

Once the records of a day have been judged, a background task of its own compares both editions on that day. It may fail:
then the shadow's page says so, and the batch knows nothing of it.
"""
