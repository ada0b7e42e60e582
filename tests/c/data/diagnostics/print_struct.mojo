@fieldwise_init
struct P:
    var x: Int

def main():
    print(P(1))
