"""Submission: what the lender owes the credit centre, from the source systems to the centre's word."""
