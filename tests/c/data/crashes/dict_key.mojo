def main() raises:
    var d: Dict[String, Int] = {"a": 1}
    print(d["b"])
