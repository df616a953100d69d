"""Processes: analysts draw them, this room runs them. The only room that imports SpiffWorkflow."""
