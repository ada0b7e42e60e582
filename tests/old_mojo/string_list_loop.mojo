# Mojo 25.3 prints "ADA\nBOB\n"

fn main():
    var names = List[String]("ada", "bob")
    for name in names:
        print(name[].upper())
