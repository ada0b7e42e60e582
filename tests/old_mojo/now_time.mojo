# Mojo 24.4 prints "True\n"

from time import now

fn main():
    var t0 = now()
    var s = 0
    for i in range(1000):
        s += i
    var t1 = now()
    print(t1 >= t0 and s == 499500)
