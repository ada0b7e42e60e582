print("hi")

def main():
    print(1)
