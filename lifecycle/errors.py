"""Mistakes that a user can mend."""


class UserError(Exception):
    """What is wrong, where, and what to do, in one or two sentences. Shown without a traceback."""
