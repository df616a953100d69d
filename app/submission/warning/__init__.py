"""Early warning: rules over the facts of a reporting day, judged after each stage and by the clock; warnings are rows."""
