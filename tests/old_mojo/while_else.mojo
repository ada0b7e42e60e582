# Mojo 24.2 prints "3\ndone\n"

fn main():
    var i = 0
    while i < 3:
        i += 1
    else:
        print(i)
    print("done")
