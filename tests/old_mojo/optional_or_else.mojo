# Mojo 25.4 prints "3 9\n"

fn parse(s: String) -> Optional[Int]:
    try:
        return atol(s)
    except:
        return None

fn main():
    print(parse("3").value(), parse("x").or_else(9))
