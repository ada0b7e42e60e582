# Mojo 25.2 prints "60\n"

@value
struct Item:
    var name: String
    var price: Int

fn main():
    var items = List[Item]()
    items.append(Item("a", 10))
    items.append(Item("b", 50))
    var total = 0
    for it in items:
        total += it[].price
    print(total)
