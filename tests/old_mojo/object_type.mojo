# Mojo 24.4 prints "12\n"

def main():
    var xs = object([])
    xs.append(5)
    xs.append(7)
    print(xs[0] + xs[1])
