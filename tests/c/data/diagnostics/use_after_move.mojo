def eat(var s: String):
    print(s)

def main():
    var s = String("x")
    eat(s^)
    print(s)
