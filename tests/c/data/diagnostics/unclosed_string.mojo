def main():
    print("hello)
