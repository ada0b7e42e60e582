def main():
    print(fibonaci(10))
