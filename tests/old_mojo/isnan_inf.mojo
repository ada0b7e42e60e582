# Mojo 24.3 prints "True False\n"

from math import isnan
from utils.numerics import inf, nan

fn main():
    print(isnan(nan[DType.float64]()), isnan(inf[DType.float64]()))
