"""Rulesets as people read them: every kind in one form, found by words, compared rule by rule, with their cases as they come out."""
