# Mojo 25.5 prints "[2, 3, 5, 7]\n"

fn is_prime(n: Int) -> Bool:
    if n < 2:
        return False
    for i in range(2, n):
        if n % i == 0:
            return False
    return True

fn main():
    var primes = List[Int]()
    for i in range(10):
        if is_prime(i):
            primes.append(i)
    print(primes.__str__())
