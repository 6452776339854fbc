"""The root of all errors that a user can mend."""


class NinefoldError(Exception):
    """Something that the user can mend: each line of the message says what, where and the remedy.

    The command line prints it without a traceback and ends with status 2.
    """
