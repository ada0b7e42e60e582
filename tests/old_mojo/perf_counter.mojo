# Mojo 24.6 prints "True\n"

from time import perf_counter

fn main():
    start = perf_counter()
    end = perf_counter()
    print(end >= start)
