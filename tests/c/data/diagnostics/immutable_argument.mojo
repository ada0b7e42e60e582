def bump(n: Int):
    n += 1

def main():
    bump(1)
