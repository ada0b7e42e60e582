def name() -> String:
    return 3

def main():
    print(name())
