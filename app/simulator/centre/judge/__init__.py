"""The centre's judgement of records: official checks as plain functions over a record fact, the catalogue and what
is stored."""
