"""The module's own documentation.

def not_a_function(): pass
"""

pass
...


def only() -> Int:
    """Only."""
    return 1
