from std.os import abort

def main():
    print("x", end="")
    abort("gave up: really")
