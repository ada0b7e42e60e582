# Mojo 25.2 prints "True\n"

import benchmark

fn work():
    var s = 0
    for i in range(100):
        s += i
    benchmark.keep(s)

fn main() raises:
    var report = benchmark.run[work](max_iters=10)
    print(report.mean() >= 0)
