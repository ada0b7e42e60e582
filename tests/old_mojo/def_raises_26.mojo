# Mojo 25.7 prints "7\n"

def seven() -> Int:
    return Int("7")

def main():
    print(seven())
