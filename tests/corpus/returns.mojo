def pair() -> Tuple[Int, String]:
    return (1, "a")


def listed() -> List[Float64]:
    return [1.0, 2.0]


def mapped() -> Dict[String, List[Int]]:
    return {"a": [1, 2]}


def maybe(x: Int) -> Optional[Int]:
    if x > 0:
        return x
    return None


def none() -> None:
    pass


def text() -> String:
    return "->"


def reference[origin: Origin](ref[origin] x: List[Int]) -> ref[x[0]] Int:
    return x[0]
