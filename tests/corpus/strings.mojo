def plain() -> String:
    return "def fake(): # not a comment"


def single() -> String:
    return 'it is "quoted" \' # no comment'


def triple() -> String:
    return """
def inside(x: Int):
    pass
# not a comment
"""


def triple_single() -> String:
    return '''one ' two '' three
    """ four
'''


def raw() -> String:
    return r"\n\d" + r'\"' + r"""back\slash"""


def joined() -> String:
    return "one" "two" 'three'


def escaped() -> String:
    return "quote \" backslash \\"


def continued() -> String:
    return "one \
two"


def after_all() -> Int:
    return 1
