"""What a person can mend, in one line."""


class Fault(Exception):
    """The bed cannot do what was asked; the text says why and what helps."""


class Unable(Fault):
    """This machine cannot run the bed at the depth that was asked for."""
