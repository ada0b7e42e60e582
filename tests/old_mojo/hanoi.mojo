# Mojo 25.1 prints "7\n"

fn hanoi(n: Int, a: String, b: String, c: String, mut moves: Int):
    if n == 0:
        return
    hanoi(n - 1, a, c, b, moves)
    moves += 1
    hanoi(n - 1, c, b, a, moves)

fn main():
    var moves = 0
    hanoi(3, "A", "B", "C", moves)
    print(moves)
