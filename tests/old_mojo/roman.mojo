# Mojo 25.4 prints "XIV\n"

fn roman(owned n: Int) -> String:
    var values = List[Int](10, 9, 5, 4, 1)
    var marks = List[String]("X", "IX", "V", "IV", "I")
    var out = String("")
    for i in range(len(values)):
        while n >= values[i]:
            out += marks[i]
            n -= values[i]
    return out

fn main():
    print(roman(14))
