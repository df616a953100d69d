"""What the pages of submission show, read in few queries from the lake and the operational database.

Nothing here writes, and nothing here knows of Flask: a read model is a frozen dataclass that a page, a CSV or a program
may ask for. Only the rows of one page are ever fetched.
"""
