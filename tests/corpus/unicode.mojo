# ünïcödé 日本語 🔥


def greek() -> String:
    """Grüße, κόσμε 🔥."""
    return "αβγ 🔥 «def f():»"


def `naïve name`(`größe`: Int) -> Int:
    return `größe`


def `def`() -> Int:
    return `naïve name`(3)


def after() -> String:
    return String(t"é{"ü"}")
