def main():
    print((1, 2)

def g():
    pass
