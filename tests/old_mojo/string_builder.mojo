# Mojo 25.3 prints "0,1,2,\n"

fn main():
    var s = String()
    for i in range(3):
        s += String(i) + ","
    print(s)
