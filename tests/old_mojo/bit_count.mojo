# Mojo 24.5 prints "3 8\n"

from bit import pop_count, bit_width

fn main():
    print(pop_count(7), bit_width(255))
