# Mojo 24.5 prints "apple 3\npear 5\n"

from collections import Dict

fn main() raises:
    var stock = Dict[String, Int]()
    stock["apple"] = 3
    stock["pear"] = 5
    for key in stock.keys():
        print(key[], stock[key[]])
