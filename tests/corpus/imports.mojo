import std.math
import std.os, std.sys as system
from std.math import sqrt, exp as exponential
from std.collections import (
    Dict,
    List as Sequence,  # renamed
)
from std.memory import *; from std.time import perf_counter


def nested() -> Float64:
    from std.math import cos

    import std.random

    return cos(0.0) + sqrt(4.0) + exponential(0.0)
