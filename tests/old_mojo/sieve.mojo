# Mojo 24.4 prints "2 3 5 7 11 13 17 19 \n"

fn sieve(n: Int) -> List[Bool]:
    var flags = List[Bool]()
    for i in range(n + 1):
        flags.append(i >= 2)
    var i = 2
    while i * i <= n:
        if flags[i]:
            for j in range(i * i, n + 1, i):
                flags[j] = False
        i += 1
    return flags

fn main():
    var flags = sieve(20)
    for i in range(21):
        if flags[i]:
            print(i, end=" ")
    print()
