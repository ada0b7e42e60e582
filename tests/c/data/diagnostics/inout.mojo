def bump(inout n: Int):
    n += 1

def main():
    var n = 1
    bump(n)
    print(n)
