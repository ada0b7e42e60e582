# Mojo 25.5 prints "ada 36\n"

@fieldwise_init
struct Person(Copyable, Movable):
    var name: String
    var age: Int

fn main():
    var people = List[Person]()
    people.append(Person("ada", 36))
    people.append(Person("bob", 20))
    var oldest = people[0]
    for p in people:
        if p.age > oldest.age:
            oldest = p
    print(oldest.name, oldest.age)
