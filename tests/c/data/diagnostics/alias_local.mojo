def main():
    alias n = 4
    print(n)
