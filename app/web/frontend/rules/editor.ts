// The editor of rules.
