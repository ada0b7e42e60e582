# Mojo 24.4 prints "8\n"

fn power_of_two[n: Int]() -> Int:
    constrained[n > 0, "n must be positive"]()
    return 1 << n

fn main():
    print(power_of_two[3]())
