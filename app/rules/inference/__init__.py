"""Rules that chain: policies over facts that refer to each other, and watches over streams of events.

The matching is done by durable_rules in a process of its own (`host`), which sees numbers and nothing else; conditions,
values and reasons are the business of our interpreter. `reference` is the same by the interpreter alone.
"""
