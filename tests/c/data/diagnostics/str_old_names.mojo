from memory import UnsafePointer

def main():
    var p = UnsafePointer[Int].alloc(3)
    print(str(3), int("4"), len(range(3)))
    p.free()
