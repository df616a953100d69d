"""People and what they may do: accounts, roles, sessions, sign-in, masking of personal data. Denied by default."""
