def pick(s: Span[Float64, _], i: Int) -> Float64:
    return s[i]

def main():
    var l: List[Float64] = [1.0, 2.0]
    print(pick(Span(l), len(l) + 1))
