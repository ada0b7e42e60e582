var x = 3

def main():
    print(x)
