trait Shape:
    def area(self) -> Float64:
        ...

@fieldwise_init
struct Sq(Shape):
    var s: Float64

def main():
    print(Sq(2).s)
