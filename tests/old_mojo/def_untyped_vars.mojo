# Mojo 24.3 prints "6\n"

def main():
    total = 0
    for i in range(4):
        total += i
    print(total)
