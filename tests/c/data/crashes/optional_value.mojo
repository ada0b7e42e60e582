def main():
    var o: Optional[Int] = None
    print(o.value())
