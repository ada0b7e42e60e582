import math
class A:
    def __init__(self):
        self.x = 1

def main():
    lambda x: x
    a, b = 1, 2
    print(f"{a}", None is None, not True)
