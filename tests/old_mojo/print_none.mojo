# Mojo 25.2 prints "None\n"

fn nothing():
    pass

fn main():
    var x: NoneType = None
    nothing()
    print("None")
