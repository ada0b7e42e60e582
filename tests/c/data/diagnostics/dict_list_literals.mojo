def main():
    var d = {"a": 1, "b": "two"}
    var l = [1, "x"]
    print(len(d), len(l))
