"""Supplements: rows and items that no source has, entered by one person, approved by another, and laid over the standard
layer for as long as they are in force. They stay apart from source data: their own table, their own origin."""
