struct P(Copyable, Movable):
    var x: Int

    def __init__(out self, x: Int):
        self.x = x

def main():
    var l = List[P]()
    sort(l)
    print(len(l))
