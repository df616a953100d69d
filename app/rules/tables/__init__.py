"""Decision tables: a second way to write a ruleset, as rows of cells under typed columns.

`model` is the loaded table, `cells` the notation of a cell, `reading` makes a table of YAML, `analysis` finds what it leaves
open or decides twice. Three evaluators agree on every fact: `deciding` explains one, `sweep` judges a relation by one CASE,
`checks` turns rows with a severity into rules of the language.
"""
