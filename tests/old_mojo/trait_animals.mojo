# Mojo 25.3 prints "Woof\nMeow\n"

trait Animal:
    fn speak(self) -> String: ...

@value
struct Dog(Animal):
    fn speak(self) -> String:
        return "Woof"

@value
struct Cat(Animal):
    fn speak(self) -> String:
        return "Meow"

fn hear[A: Animal](a: A):
    print(a.speak())

fn main():
    hear(Dog())
    hear(Cat())
