def main() raises:
    raise Error("no such thing")
