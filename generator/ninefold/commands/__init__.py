"""The commands of `ninefold`, one module each: `add_arguments(parser)` and `run(arguments)`.

A module is imported only when its command is called, so that `ninefold --help` stays fast.
"""
