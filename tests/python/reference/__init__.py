"""An independent reading of the lifecycle and segment rules, in plain Python.

It shares nothing with the SQL: tests build the same random company with both and
compare them row by row.
"""
