# Mojo 25.2 prints "3 pear\n"

fn main():
    var names = List[String]("apple", "pear", "fig")
    print(len(names), names[1])
