# Mojo 25.4 prints "Hello Ada\n"

fn main():
    var name = "Ada"
    print(f"Hello {name}")
