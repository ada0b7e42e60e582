# Mojo 25.3 prints "True\n"

fn sorted_chars(s: String) -> List[Int]:
    var xs = List[Int]()
    for i in range(len(s)):
        xs.append(ord(s[i]))
    sort(xs)
    return xs

fn main():
    var a = sorted_chars("listen")
    var b = sorted_chars("silent")
    var same = len(a) == len(b)
    for i in range(len(a)):
        if a[i] != b[i]:
            same = False
    print(same)
