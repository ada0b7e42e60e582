# Mojo 25.5 prints "hello Ada\n"

trait Greeter:
    fn name(self) -> String: ...

    fn greet(self) -> String:
        return "hello " + self.name()

@fieldwise_init
struct Ada(Greeter):
    fn name(self) -> String:
        return "Ada"

fn main():
    print(Ada().greet())
