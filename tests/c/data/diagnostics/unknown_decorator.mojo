@jit
def main():
    print(1)
