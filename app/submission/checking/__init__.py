"""Proving that the reporting is right: the two-end check, the volume check, the pre-check held against the centre's answers."""
