struct C:
    var n: Int

    def __init__(inout self):
        self.n = 0

def main():
    print(C().n)
