"""Writing rulesets for people who do not program: changes of a draft's texts that touch nothing else, and conditions as rows."""
