# Mojo 24.2 prints "1\n2\nFizz\n4\nBuzz\n"

fn main():
    for i in range(1, 6):
        if i % 15 == 0:
            print("FizzBuzz")
        elif i % 3 == 0:
            print("Fizz")
        elif i % 5 == 0:
            print("Buzz")
        else:
            print(i)
