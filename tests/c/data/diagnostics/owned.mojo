def take(owned s: String) -> String:
    return s^

def main():
    print(take("x"))
