"""One page about the tables, for a person to look at before a model is made of them.

Each chapter is measured (a frozen dataclass) and then told (`describe_…`); no group of fewer than
`credit.disclosure.SMALLEST_GROUP` clients is shown, and no identifier.
"""
