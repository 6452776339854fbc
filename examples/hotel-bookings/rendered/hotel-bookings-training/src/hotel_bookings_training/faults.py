"""What a user can mend: raised as one line that ends with the remedy, shown without a traceback."""


class Fault(Exception):
    """Something outside the code is wrong; the message says what, where and how to mend it."""
