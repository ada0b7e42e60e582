# Mojo 24.2 prints "0 2 \n"

fn main():
    for i in range(10):
        if i == 1:
            continue
        if i > 2:
            break
        print(i, end=" ")
    print()
