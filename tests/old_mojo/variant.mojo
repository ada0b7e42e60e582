# Mojo 24.5 prints "3\ntext\n"

from utils import Variant

fn show(v: Variant[Int, String]):
    if v.isa[Int]():
        print(v[Int])
    else:
        print(v[String])

fn main():
    show(Variant[Int, String](3))
    show(Variant[Int, String](String("text")))
