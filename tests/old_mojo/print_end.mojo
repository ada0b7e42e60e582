# Mojo 24.3 prints "0 1 2 \nend\n"

fn main():
    for i in range(3):
        print(i, end=" ")
    print()
    print("end")
